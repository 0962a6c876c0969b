import Billing
import Ledger
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

@Suite struct CreditTests {
    private let april = BillingFixture.day(2026, 4, 5)

    private func usd(_ minor: Int64) -> Money { Money(minor: minor, currency: .usd) }

    private func grant(
        _ draft: CreditGrantDraft,
        to book: BillingFixture,
        at instant: Instant = BillingFixture.start
    ) async throws -> CreditGrant {
        try await book.database.transaction(as: .admin) { transaction in
            try await CreditOperations.grant(
                draft,
                to: book.tenant,
                by: BillingFixture.stamp(instant),
                in: transaction
            )
        }
    }

    private func grants(of book: BillingFixture) async throws -> [CreditGrant] {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditQueries.list(of: book.tenant, limit: 10, now: testNow, in: transaction).map(\.grant)
        }
    }

    private func balance(_ account: Account, of book: BillingFixture) async throws -> Int64 {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            let balances = try await LedgerQueries.balances(of: book.tenant, in: transaction)
            return balances.first { $0.account == account }?.balance.minor ?? 0
        }
    }

    @Test func `invoices take of grants in their order until they are used up`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let gift = try await grant(CreditGrantDraft(amount: usd(5_000)), to: book)
            let bought = try await grant(CreditGrantDraft(amount: usd(1_000), kind: .prepaid, priority: 0), to: book)
            #expect(try await balance(.prepaidCredit, of: book) == -1_000)
            try await book.run(until: april)
            let invoices = try await book.invoices()
            #expect(invoices.map(\.creditsApplied.text) == ["35.00", "25.00", "0.00", "0.00"])
            #expect(invoices.map(\.amountDue.text) == ["0.00", "10.00", "35.00", "35.00"])
            #expect(invoices.map(\.status) == [.paid, .open, .open, .open])
            let left = try await grants(of: book)
            #expect(left.first { $0.id == gift.id }?.left == usd(0))
            #expect(left.first { $0.id == bought.id }?.left == usd(0))
            #expect(try await balance(.prepaidCredit, of: book) == 0)
            #expect(try await balance(.promotionalCredit, of: book) == 5_000)
            #expect(try await balance(.receivable, of: book) == 8_000)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `an expired or voided grant pays nothing, and what was bought is owed back`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await grant(
                CreditGrantDraft(amount: usd(900), expiresAt: BillingFixture.start.adding(seconds: 1)),
                to: book,
                at: BillingFixture.start.adding(seconds: -60)
            )
            let bought = try await grant(CreditGrantDraft(amount: usd(10_000), kind: .prepaid), to: book)
            try await book.run(until: BillingFixture.start)
            #expect(try await book.invoices().first?.creditsApplied.text == "35.00")
            let voided = try await database.transaction(as: .admin) { transaction in
                try await CreditOperations.void(
                    bought.id,
                    of: book.tenant,
                    by: BillingFixture.stamp(),
                    in: transaction
                )
            }
            #expect(voided.left == usd(0) && voided.used == usd(2_600) && voided.voidedAt == testNow)
            try await book.run(until: BillingFixture.day(2026, 2, 5))
            #expect(try await book.invoices().last?.creditsApplied.text == "0.00")
            #expect(try await balance(.refundPayable, of: book) == -7_400)
            #expect(try await balance(.prepaidCredit, of: book) == 0)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `from its end on nothing is left of a grant, and what was not used in time is said to be expired`()
        async throws
    {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let end = BillingFixture.day(2026, 2, 1)
            for kind in CreditGrant.Kind.allCases {
                _ = try await grant(CreditGrantDraft(amount: usd(3_000), kind: kind, expiresAt: end), to: book)
            }
            try await book.run(until: BillingFixture.start)
            func seen(_ now: Instant) async throws -> [JSONValue] {
                let listed = try await database.transaction(as: .finance) { transaction in
                    try await CreditQueries.list(of: nil, limit: 10, now: now, in: transaction)
                }
                return listed.map { $0.grant.json(at: $0.at) }
            }
            func sum(_ key: String, _ now: Instant) async throws -> [String] {
                try await seen(now).compactMap { $0[key]?["amount"]?.string }.sorted()
            }
            // Of 60.00 the first invoice took 35.00.
            let before = end.adding(microseconds: -1)
            #expect(try await sum("left", before) == ["0.00", "25.00"])
            #expect(try await sum("expired", before) == ["0.00", "0.00"])
            #expect(try await sum("left", end) == ["0.00", "0.00"])
            #expect(try await sum("expired", end) == ["0.00", "25.00"])
            // Booked out, it is no more and no less.
            for grant in try await grants(of: book) {
                try await database.transaction(as: .system) { transaction in
                    try await CreditExpiryOperations.expire(
                        grant.id,
                        of: book.tenant,
                        by: BillingFixture.stamp(end),
                        in: transaction
                    )
                }
            }
            #expect(try await sum("expired", end) == ["0.00", "25.00"])
        }
    }

    @Test func `what an invoice leaves below zero pays the next ones`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.run(until: BillingFixture.start)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await SubscriptionOperations.change(
                    book.subscription,
                    of: book.tenant,
                    SubscriptionChangeDraft(quantities: ["seats": 1], timing: .immediately),
                    by: BillingFixture.stamp(BillingFixture.day(2026, 1, 20)),
                    in: transaction
                )
            }
            try await book.run(until: BillingFixture.day(2026, 2, 5))
            let invoices = try await book.invoices()
            // 15.00 × 16/31 back, 5.00 × 16/31 anew.
            #expect(invoices.map(\.credited.text) == ["0.00", "5.16", "0.00"])
            #expect(invoices.map(\.creditsApplied.text) == ["0.00", "0.00", "5.16"])
            #expect(invoices.map(\.amountDue.text) == ["35.00", "0.00", "19.84"])
            #expect(invoices[1].status == .paid)
            #expect(try await balance(.customerCredit, of: book) == 0)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a voided invoice gives back the credit that it took`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let gift = try await grant(CreditGrantDraft(amount: usd(1_000)), to: book)
            try await book.run(until: BillingFixture.start)
            let invoice = try #require(try await book.invoices().first)
            #expect(invoice.amountDue.text == "25.00")
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await InvoiceOperations.void(
                    invoice.id,
                    of: book.tenant,
                    by: BillingFixture.stamp(),
                    in: transaction
                )
            }
            #expect(try await grants(of: book).first { $0.id == gift.id }?.left == usd(1_000))
            #expect(try await balance(.promotionalCredit, of: book) == 0)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `the caller's id makes granting twice harmless, and other currencies are refused`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let id = GrantID.make(at: testNow)
            let draft = try CreditGrantDraft(amount: usd(1_000), kind: .prepaid, memo: "top-up", id: id)
            let first = try await grant(draft, to: book)
            #expect(try await grant(draft, to: book) == first)
            #expect(try await balance(.cash, of: book) == 1_000)
            await #expect(throws: CreditError.idTaken(id)) {
                try await grant(CreditGrantDraft(amount: usd(2_000), id: id), to: book)
            }
            try await book.run(until: BillingFixture.start)
            await #expect(throws: CreditError.otherCurrency(book.tenant, is: .usd, asked: .eur)) {
                try await grant(CreditGrantDraft(amount: Money(minor: 1, currency: .eur)), to: book)
            }
            #expect(throws: Problem.self) { try CreditGrantDraft(amount: usd(0)) }
        }
    }

    @Test func `what a voided invoice gives back to a voided grant is owed back, too`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let bought = try await grant(CreditGrantDraft(amount: usd(1_000), kind: .prepaid), to: book)
            try await book.run(until: BillingFixture.start)
            let invoice = try #require(try await book.invoices().first)
            #expect(invoice.creditsApplied.text == "10.00" && invoice.status == .open)
            try await database.transaction(as: .admin) { transaction in
                _ = try await CreditOperations.void(
                    bought.id,
                    of: book.tenant,
                    by: BillingFixture.stamp(),
                    in: transaction
                )
            }
            #expect(try await balance(.refundPayable, of: book) == 0)
            for _ in 0..<2 {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    _ = try await InvoiceOperations.void(
                        invoice.id,
                        of: book.tenant,
                        by: BillingFixture.stamp(),
                        in: transaction
                    )
                }
            }
            #expect(try await balance(.prepaidCredit, of: book) == 0)
            #expect(try await balance(.refundPayable, of: book) == -1_000)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `two tenants may bring the same id, and their books are told apart`() async throws {
        try await withDatabase { database in
            let id = GrantID.make(at: testNow)
            let book = try await BillingFixture(database)
            let other = try await BillingFixture(database, name: "Other")
            _ = try await grant(CreditGrantDraft(amount: usd(1_000), kind: .prepaid, id: id), to: book)
            _ = try await grant(CreditGrantDraft(amount: usd(2_000), kind: .prepaid, id: id), to: other)
            #expect(try await balance(.cash, of: book) == 1_000)
            #expect(try await balance(.cash, of: other) == 2_000)
            #expect(try await book.differences().isEmpty)
        }
    }
}
