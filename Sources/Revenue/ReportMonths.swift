package import Values

/// The months of a report, and the instant up to which it knows.
package struct ReportMonths: Hashable, Sendable {
    /// The most months of one report: a hundred years.
    package static let maximum = 1_200

    /// The first month.
    package let from: Month
    /// The last month, that included; never after the one that holds the as-of.
    package let to: Month
    /// Nothing that happened, or was recorded, later counts.
    package let asOf: Instant
    /// Where months begin and end.
    package let zone: Zone

    /// Takes the months asked for; those after the as-of are left out, since nothing is known of them.
    package init(from: Month, to: Month, asOf: Instant, zone: Zone = .utc) throws(Problem) {
        guard from <= to else {
            throw .invalid("to", "is \(to), before \(from); the last month is not before the first")
        }
        guard to.index - from.index < Self.maximum else {
            throw .invalid("to", "is \(to); a report has at most \(Self.maximum) months")
        }
        let last = Month(of: zone.date(of: asOf))
        guard from <= last else {
            throw .invalid("from", "is \(from), after the as-of \(asOf); nothing is known of it yet")
        }
        self.from = from
        self.to = min(to, last)
        self.asOf = asOf
        self.zone = zone
    }

    /// The months in order.
    package var all: [Month] { (from.index...to.index).map { Month(index: $0) } }

    /// The first instant that does not count for the closing of a month: its end, or what comes after the as-of.
    func limit(_ month: Month) -> Instant {
        min(month.adding(1).start(in: zone), asOf.adding(microseconds: 1))
    }

    /// Whether the as-of lies in the month, so that it is not over yet.
    package func isPartial(_ month: Month) -> Bool { limit(month) < month.adding(1).start(in: zone) }
}

extension Month {
    /// Reads the month of a command line or a query: `2025-01`, or a date for the month that holds it.
    package init(parsing text: String, field: String) throws(Problem) {
        if let month = Month(text) {
            self = month
        } else if let date = CalendarDate(text) {
            self.init(of: date)
        } else {
            throw .invalid(field, "is \"\(text.prefix(40))\"; a month like 2025-01 is expected")
        }
    }
}
