/// A stretch of time that holds its start and not its end; it is never empty.
package struct Period: Hashable, Sendable, CustomStringConvertible {
    /// The first instant.
    package let start: Instant
    /// The first instant after it.
    package let end: Instant

    /// Makes a period; nil if it would be empty.
    package init?(start: Instant, end: Instant) {
        guard start < end else { return nil }
        self.start = start
        self.end = end
    }

    /// Whether an instant lies in it.
    package func contains(_ instant: Instant) -> Bool { start <= instant && instant < end }

    /// What it shares with another, if anything.
    package func intersection(_ other: Period) -> Period? {
        Period(start: max(start, other.start), end: min(end, other.end))
    }

    /// Whole seconds from start to end.
    package var seconds: Int64 { microseconds / 1_000_000 }

    /// Microseconds from start to end.
    package var microseconds: Int64 { end - start }

    /// The local date of its end less the local date of its start, whatever the times of day.
    package func days(in zone: Zone) -> Int { zone.daysSinceEpoch(of: end) - zone.daysSinceEpoch(of: start) }

    /// The wire form: `{"start", "end"}`.
    package var json: JSONValue { ["start": start.json, "end": end.json] }

    package var description: String { "[\(start), \(end))" }
}

/// How the share of a part in its whole period is measured.
package enum Proration: String, CaseIterable, Sendable {
    /// Local days ÷ local days.
    case day
    /// Elapsed time ÷ elapsed time.
    case second
    /// Always the whole.
    case none

    /// The share of a stretch in the whole period that holds its start, from 0 to 1.
    package func ratio(of stretch: Period, whole: Period, in zone: Zone) -> Exact {
        switch self {
        case .day:
            let days = whole.days(in: zone)
            guard days > 0 else { return .one }
            return Exact(stretch.days(in: zone), days).clamped(to: 0...1)
        case .second:
            return Exact(numerator: Int128(stretch.microseconds), denominator: Int128(whole.microseconds))
                .clamped(to: 0...1)
        case .none:
            return .one
        }
    }
}

/// How long the periods of a cycle are.
package struct Interval: Hashable, Sendable, CustomStringConvertible {
    /// What is counted.
    package enum Unit: String, CaseIterable, Sendable {
        case day
        case week
        case month
        case year
    }

    /// The unit.
    package let unit: Unit
    /// How many of them, at least 1.
    package let count: Int

    /// Makes an interval of at least one unit.
    package init(_ unit: Unit, count: Int = 1) {
        precondition(count >= 1, "an interval counts at least one unit")
        self.unit = unit
        self.count = count
    }

    /// Reads `{"unit": "month", "count": 1}` to its end; the count is 1 by default.
    package init(json fields: inout JSONFields) throws(Problem) {
        let unit = try fields.choice("unit", as: Unit.self)
        let count = try fields.optionalInt("count") ?? 1
        guard count >= 1 else { throw fields.invalid("count", "must be at least 1, not \(count)") }
        try fields.finish()
        self.init(unit, count: count)
    }

    /// The wire form.
    package var json: JSONValue { ["unit": .string(unit.rawValue), "count": .int(count)] }

    package var description: String { count == 1 ? unit.rawValue : "\(count) \(unit.rawValue)s" }
}

/// Where the periods of a cycle begin and end.
package enum Alignment: String, CaseIterable, Sendable {
    /// At the anchor's day and time.
    case anniversary
    /// At local midnight of the 1st, Monday, 1 January or every day, after a stub.
    case calendar
}
