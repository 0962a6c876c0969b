package import Values

/// What is counted, and how events of it become a quantity.
///
/// Its definition never changes.
package struct Meter: Hashable, Sendable {
    /// What events and prices name it by.
    package let code: String
    /// How events become a quantity.
    package let rule: AggregationRule

    /// Makes a meter.
    package init(code: String, rule: AggregationRule) {
        self.code = code
        self.rule = rule
    }

    /// How events become a quantity.
    package var aggregation: Aggregation { rule.aggregation }
    /// The property whose distinct values `unique` counts.
    package var uniqueBy: String? { rule.uniqueBy }
    /// Whether a weighted sum begins at the sum of all earlier events.
    package var carryOver: Bool { rule.carryOver }

    /// Reads `{"code", "aggregation", "unique_by", "carry_over"}` strictly.
    package init(json: JSONValue, path: String = "") throws(Problem) {
        var fields = try JSONFields(json, path: path)
        code = try fields.string("code")
        rule = try AggregationRule(json: &fields)
        try fields.finish()
    }

    /// The definition as it is stored and shown: without what is as by default.
    package var json: JSONValue {
        var object: JSONObject = ["code": .string(code), "aggregation": .string(aggregation.rawValue)]
        if let uniqueBy { object["unique_by"] = .string(uniqueBy) }
        if carryOver { object["carry_over"] = true }
        return .object(object)
    }

    /// Refuses a code that events could not name.
    package func checkStorable() throws(Problem) {
        try UsageLimits.check(code, at: "code", bytes: UsageLimits.meterBytes)
    }
}
