import Testing
import Values

@testable import Revenue

/// What measured usage costs, by hand.
@Suite struct UsageCostTests {
    private static func book() throws -> PriceBook {
        func price(
            _ number: Int,
            _ model: String?,
            _ price: String,
            _ from: String,
            _ currency: Currency = .usd
        ) throws
            -> ComputePrice
        {
            ComputePrice(
                id: RevenueFixture.id(number),
                model: model,
                unit: .cpuSecond,
                price: try #require(Decimal12(price)),
                currency: currency,
                from: try RevenueFixture.instant(from),
                recordedAt: try RevenueFixture.instant("2025-01-01")
            )
        }
        return PriceBook([
            try price(1, nil, "0.0001", "2025-01-01"), try price(2, "small", "0.00004", "2025-02-01"),
            try price(3, "odd", "0.5", "2025-01-01", .eur),
        ])
    }

    private static func sum(
        _ window: Int,
        _ model: String?,
        _ since: String?,
        _ value: Exact,
        group: [JSONValue] = []
    ) throws -> UsageCosts.Sum {
        UsageCosts.Sum(
            window: window,
            group: group,
            model: model,
            since: try since.map { try RevenueFixture.instant($0) },
            value: value
        )
    }

    @Test func `an event costs the price in force, of its model or of all`() throws {
        let costs = UsageCosts(
            [
                try Self.sum(0, "small", "2025-01-01", 1_500), try Self.sum(0, "small", "2025-02-01", 2_500),
                try Self.sum(0, nil, "2025-02-01", 1), try Self.sum(1, nil, nil, 5),
                try Self.sum(2, "odd", "2025-01-01", 1), try Self.sum(2, nil, "2025-01-01", 1),
                try Self.sum(3, "small", "2025-02-01", 7, group: ["a"]),
            ],
            meter: "cpu_milliseconds",
            book: try Self.book()
        )
        // 1.5 s × 0.0001 + 2.5 s × 0.00004 + 0.001 s × 0.0001
        #expect(costs.cost(0).json["amount"] == "0.0002501")
        #expect(costs.cost(0).json["currency"] == "USD" && costs.cost(0).reason == nil)
        #expect(costs.cost(1).json == .null)
        #expect(costs.cost(1).reason == "the price book has no price of cpu_milliseconds then")
        #expect(costs.cost(2).reason == "it is in several currencies: EUR, USD")
        #expect(costs.cost(3, group: ["a"]).json["amount"] == "0.00000028")
        #expect(costs.cost(3).reason == "nothing was measured")
    }

    @Test func `what the book cannot price says so`() throws {
        let costs = UsageCosts([], meter: "calls", book: try Self.book())
        #expect(costs.cost(0).json == .null)
        #expect(costs.cost(0).reason?.contains("cpu_milliseconds") == true)
    }
}
