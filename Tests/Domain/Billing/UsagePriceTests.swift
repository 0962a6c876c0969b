import Billing
import Metering
import Postgres
import TestSupport
import Testing
import Values

/// What usage comes to window by window, as its prices rate it.
@Suite struct UsagePriceTests {
    private static func prices(
        _ book: BillingFixture,
        from: Instant,
        to: Instant,
        _ window: UsageWindow
    ) async throws -> (prices: [UsagePrice], isShareable: Bool) {
        let windows = try window.windows(of: #require(Period(start: from, end: to)), in: .utc)
        return try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            let meter = try await MeterQueries.require("tokens", in: transaction)
            return try await UsagePriceQueries.prices(
                of: book.tenant,
                meter: meter,
                windows: windows,
                in: transaction
            )
        }
    }

    private static func text(_ price: UsagePrice) -> String {
        price.json["amount"]?.string ?? "none"
    }

    private static func sum(_ prices: [UsagePrice]) -> Exact {
        prices.reduce(Exact.zero) { sum, price in
            guard case .amount(let exact, _) = price else { return sum }
            return sum + exact
        }
    }

    @Test func `a window has what its usage adds to the price of its period, tiers and all`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(600_000, BillingFixture.day(2026, 1, 9))
            try await book.use(900_000, BillingFixture.day(2026, 1, 12))
            try await book.use(100_000, BillingFixture.day(2026, 2, 3))
            try await book.use(2, BillingFixture.day(2026, 2, 7))
            // A million is free; above it 1.00 once, and 2.00 a million: half a million of the 12th.
            let days = try await Self.prices(
                book,
                from: BillingFixture.day(2026, 1, 3),
                to: BillingFixture.day(2026, 1, 14),
                .day
            ).prices
            #expect(days.map(Self.text) == ["none", "none", "0", "0", "0", "0", "0", "0", "0", "2", "0"])
            #expect(days[0].reason == "no subscription has a price of the meter then")
            // Calendar months cut the billing period that ends on 5 February.
            let (months, isShareable) = try await Self.prices(
                book,
                from: BillingFixture.day(2026, 1, 1),
                to: BillingFixture.day(2026, 3, 1),
                .month
            )
            #expect(months.map(Self.text) == ["2", "0.2"])
            #expect(isShareable)
            try await book.run(until: BillingFixture.day(2026, 2, 5))
            let line = try #require(try await book.invoices().flatMap(\.lines).first { $0.price == "tokens" })
            let period = try await Self.prices(book, from: line.start, to: line.end, .day).prices
            #expect(Self.sum(period) == Money(minor: line.amount, currency: .usd).exact)
            // A window that begins in the middle of an hour is exact, too.
            let odd = try await Self.prices(
                book,
                from: BillingFixture.day(2026, 1, 12).adding(seconds: 1_234),
                to: BillingFixture.day(2026, 1, 12).adding(seconds: 43_201),
                .month
            ).prices
            #expect(odd.map(Self.text) == ["2"])
        }
    }

    @Test func `single events are rated up to each window's end, and groups do not share such a price`() async throws {
        try await withDatabase { database in
            let plan: JSONValue = [
                "code": "share", "currency": "USD", "interval": ["unit": "month"],
                "prices": [
                    [
                        "code": "tokens", "meter": "tokens", "model": "percentage", "rate": "0.01", "fixed": "0.30",
                        "free_events": 1,
                    ]
                ],
            ]
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            for (day, value) in [(6, 1_000), (7, 200), (7, 300), (9, 40)] {
                try await book.use(Decimal12(value), BillingFixture.day(2026, 1, day))
            }
            let (prices, isShareable) = try await Self.prices(
                book,
                from: BillingFixture.day(2026, 1, 6),
                to: BillingFixture.day(2026, 1, 10),
                .day
            )
            // The first event is free: 2.30 + 3.30 on the 7th, 0.70 on the 9th.
            #expect(prices.map(Self.text) == ["0", "5.6", "0", "0.7"])
            #expect(!isShareable)
        }
    }

    @Test func `groups share a window's price by what they used`() {
        let price = UsagePrice.amount(2, .usd)
        #expect(Self.text(price.share(300_000, of: 900_000)) == "0.666666666667")
        #expect(Self.text(price.share(600_000, of: 900_000)) == "1.333333333333")
        #expect(price.share(0, of: 0).reason != nil)
        #expect(UsagePrice.undefined("why").share(1, of: 2).reason == "why")
    }
}
