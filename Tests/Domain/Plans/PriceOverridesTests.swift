import Plans
import Testing
import Values

@Suite struct PriceOverridesTests {
    private static func plan() throws -> Plan {
        try Plan(
            json: JSONValue(
                parsing: """
                    {"code": "pro", "currency": "USD", "interval": {"unit": "month"}, "prices": [
                        {"code": "base", "model": "flat", "amount": "20"},
                        {"code": "seats", "model": "per_unit", "unit_amount": "5", "quantity": "seats"},
                        {"code": "tokens", "model": "per_unit", "unit_amount": "1", "meter": "tokens"}]}
                    """
            )
        )
    }

    @Test func `a price takes the place of the plan's own, and the others stay`() throws {
        let plan = try Self.plan()
        let overrides = try PriceOverrides(json: [
            ["code": "seats", "model": "per_unit", "unit_amount": "3", "quantity": "seats"]
        ])
        try overrides.check(against: plan)
        let own = plan.with(overrides)
        #expect(own.prices.map(\.code) == ["base", "seats", "tokens"])
        #expect(own.price("seats")?.model == .perUnit(unitAmount: 3))
        #expect(own.price("base") == plan.price("base"))
        #expect(plan.with(.none) == plan)
    }

    @Test(arguments: [
        (#"[{"code": "none", "model": "flat", "amount": "1"}]"#, "overrides[0].code"),
        (#"[{"code": "base", "model": "flat", "amount": "-1"}]"#, "overrides[0].amount"),
        (#"[{"code": "base", "model": "flat"}]"#, "overrides[0].amount"),
        (#"[{"code": "seats", "model": "per_unit", "unit_amount": "1"}]"#, "overrides[0].quantity"),
        (#"[{"code": "tokens", "model": "per_unit", "unit_amount": "1"}]"#, "overrides[0].meter"),
        (
            #"""
            [{"code": "base", "model": "flat", "amount": "1"},
             {"code": "tokens", "model": "per_unit", "unit_amount": "1", "meter": "other"}]
            """#, "overrides[1].meter"
        ),
        (
            #"[{"code": "base", "model": "flat", "amount": "1"}, {"code": "base", "model": "flat", "amount": "1"}]"#,
            "overrides[1].code"
        ),
        (#"{"code": "base"}"#, "overrides"),
    ])
    func `what does not fit is told with its field`(text: String, field: String) throws {
        let plan = try Self.plan()
        let json = try JSONValue(parsing: text)
        let problem = #expect(throws: Problem.self) { try PriceOverrides(json: json).check(against: plan) }
        #expect(problem?.errors.map(\.field) == [field])
    }
}
