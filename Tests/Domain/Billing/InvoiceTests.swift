import Billing
import Jobs
import Ledger
import Plans
import Postgres
import TestSupport
import Testing
import Values

@Suite struct InvoiceTests {
    private let later = BillingFixture.stamp(testNow.adding(seconds: 60))

    /// A tenant whose first invoice, of 35.00, is open.
    private func open(_ database: Database) async throws -> (book: BillingFixture, invoice: Invoice) {
        let book = try await BillingFixture(database)
        try await book.run(until: BillingFixture.start)
        return (book, try #require(try await book.invoices().first))
    }

    private func pay(
        _ invoice: Invoice,
        _ reference: String,
        as tenant: TenantID,
        _ database: Database
    ) async throws -> Invoice {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await InvoiceOperations.pay(
                invoice.id,
                of: tenant,
                reference: reference,
                by: later,
                in: transaction
            )
        }
    }

    private func void(_ invoice: Invoice, as tenant: TenantID, _ database: Database) async throws -> Invoice {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await InvoiceOperations.void(invoice.id, of: tenant, by: later, in: transaction)
        }
    }

    private func balance(_ account: Account, of book: BillingFixture) async throws -> Int64 {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            let balances = try await LedgerQueries.balances(of: book.tenant, in: transaction)
            return balances.first { $0.account == account }?.balance.minor ?? 0
        }
    }

    @Test func `a payment turns a receivable into cash, once`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            let paid = try await pay(invoice, "bank-1", as: book.tenant, database)
            #expect(paid.status == .paid && paid.amountPaid.text == "35.00" && paid.paidAt == later.at)
            #expect(try await pay(invoice, "bank-1", as: book.tenant, database) == paid)
            await #expect(throws: InvoiceError.paidOtherwise(invoice.id, reference: "bank-1")) {
                try await pay(invoice, "bank-2", as: book.tenant, database)
            }
            await #expect(throws: InvoiceError.notVoidable(invoice.id, status: .paid)) {
                try await void(invoice, as: book.tenant, database)
            }
            #expect(try await balance(.cash, of: book) == 3_500)
            #expect(try await balance(.receivable, of: book) == 0)
            let payments = try await database.transaction(as: .finance) { transaction in
                try await PaymentQueries.list(of: nil, limit: 10, in: transaction)
            }
            #expect(payments.map(\.reference) == ["bank-1"] && payments.first?.amount.text == "35.00")
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `an invoice that is taken back leaves nothing in the books and is not made again`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            let voided = try await void(invoice, as: book.tenant, database)
            #expect(voided.status == .void && voided.number == invoice.number && voided.voidedAt == later.at)
            #expect(try await void(invoice, as: book.tenant, database) == voided)
            #expect(try await balance(.receivable, of: book) == 0)
            #expect(try await balance(.deferredRevenue, of: book) == 0)
            await #expect(throws: InvoiceError.notPayable(invoice.id, status: .void)) {
                try await pay(invoice, "bank-1", as: book.tenant, database)
            }
            try await book.run(until: BillingFixture.start)
            #expect(try await book.invoices().count == 1)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a draft cannot be paid, and once void not be finalized`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let draft = try #require(try await book.bill(until: BillingFixture.start).first)
            #expect(draft.status == .draft && draft.number == nil)
            await #expect(throws: InvoiceError.notPayable(draft.id, status: .draft)) {
                try await pay(draft, "bank-1", as: book.tenant, database)
            }
            let voided = try await void(draft, as: book.tenant, database)
            #expect(voided.status == .void && voided.number == nil)
            await #expect(throws: InvoiceError.notFinalizable(draft.id)) {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await InvoiceOperations.finalize(draft.id, of: book.tenant, by: later, in: transaction)
                }
            }
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `another tenant's invoice is not there`() async throws {
        try await withDatabase { database in
            let (_, invoice) = try await open(database)
            let other = try await BillingFixture(database, name: "Globex")
            let seen = try await database.transaction(as: .tenant(other.tenant)) { transaction in
                let theirs = try await InvoiceQueries.find(invoice.id, of: invoice.tenant, in: transaction)
                let own = try await InvoiceQueries.find(invoice.id, of: other.tenant, in: transaction)
                let all = try await InvoiceQueries.list(of: nil, limit: 10, in: transaction)
                return [theirs, own].compactMap { $0 } + all
            }
            #expect(seen.isEmpty)
            await #expect(throws: InvoiceError.notFound(invoice.id)) {
                try await pay(invoice, "bank-1", as: other.tenant, database)
            }
            await #expect(throws: InvoiceError.notFound(invoice.id)) {
                try await void(invoice, as: other.tenant, database)
            }
            await #expect(throws: InvoiceError.subscriptionNotFound(invoice.subscription)) {
                try await database.transaction(as: .tenant(other.tenant)) { transaction in
                    try await InvoiceOperations.bill(
                        invoice.subscription,
                        of: other.tenant,
                        until: testNow,
                        by: later,
                        in: transaction
                    )
                }
            }
        }
    }

    @Test func `what it says leaves as money and instants, and the trail names each act`() async throws {
        try await withDatabase { database in
            let (book, invoice) = try await open(database)
            let paid = try await pay(invoice, "bank-1", as: book.tenant, database)
            #expect(paid.json["number"] == "INV-2026-000001" && paid.json["status"] == "paid")
            #expect(paid.json["amount_due"] == ["amount": "35.00", "currency": "USD"])
            #expect(paid.json["lines"]?[1]?["amount"] == ["amount": "15.00", "currency": "USD"])
            #expect(paid.json["lines"]?[1]?["period"]?["end"] == "2026-02-05T00:00:00Z")
            let verbs = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await Activity.list(tenant: book.tenant, object: invoice.id.text, limit: 10, in: transaction)
                    .map(\.verb)
            }
            #expect(verbs.sorted() == ["invoice.created", "invoice.finalized", "invoice.paid"])
        }
    }

    @Test func `nobody can change what an invoice says, or delete it`() async throws {
        try await withDatabase { database in
            let (book, _) = try await open(database)
            let forbidden: [SQL] = [
                "UPDATE app.invoice_lines SET amount_minor = 0", "DELETE FROM app.invoices",
                "UPDATE app.invoices SET total_minor = 0", "UPDATE app.invoice_counters SET last_number = 1",
            ]
            for statement in forbidden {
                for scope in [Scope.tenant(book.tenant), .system, .admin, .finance] {
                    await #expect(throws: PostgresError.self) {
                        try await database.transaction(as: scope) { try await $0.execute(statement) }
                    }
                }
            }
        }
    }
}
