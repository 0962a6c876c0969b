package import Values

/// What is counted, and how events of it become a quantity.
package struct Meter: Hashable, Sendable {
    /// What events and prices name it by.
    package let code: String
    /// How events become a quantity.
    package let rule: AggregationRule
    /// The meter whose events it counts; nil: those that name it.
    package let source: String?
    /// Which of the events count; nil: all.
    package let filter: MeterFilter?
    /// Whether its rollups say what its events do; if not it is read from the events.
    package private(set) var isComputed: Bool

    /// Makes a meter that counts all events that name it.
    package init(code: String, rule: AggregationRule) {
        self.code = code
        self.rule = rule
        source = nil
        filter = nil
        isComputed = true
    }

    /// How events become a quantity.
    package var aggregation: Aggregation { rule.aggregation }
    /// The property whose distinct values `unique` counts.
    package var uniqueBy: String? { rule.uniqueBy }
    /// Whether a weighted sum begins at the sum of all earlier events.
    package var carryOver: Bool { rule.carryOver }
    /// The meter that the events which it counts name.
    package var eventMeter: String { source ?? code }

    /// Reads `{"code", "aggregation", "unique_by", "carry_over"}` strictly: a meter as the simulator takes it.
    package init(json: JSONValue, path: String = "") throws(Problem) {
        var fields = try JSONFields(json, path: path)
        self.init(code: try fields.string("code"), rule: try AggregationRule(json: &fields))
        try fields.finish()
    }

    /// Reads a meter of the catalogue: beside what the simulator takes `source` and `filter`.
    package init(definition json: JSONValue, path: String = "") throws(Problem) {
        var fields = try JSONFields(json, path: path)
        code = try fields.string("code")
        rule = try AggregationRule(json: &fields)
        source = try fields.optionalString("source")
        filter = try fields.value("filter").map { json throws(Problem) in
            try MeterFilter(json: json, path: fields.path("filter"))
        }
        isComputed = source != nil || filter == nil
        try fields.finish()
        guard source != code else {
            throw fields.invalid(
                "source",
                "is the meter itself; leave it out, or name the meter whose events it counts"
            )
        }
    }

    /// The definition as it is stored and shown: without what is as by default.
    package var json: JSONValue {
        var object: JSONObject = ["code": .string(code), "aggregation": .string(aggregation.rawValue)]
        if let uniqueBy { object["unique_by"] = .string(uniqueBy) }
        if carryOver { object["carry_over"] = true }
        if let source { object["source"] = .string(source) }
        if let filter { object["filter"] = filter.json }
        return .object(object)
    }

    /// The same, with what the table knows of its rollups.
    func computed(_ isComputed: Bool) -> Meter {
        var meter = self
        meter.isComputed = isComputed
        return meter
    }

    /// Refuses a code that events could not name.
    package func checkStorable() throws(Problem) {
        try UsageLimits.check(code, at: "code", bytes: UsageLimits.meterBytes)
        if let source { try UsageLimits.check(source, at: "source", bytes: UsageLimits.meterBytes) }
    }
}
