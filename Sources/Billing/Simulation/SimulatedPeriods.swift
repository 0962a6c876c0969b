import Values

/// `abono simulate periods`: an anchor, an interval and a zone make billing periods.
enum SimulatedPeriods {
    private static let most = 10_000

    /// Reads an input and lists its periods.
    static func run(_ json: JSONValue) throws(Problem) -> JSONValue {
        var fields = try JSONFields(json)
        let zone = try fields.optionalZone("timezone") ?? .utc
        let anchor = try fields.moment("anchor", in: zone, years: SimulationBatch.years).cut(in: zone)
        var interval = try fields.object("interval")
        let cycle = BillingCycle(
            anchor,
            interval: try Interval(json: &interval),
            zone: zone,
            alignment: try fields.optionalChoice("alignment", as: Alignment.self) ?? .anniversary
        )
        let periods = try periods(of: cycle, &fields)
        try fields.finish()
        return [
            "periods": .array(
                periods.map { period in
                    [
                        "start": period.start.json, "end": period.end.json, "days": .int(period.days(in: zone)),
                    ]
                }
            )
        ]
    }

    private static func periods(of cycle: BillingCycle, _ fields: inout JSONFields) throws(Problem) -> [Period] {
        let years = SimulationBatch.years
        if let instant = try fields.optionalInstant("containing", in: cycle.zone, years: years)?.wholeSeconds {
            for key in ["from", "count"] where fields.has(key) {
                throw fields.invalid(key, "must not stand beside containing, which names one period")
            }
            guard let found = try cycle.period(containing: instant) else {
                throw fields.invalid("containing", "is \(instant), before the anchor \(cycle.anchor)")
            }
            // They may still be there as null.
            _ = (fields.value("from"), fields.value("count"))
            return [found.period]
        }
        let from = try fields.optionalInstant("from", in: cycle.zone, years: years)?.wholeSeconds ?? cycle.anchor
        let count = try fields.optionalInt("count") ?? 1
        guard (1...most).contains(count) else {
            throw fields.invalid("count", "must be from 1 to \(most), not \(count)")
        }
        return try cycle.periods(from: from, count: count)
    }
}
