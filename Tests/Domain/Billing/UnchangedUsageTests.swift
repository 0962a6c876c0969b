import Billing
import Metering
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Stretches whose events are not read again because nothing has come since: what coupons and taxes did with them
/// counts all the same.
@Suite struct UnchangedUsageTests {
    private static func day(_ month: Int, _ day: Int) -> Instant { BillingFixture.day(2026, month, day) }
    private static func clock(_ days: Int64) -> Instant { testNow.adding(seconds: days * 86_400) }

    /// A fee in advance, and as much for each user that was seen.
    private func book(_ database: Database, _ amount: JSONValue) async throws -> BillingFixture {
        try await database.transaction(as: .admin) { transaction in
            try await MeterOperations.put(
                Meter(code: "users", rule: .unique(by: "user")),
                by: BillingFixture.stamp(),
                in: transaction
            )
        }
        let plan: JSONValue = [
            "code": "crew", "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                ["code": "base", "model": "flat", "amount": amount],
                ["code": "users", "meter": "users", "model": "per_unit", "unit_amount": amount],
            ],
        ]
        return try await BillingFixture(database, plan: plan, quantities: [:])
    }

    private func see(_ user: String, _ day: Instant, _ book: BillingFixture, recordedAt: Instant) async throws {
        try await book.use(
            1,
            day,
            id: "\(day)-\(user)",
            meter: "users",
            properties: ["user": .string(user)],
            recordedAt: recordedAt
        )
    }

    @Test func `a coupon that was used up by usage is not given again`() async throws {
        try await withDatabase { database in
            let book = try await book(database, "10.00")
            _ = try await CouponRedemptionTests.make(
                ["code": "ONCE", "percent": "50", "prices": ["users"]],
                in: database
            )
            _ = try await CouponRedemptionTests.make(
                ["code": "CARRY", "amount": ["amount": "35.00", "currency": "USD"], "carry": true],
                in: database
            )
            try await book.redeem("ONCE", at: BillingFixture.start)
            // Later, so that it takes of what the other leaves.
            try await book.redeem("CARRY", at: BillingFixture.start.adding(seconds: 30))
            for (place, month) in (1...3).enumerated() {
                try await see("a", Self.day(month, 20), book, recordedAt: Self.clock(Int64(place) * 10))
                try await book.run(until: Self.day(month + 1, 5), recordedAt: Self.clock(Int64(place) * 10 + 5))
            }
            // 10.00; 5.00 of 10.00 once, and 15.00; the last 10.00; nothing.
            #expect(try await book.invoices().map(\.discount.text) == ["10.00", "20.00", "10.00", "0.00"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `what a late event does to shares of a coupon is done once`() async throws {
        try await withDatabase { database in
            let book = try await book(database, "10.00")
            _ = try await CouponRedemptionTests.make(
                ["code": "FIVE", "amount": ["amount": "5.00", "currency": "USD"], "duration": "forever"],
                in: database
            )
            try await book.redeem("FIVE", at: BillingFixture.start)
            try await late(book)
            #expect(try await book.invoices().reduce(0) { $0 + $1.discount.minor } == 2_500)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `what a late event does to shares of a tax is done once`() async throws {
        try await withDatabase { database in
            let book = try await book(database, "0.33")
            try await tax(database)
            try await late(book)
            // 0.03, then 0.10, 0.10, 0.07 and 0.03 of invoices of 0.33, 0.99, 0.99, 0.66 and 0.33.
            #expect(try await book.invoices().reduce(0) { $0 + $1.tax.minor } == 33)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a credit takes back the share of a tax that its fee had beside usage`() async throws {
        try await withDatabase { database in
            let book = try await book(database, "0.33")
            try await tax(database)
            try await see("a", Self.day(1, 20), book, recordedAt: Self.clock(0))
            try await book.run(until: Self.day(2, 5), recordedAt: Self.clock(5))
            // 0.07 of 0.33 and 0.33: 0.04 stand on the fee.
            #expect(try await book.invoices().last?.lines.map(\.tax) == [4, 3])
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await SubscriptionOperations.cancel(
                    book.subscription,
                    of: book.tenant,
                    when: .immediately,
                    refund: .credit,
                    by: BillingFixture.stamp(Self.day(2, 6)),
                    in: transaction
                )
            }
            try await book.run(until: Self.day(2, 6), recordedAt: Self.clock(10))
            #expect(try await book.invoices().last?.lines.map { [$0.amount, $0.tax] } == [[-32, -4]])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `what prices come to stays, however a tax that they contain is spread`() async throws {
        try await withDatabase { database in
            let book = try await book(database, "0.50")
            try await tax(database, Exact(1, 5), isInclusive: true)
            try await late(book)
            let invoices = try await book.invoices()
            // Five fees and five users; the tax of invoices of 0.50, 1.50, 1.50, 1.00 and 0.50.
            #expect(invoices.reduce(0) { $0 + $1.total.minor } == 500)
            #expect(invoices.reduce(0) { $0 + $1.tax.minor } == 83)
            #expect(try await book.differences().isEmpty)
        }
    }

    private func tax(_ database: Database, _ rate: Exact = Exact(1, 10), isInclusive: Bool = false) async throws {
        try await database.transaction(as: .admin) { transaction in
            _ = try await TaxOperations.put(
                TaxDraft(code: "vat", rate: rate, isInclusive: isInclusive),
                by: BillingFixture.stamp(BillingFixture.start),
                in: transaction
            )
        }
    }

    /// A user is seen each month; in January and in February another one, who comes when that is billed.
    private func late(_ book: BillingFixture) async throws {
        try await see("a", Self.day(1, 20), book, recordedAt: Self.clock(0))
        try await book.run(until: Self.day(2, 5), recordedAt: Self.clock(5))
        try await see("b", Self.day(1, 21), book, recordedAt: Self.clock(10))
        try await see("a", Self.day(2, 20), book, recordedAt: Self.clock(10))
        try await book.run(until: Self.day(3, 5), recordedAt: Self.clock(15))
        try await see("b", Self.day(2, 21), book, recordedAt: Self.clock(20))
        try await see("a", Self.day(3, 20), book, recordedAt: Self.clock(20))
        try await book.run(until: Self.day(4, 5), recordedAt: Self.clock(25))
        try await book.run(until: Self.day(5, 5), recordedAt: Self.clock(35))
    }
}
