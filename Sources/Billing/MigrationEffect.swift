package import Subscriptions
package import Values

/// What a move to another version of its plan changes for a subscription up to the end of its running period.
package struct MigrationEffect: Hashable, Sendable {
    /// The subscription.
    package let candidate: PlanMigration.Candidate
    /// The version it would have.
    package let target: Int
    /// Up to when is compared: the next invoice as the period ends, that included.
    package let until: Instant
    /// What would be invoiced without the move.
    package let before: Money
    /// What would be invoiced with it, what it credits and charges at once included.
    package let after: Money

    /// What is more, or less if below zero.
    package var difference: Money {
        get throws(Problem) { try after.subtracting(before) }
    }

    /// As it leaves.
    package var json: JSONValue {
        get throws(Problem) {
            [
                "tenant": .string(candidate.tenant.text), "subscription": .string(candidate.subscription.text),
                "from": .int(candidate.version), "to": .int(target), "until": until.json, "before": before.json,
                "after": after.json, "difference": try difference.json,
            ]
        }
    }
}
