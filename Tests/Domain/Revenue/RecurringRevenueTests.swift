import Plans
import Revenue
import Subscriptions
import Testing
import Values

/// What a plan brings a month.
@Suite struct RecurringRevenueTests {
    private typealias Fixture = RevenueFixture

    @Test(arguments: [
        ("month", "100", "100"), ("year", "12000", "1000"), ("year", "100", "25/3"), ("week", "25", "325/3"),
        ("day", "1", "365/12"),
    ])
    func `an interval is brought to a month`(unit: String, amount: String, monthly: String) throws {
        let plan = try Fixture.plan(Fixture.flat("p", amount, unit: unit))
        #expect(try RecurringRevenue.monthly(of: plan, quantities: [:]).fractionText == monthly)
    }

    @Test func `three months are a quarter`() throws {
        #expect(RecurringRevenue.monthlyFactor(of: Interval(.month, count: 3)) == Exact(1, 3))
        #expect(RecurringRevenue.monthlyFactor(of: Interval(.year, count: 2)) == Exact(1, 24))
    }

    @Test func `quantities count, usage and commitments do not`() throws {
        let plan = try Fixture.plan(
            """
            {"code": "p", "currency": "USD", "interval": {"unit": "month"}, "minimum_commitment": "500", "prices": [
              {"code": "base", "model": "flat", "amount": "20"},
              {"code": "seats", "model": "per_unit", "unit_amount": "5", "quantity": "seats", "discount_percent": "10"},
              {"code": "tokens", "model": "per_unit", "unit_amount": "0.01", "meter": "tokens"}]}
            """
        )
        #expect(try RecurringRevenue.monthly(of: plan, quantities: ["seats": 4]) == 38)
        // Who has no seats pays none.
        #expect(try RecurringRevenue.monthly(of: plan, quantities: [:]) == 20)
    }

    @Test func `own prices and add-ons count from their changes on`() throws {
        let version = PlanVersionID(uuid: UUIDBytes(high: 1, low: 1))
        let plan = try Fixture.plan(Fixture.flat("p", "100"))
        let addOn = try SubscribedAddOn(
            json: [
                "code": "storage", "version": 1, "interval": ["unit": "month"],
                "prices": [["model": "flat", "amount": "5"]],
            ],
            path: "add_on"
        )
        func change(_ sequence: Int, _ kind: SubscriptionChange.Kind, _ day: Int) throws -> SubscriptionChange {
            let at = try #require(Instant("2026-03-0\(day)T00:00:00Z"))
            return SubscriptionChange(
                id: ChangeID(uuid: UUIDBytes(high: 2, low: UInt64(sequence))),
                sequence: sequence,
                at: at,
                recordedAt: at,
                kind: kind,
                version: kind == .quantities ? nil : version,
                quantities: kind == .quantities ? ["addon:storage": 3] : [:],
                overrides: kind == .plan
                    ? try PriceOverrides(json: [["code": "base", "model": "flat", "amount": "80"]]) : .none,
                addOns: kind == .quantities ? [addOn] : [],
                author: "command"
            )
        }
        let changes = [try change(1, .created, 1), try change(2, .quantities, 2), try change(3, .plan, 3)]
        let timeline = try SubscriptionTimeline(
            start: Moment(changes[0].at, in: .utc),
            zone: .utc,
            changes: changes,
            terms: [PlanTerms(version: version, interval: plan.interval, alignment: plan.alignment, trialDays: 0)],
            until: changes[2].at
        )
        let plans = SubscriptionPlans.all(of: changes) { $0 == version ? plan : nil }
        let levels = try RecurringRevenue.levels(of: timeline, plans: plans)
        #expect(levels.map(\.monthly) == [100, 115, 95])
        #expect(levels.map(\.change) == changes.map(\.id))
    }
}
