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
    /// How much of what the window before left is had in this one beside the allowance; 0 is nothing.
    package let rollover: Decimal12
    /// The wire id of what grants it.
    package let source: String

    /// Whether a draft asks for what this one is.
    func isSame(as draft: QuotaDraft) -> Bool {
        feature == draft.feature && meter == draft.meter && allowance == draft.allowance && window == draft.window
            && isHard == draft.isHard && rollover == draft.rollover
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
    /// How much of what the window before left is had in this one beside the allowance.
    package var rollover: Decimal12

    /// Makes a draft; windows of one feature and source must not overlap.
    package init(
        feature: String,
        meter: String,
        allowance: Decimal12,
        window: Period,
        isHard: Bool,
        rollover: Decimal12 = .zero
    ) {
        self.feature = feature
        self.meter = meter
        self.allowance = allowance
        self.window = window
        self.isHard = isHard
        self.rollover = rollover
    }
}
