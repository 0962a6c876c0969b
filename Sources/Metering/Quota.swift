package import Values

extension Entities {
    /// An allowance of a feature.
    package enum Quota: Entity {
        package static let prefix = "quo"
    }
}

/// Names an allowance of a feature.
package typealias QuotaID = ID<Entities.Quota>

/// How much of a meter a feature allows in a window.
package struct Quota: Hashable, Sendable {
    /// Names it.
    package let id: QuotaID
    /// What it allows, like `tokens`.
    package let feature: String
    /// The meter that counts the use.
    package let meter: String
    /// How much is allowed in the window.
    package let allowance: Decimal12
    /// When; usage of the whole window counts against it.
    package let window: Period
    /// Whether more is refused; otherwise it is only reported.
    package let isHard: Bool
    /// The wire id of what grants it.
    package let source: String

    /// Whether a draft asks for what this one is.
    func isSame(as draft: QuotaDraft) -> Bool {
        feature == draft.feature && meter == draft.meter && allowance == draft.allowance && window == draft.window
            && isHard == draft.isHard
    }
}

/// An allowance that is to hold.
package struct QuotaDraft: Hashable, Sendable {
    /// What it allows.
    package var feature: String
    /// The meter that counts the use.
    package var meter: String
    /// How much is allowed in the window.
    package var allowance: Decimal12
    /// When.
    package var window: Period
    /// Whether more is refused.
    package var isHard: Bool

    /// Makes a draft; windows of one feature and source must not overlap.
    package init(feature: String, meter: String, allowance: Decimal12, window: Period, isHard: Bool) {
        self.feature = feature
        self.meter = meter
        self.allowance = allowance
        self.window = window
        self.isHard = isHard
    }
}

/// What is left of a feature at an instant.
package struct QuotaBalance: Hashable, Sendable {
    /// The feature.
    package let feature: String
    /// The meter that counts the use.
    package let meter: String
    /// How much is allowed: the sum over all quotas in force.
    package let allowance: Exact
    /// How much was used in the window; never below 0.
    package let used: Exact
    /// From the earliest start to the latest end of the quotas in force.
    package let window: Period
    /// Whether more is refused: only if all of them say so.
    package let isHard: Bool
    /// What grants it.
    package let sources: [String]

    /// What is left; below 0 if more was used than allowed.
    package var remaining: Exact { allowance - used }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "feature": .string(feature), "meter": .string(meter), "limit": .string(allowance.decimalText()),
            "used": .string(used.decimalText()), "remaining": .string(remaining.decimalText()),
            "window": window.json, "hard": .bool(isHard), "sources": .array(sources.map { .string($0) }),
        ]
    }

    /// Adds up quotas of one feature and meter; nil if there are none.
    init?(_ quotas: [Quota], used: Exact) {
        guard let first = quotas.first, let window = QuotaBalance.window(of: quotas) else { return nil }
        feature = first.feature
        meter = first.meter
        allowance = quotas.reduce(.zero) { $0 + $1.allowance.exact }
        self.used = max(used, .zero)
        self.window = window
        isHard = quotas.allSatisfy(\.isHard)
        sources = quotas.map(\.source)
    }

    /// From the earliest start to the latest end.
    static func window(of quotas: [Quota]) -> Period? {
        guard let start = quotas.map(\.window.start).min(), let end = quotas.map(\.window.end).max() else { return nil }
        return Period(start: start, end: end)
    }
}
