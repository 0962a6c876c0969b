import Billing
import Jobs
import Ledger
import Postgres
import Revenue
import Subscriptions
import TestSupport
import Values

/// A real book in which everything happens: usage, tax, bought credit, payments with fees, a refund, a dispute, a credit
/// note, an invoice that is taken back.
struct BooksFixture {
    let world: PaymentFixture
    let database: Database

    /// Nothing in the book happens, or is recorded, later.
    static let asOf = BillingFixture.day(2026, 7, 20)

    init(_ database: Database) async throws {
        try await database.transaction(as: .admin) { transaction in
            _ = try await TaxOperations.put(
                try TaxDraft(code: "vat", rate: Exact(1, 5), country: nil),
                by: BillingFixture.stamp(BillingFixture.start),
                in: transaction
            )
        }
        world = try await PaymentFixture(database)
        self.database = database
        try await world.book.use(1_500_000, BillingFixture.day(2026, 1, 9))
        try await database.transaction(as: .admin) { transaction in
            _ = try await CreditOperations.grant(
                CreditGrantDraft(amount: Money(minor: 1_000, currency: .usd), kind: .prepaid),
                to: world.tenant,
                by: BillingFixture.stamp(BillingFixture.day(2026, 1, 20)),
                in: transaction
            )
        }
        try await world.book.run(until: BillingFixture.day(2026, 7, 5))
        let invoices = try await world.book.invoices()
        try await world.addCard()
        try await world.collect(ScriptedGateway(), at: BillingFixture.day(2026, 1, 6))
        let payment = try await world.receive(
            "50.00",
            "bank 1",
            for: [invoices[1].id],
            fee: "0.75",
            at: BillingFixture.day(2026, 3, 2)
        )
        try await takeBack(payment, of: invoices)
        try await share()
    }

    /// A partner who brought the customer, with its share in all that came in and went back.
    private func share() async throws {
        try await database.transaction(as: .admin) { transaction in
            let stamp = BillingFixture.stamp(BillingFixture.start)
            _ = try await PartnerOperations.create(
                PartnerDraft(code: "north", share: PartnerShare(rate: Exact(1, 5))),
                by: stamp,
                in: transaction
            )
            try await PartnerOperations.attribute(
                world.tenant,
                to: "north",
                from: BillingFixture.start,
                by: stamp,
                in: transaction
            )
        }
        try await PartnerAccrualRun.run(
            database: database,
            by: PaymentFixture.stamp(BillingFixture.day(2026, 6, 10))
        )
    }

    private func takeBack(_ payment: Payment, of invoices: [Invoice]) async throws {
        try await world.act { transaction in
            _ = try await PaymentOperations.refund(
                payment.id,
                amount: PaymentFixture.dollars("3.00"),
                reason: "too much",
                key: nil,
                of: world.tenant,
                by: PaymentFixture.stamp(BillingFixture.day(2026, 4, 10)),
                in: transaction
            )
            _ = try await CreditNoteOperations.issue(
                CreditNoteDraft(.amount(Money(minor: 1_000, currency: .usd)), reason: "a mistake", to: .balance),
                of: invoices[2].id,
                tenant: world.tenant,
                by: PaymentFixture.stamp(BillingFixture.day(2026, 4, 20)),
                in: transaction
            )
            _ = try await InvoiceOperations.void(
                invoices[3].id,
                of: world.tenant,
                by: PaymentFixture.stamp(BillingFixture.day(2026, 5, 12)),
                in: transaction
            )
            _ = try await PaymentOperations.dispute(
                "dp_1",
                of: payment.id,
                tenant: world.tenant,
                state: .open,
                amount: PaymentFixture.dollars("5.00"),
                fee: PaymentFixture.dollars("15.00"),
                reason: "fraudulent",
                by: PaymentFixture.stamp(BillingFixture.day(2026, 5, 20)),
                in: transaction
            )
        }
    }

    /// Does something in finance's snapshot.
    func read<Value>(_ body: (borrowing Transaction) async throws -> Value) async throws -> Value {
        try await database.transaction(as: .finance, isolation: .snapshot, body)
    }

    func request(
        _ name: ReportName,
        asOf: Instant = BooksFixture.asOf,
        to: String = "2026-07",
        explain: String? = nil
    ) throws -> ReportRequest {
        ReportRequest(
            name,
            from: try RevenueFixture.month("2026-01"),
            to: try RevenueFixture.month(to),
            asOf: asOf,
            explain: explain
        )
    }

    func page(
        _ name: ReportName,
        asOf: Instant = BooksFixture.asOf,
        explain: String? = nil
    ) async throws -> ReportPage {
        let request = try request(name, asOf: asOf, explain: explain)
        return try await read { transaction in try await RevenueReports.page(request, in: transaction) }
    }

    func monthly(_ name: ReportName, asOf: Instant = BooksFixture.asOf) async throws -> MonthlyReport {
        let request = try request(name, asOf: asOf)
        return try await read { transaction in try await RevenueReports.monthly(request, in: transaction) }
    }

    /// What stands on an account, debits less credits, in minor units.
    func balance(
        _ account: Account,
        at: Instant = BooksFixture.asOf,
        recordedAt: Instant = BooksFixture.asOf
    ) async throws -> Int64 {
        let balances = try await read { transaction in
            try await LedgerQueries.trialBalance(
                asOf: LedgerAsOf(at: at, recordedAt: recordedAt),
                withTests: false,
                in: transaction
            )
        }
        return balances.first { $0.account == account }?.balance.minor ?? 0
    }
}

extension MonthlyReport {
    /// All months of a column together, in minor units.
    func sum(_ column: String) -> Int64 { rows.reduce(0) { $0 + $1[column].minor } }
}
