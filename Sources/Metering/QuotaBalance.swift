package import Values

/// What is left of a feature at an instant.
package struct QuotaBalance: Hashable, Sendable {
    /// What gives units of the feature at the instant.
    package struct Part: Hashable, Sendable {
        /// `allowance`, `rollover` or `grant`.
        package let kind: String
        /// The wire id of what gives it.
        package let source: String
        /// How much it came with.
        package let units: Exact
        /// What is left of it.
        package let left: Exact
        /// The lowest is used first.
        package let priority: Int
        /// When it ends; nil is never.
        package let expiresAt: Instant?

        fileprivate var json: JSONValue {
            [
                "kind": .string(kind), "source": .string(source), "units": .string(units.decimalText()),
                "left": .string(left.decimalText()), "priority": .int(priority),
                "expires_at": .optional(expiresAt?.text),
            ]
        }
    }

    /// The feature.
    package let feature: String
    /// The meter that counts the use.
    package let meter: String
    /// What there was for the use of the window, and is.
    package let allowance: Exact
    /// How much was used in the window; never below 0.
    package let used: Exact
    /// What is left; below 0 if nothing is, and more was used than there was.
    package let remaining: Exact
    /// What was used since the last change of what there is, and nothing was there for.
    package let excess: Exact
    /// From the earliest start to the latest end of the quotas in force; of grants alone as long as they last.
    package let window: Period
    /// Whether more is refused: only if all quotas say so; what grants alone give is.
    package let isHard: Bool
    /// What gives it, in the order in which it is used.
    package let parts: [Part]

    /// What gives it.
    package var sources: [String] {
        parts.filter { $0.kind != QuotaPot.Kind.rollover.rawValue }.map(\.source).sorted()
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "feature": .string(feature), "meter": .string(meter), "limit": .string(allowance.decimalText()),
            "used": .string(used.decimalText()), "remaining": .string(remaining.decimalText()),
            "window": window.json, "hard": .bool(isHard), "sources": .array(sources.map { .string($0) }),
            "parts": .array(parts.map(\.json)),
        ]
    }

    /// Reads it off what was used.
    ///
    /// `quotas`, `grants`: those in force at the instant, all of one feature and meter.
    ///
    /// `segments`: up to the one that holds the instant, or further.
    ///
    /// Nil if nothing is in force.
    init?(_ quotas: [Quota], _ grants: [QuotaGrant], _ segments: [QuotaSegment], at instant: Instant) {
        guard let place = segments.lastIndex(where: { $0.period.start <= instant }) else { return nil }
        let here = segments[place]
        if let first = quotas.first, let window = QuotaBalance.window(of: quotas) {
            feature = first.feature
            meter = first.meter
            self.window = window
            isHard = quotas.allSatisfy(\.isHard)
            let own = segments[...place].filter { $0.period.start >= window.start }
            used = own.reduce(.zero) { $0 + $1.used }
            allowance = used - own.reduce(.zero) { $0 + $1.overage } + here.left
        } else if let first = grants.first, let start = grants.map(\.startsAt).min(),
            let window = Period(start: start, end: grants.map { $0.end ?? QuotaHistory.forever }.max() ?? start)
        {
            feature = first.feature
            meter = first.meter
            self.window = window
            isHard = true
            allowance = here.pots.reduce(.zero) { $0 + $1.units }
            used = allowance - here.left
        } else {
            return nil
        }
        remaining = here.left > .zero ? here.left : min(.zero, allowance - used)
        excess = segments[place...].reduce(.zero) { $0 + $1.overage }
        parts = here.pots.map { pot in
            Part(
                kind: pot.kind.rawValue,
                source: pot.source,
                units: pot.units,
                left: pot.left,
                priority: pot.priority,
                expiresAt: pot.end
            )
        }
    }

    /// From the earliest start to the latest end.
    static func window(of quotas: [Quota]) -> Period? {
        guard let start = quotas.map(\.window.start).min(), let end = quotas.map(\.window.end).max() else { return nil }
        return Period(start: start, end: end)
    }
}
