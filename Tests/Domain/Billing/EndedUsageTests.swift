import Billing
import Metering
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Usage that comes, or is taken back, after the last invoice of a subscription.
@Suite struct EndedUsageTests {
    private let end = BillingFixture.day(2026, 2, 15)
    private let soon = BillingFixture.day(2026, 2, 20)
    private let later = testNow.adding(seconds: 86_400)
    private let last = testNow.adding(seconds: 172_800)

    /// A book whose subscription has ended and is billed.
    private func ended(_ database: Database) async throws -> BillingFixture {
        let book = try await BillingFixture(database)
        try await book.use(3_000_000, BillingFixture.day(2026, 2, 9), id: "first")
        try await book.run(until: BillingFixture.day(2026, 2, 10))
        try await database.transaction(as: .tenant(book.tenant)) { transaction in
            _ = try await SubscriptionOperations.cancel(
                book.subscription,
                of: book.tenant,
                when: .immediately,
                refund: .none,
                by: Stamp(at: end, recordedAt: testNow, author: .command),
                in: transaction
            )
        }
        try await book.run(until: end)
        #expect(try await book.invoices().last?.short == ["tokens 3000000 500"])
        return book
    }

    @Test func `late usage has an invoice of its own, once`() async throws {
        try await withDatabase { database in
            let book = try await ended(database)
            try await book.use(500_000, BillingFixture.day(2026, 2, 12), recordedAt: later)
            #expect(try await book.differences().map(\.kind) == [.lineQuantity])
            let summary = try await book.run(until: soon, recordedAt: last)
            #expect(summary.failures.isEmpty)
            let invoice = try #require(try await book.invoices().last)
            #expect(invoice.reason == .correction && invoice.issuedAt == soon && invoice.status == .open)
            #expect(invoice.short == ["tokens 500000 100"] && invoice.lines.allSatisfy(\.isCorrection))
            #expect(try await book.differences().isEmpty)
            let count = try await book.invoices().count
            try await book.run(until: BillingFixture.day(2026, 2, 25), recordedAt: last)
            #expect(try await book.invoices().count == count)
        }
    }

    @Test func `usage that moves to another hour, with all sums as they were, is seen`() async throws {
        try await withDatabase { database in
            let book = try await ended(database)
            try await book.run(until: BillingFixture.day(2026, 2, 16), recordedAt: later)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await MeteringOperations.void(
                    "first",
                    of: book.tenant,
                    by: BillingFixture.stamp(later),
                    in: transaction
                )
            }
            // In January's stretch the first million is free a second time.
            try await book.use(3_000_000, BillingFixture.day(2026, 1, 9), recordedAt: later)
            try await book.run(until: soon, recordedAt: last)
            let invoice = try #require(try await book.invoices().last)
            #expect(invoice.reason == .correction)
            #expect(Set(invoice.short) == ["tokens 3000000 500", "tokens -3000000 -500"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `usage that is taken back is credited`() async throws {
        try await withDatabase { database in
            let book = try await ended(database)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await MeteringOperations.void(
                    "first",
                    of: book.tenant,
                    by: BillingFixture.stamp(later),
                    in: transaction
                )
            }
            try await book.run(until: soon, recordedAt: last)
            let invoice = try #require(try await book.invoices().last)
            #expect(invoice.short == ["tokens -3000000 -500"] && invoice.credited.text == "5.00")
            #expect(invoice.total.isZero && invoice.status == .paid)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `what comes while that invoice waits is on it, too`() async throws {
        try await withDatabase { database in
            let book = try await ended(database)
            try await book.use(500_000, BillingFixture.day(2026, 2, 12), recordedAt: later)
            try await book.run(until: soon, grace: 3_600, recordedAt: later)
            #expect(try await book.invoices().last?.status == .draft)
            try await book.use(1_000_000, BillingFixture.day(2026, 2, 13), recordedAt: later)
            try await book.run(until: soon.adding(seconds: 3_600), grace: 3_600, recordedAt: last)
            let invoice = try #require(try await book.invoices().last)
            #expect(invoice.status == .open && invoice.short == ["tokens 1500000 300"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `usage of a last stretch that came to nothing is billed when it comes, not in the past`() async throws {
        let plan: JSONValue = [
            "code": "metered", "currency": "USD", "interval": ["unit": "month"],
            "prices": [["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.01"]],
        ]
        try await withDatabase { database in
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await SubscriptionOperations.cancel(
                    book.subscription,
                    of: book.tenant,
                    when: .immediately,
                    refund: .none,
                    by: Stamp(at: BillingFixture.day(2026, 1, 20), recordedAt: testNow, author: .command),
                    in: transaction
                )
            }
            try await book.run(until: BillingFixture.day(2026, 1, 25))
            #expect(try await book.invoices().isEmpty)
            try await book.use(70, BillingFixture.day(2026, 1, 12), recordedAt: later)
            try await book.run(until: soon, recordedAt: last)
            let invoice = try #require(try await book.invoices().first)
            #expect(invoice.issuedAt == soon && invoice.short == ["tokens 70 70"])
            #expect(try await book.differences().isEmpty)
        }
    }
}
