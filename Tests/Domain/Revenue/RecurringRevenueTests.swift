import Plans
import Revenue
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
}
