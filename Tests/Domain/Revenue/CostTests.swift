import TestSupport
import Testing
import Values

@testable import Revenue

/// Costs, prices and shares by hand.
@Suite struct CostTests {
    private static func entry(_ minor: Int64, _ first: String, _ last: String) throws -> CostEntry {
        CostEntry(
            id: RevenueFixture.id(1),
            category: .people,
            amount: Money(minor: minor, currency: .usd),
            first: try #require(CalendarDate(first)),
            last: try #require(CalendarDate(last)),
            memo: "",
            target: CostTarget(),
            reverses: nil,
            at: testNow,
            recordedAt: testNow
        )
    }

    @Test func `a cost is spread by day, and its months come to it`() throws {
        // 12,000.00 over 365 days from 15 January: 17 days are 558.90, February 920.55, March 1,019.18.
        let entry = try Self.entry(1_200_000, "2026-01-15", "2027-01-14")
        var spent: [Int64] = []
        for place in 0..<13 {
            let first = try #require(CalendarDate("2026-01-01")).adding(months: place)
            spent.append(entry.spent(before: first.adding(months: 1)) - entry.spent(before: first))
        }
        #expect(spent.prefix(3) == [55_890, 92_055, 101_918])
        #expect(spent.last == 46_027)
        #expect(spent.reduce(0, +) == 1_200_000)
    }

    @Test func `an entry of one day is whole in it, and one that takes back is its negative every month`() throws {
        let day = try Self.entry(100, "2026-02-28", "2026-02-28")
        let march = try #require(CalendarDate("2026-03-01"))
        #expect(day.spent(before: march) == 100 && day.spent(before: march.adding(days: -1)) == 0)
        let plus = try Self.entry(1_001, "2026-01-01", "2026-01-07")
        let minus = try Self.entry(-1_001, "2026-01-01", "2026-01-07")
        for offset in 0...8 {
            let limit = try #require(CalendarDate("2026-01-01")).adding(days: offset)
            #expect(plus.spent(before: limit) == -minus.spent(before: limit))
        }
    }

    @Test func `the latest rule that has begun counts, of one month what was written last`() throws {
        func rule(_ basis: CostBasis, _ from: String, _ written: Int64) throws -> CostRule {
            CostRule(
                category: .people,
                basis: basis,
                from: try RevenueFixture.month(from),
                recordedAt: testNow.adding(seconds: written)
            )
        }
        let rules = [
            try rule(.revenue, "2026-03", 0), try rule(.tokens, "2026-01", 1), try rule(.subscriptions, "2026-03", 2),
        ]
        func basis(_ month: String) throws -> CostBasis {
            CostRule.basis(of: .people, in: try RevenueFixture.month(month), rules)
        }
        #expect(try basis("2025-12") == .none)
        #expect(try basis("2026-01") == .tokens && basis("2026-02") == .tokens)
        #expect(try basis("2026-03") == .subscriptions && basis("2027-01") == .subscriptions)
        #expect(CostRule.basis(of: .compute, in: try RevenueFixture.month("2026-01"), rules) == .cpuMilliseconds)
    }

    @Test func `a draft says what is wrong with it`() throws {
        func draft(_ amount: String, _ from: String, _ to: String) throws -> CostDraft {
            var fields = try JSONFields([
                "category": "people", "amount": ["amount": .string(amount), "currency": "USD"], "from": .string(from),
                "to": .string(to),
            ])
            return try CostDraft(json: &fields)
        }
        #expect(try draft("1.00", "2026-01-01", "2026-01-31").last.text == "2026-01-31")
        #expect(throws: Problem.self) { try draft("0", "2026-01-01", "2026-01-31") }
        #expect(throws: Problem.self) { try draft("-1.00", "2026-01-01", "2026-01-31") }
        #expect(throws: Problem.self) { try draft("1.00", "2026-02-01", "2026-01-31") }
    }

    @Test func `the cost of tokens is that of the worked month`() throws {
        // 12,000 million tokens read at 0.40, 3,000 written at 1.60, 8,000 kept at 0.10: 4,800 + 4,800 + 800.
        let book = PriceBook([
            try Self.price(.inputTokens, "0.40"), try Self.price(.outputTokens, "1.60"),
            try Self.price(.cachedTokens, "0.10"),
        ])
        let amounts = [("tokens.input", 12_000), ("tokens.output", 3_000), ("tokens.cached", 8_000)]
        let costs = amounts.map { meter, millions in
            book.cost(of: Exact(millions) * 1_000_000, meter: meter, model: nil, at: testNow)?.amount
        }
        #expect(costs == [4_800, 4_800, 800])
        #expect(book.cost(of: 1, meter: "cpu_milliseconds", model: nil, at: testNow) == nil)
        #expect(book.cost(of: 1, meter: "requests", model: nil, at: testNow) == nil)
    }

    @Test func `a model's own price counts before that of all, the last that has begun, exactly`() throws {
        let later = testNow.adding(seconds: 3_600)
        let book = PriceBook([
            try Self.price(.cpuSecond, "0.000012"),
            try Self.price(.cpuSecond, "0.00003", model: "big"),
            try Self.price(.cpuSecond, "0.00005", model: "big", from: later),
            try Self.price(.cpuSecond, "0.00002", from: later),
        ])
        func cost(_ model: String?, _ at: Instant) -> Exact? {
            book.cost(of: 1, meter: "cpu_milliseconds", model: model, at: at)?.amount
        }
        // A millisecond of 0.000012 a second.
        #expect(cost("small", testNow) == Exact(12, 1_000_000_000))
        #expect(cost("big", testNow) == Exact(30, 1_000_000_000))
        #expect(cost("big", later.adding(microseconds: -1)) == Exact(30, 1_000_000_000))
        #expect(cost("big", later) == Exact(50, 1_000_000_000))
        #expect(cost(nil, later) == Exact(20, 1_000_000_000))
        #expect(cost("small", BillingFixture.day(2020, 1, 1)) == nil)
    }

    private static func price(
        _ unit: ComputeUnit,
        _ text: String,
        model: String? = nil,
        from: Instant = BillingFixture.day(2025, 1, 1)
    ) throws -> ComputePrice {
        ComputePrice(
            id: RevenueFixture.id(1),
            model: model,
            unit: unit,
            price: try #require(Decimal12(text)),
            currency: .usd,
            from: from,
            recordedAt: from
        )
    }
}
