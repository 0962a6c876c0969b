package import Postgres
package import Subscriptions
package import Values

/// What migrations would be invoiced as.
package enum MigrationEffectOperations {
    /// The effect of a migration on one subscription; nil if it would be left as it is.
    ///
    /// Nothing is written. Both sides are what the invoice function says of usage so far.
    package static func preview(
        _ candidate: PlanMigration.Candidate,
        _ migration: PlanMigration,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> MigrationEffect? {
        let proposal = try await PlanMigrationOperations.proposal(candidate, migration, by: stamp, in: transaction)
        guard let (before, after, target) = proposal else { return nil }
        let until = max(try before.timeline(until: stamp.at).nextBoundary ?? stamp.at, stamp.at)
        return MigrationEffect(
            candidate: candidate,
            target: target,
            until: until,
            before: try await sum(before, until, in: transaction),
            after: try await sum(after, until, in: transaction)
        )
    }

    /// What is not invoiced yet, together: what would go to the credit balance counts against it.
    private static func sum(
        _ story: SubscriptionStory,
        _ until: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Money {
        var sum = Money.zero(story.subscription.currency)
        for invoice in try await InvoiceOperations.preview(story, until: until, in: transaction) {
            sum = try sum.adding(invoice.subtotal).subtracting(invoice.discount).adding(invoice.tax)
        }
        return sum
    }
}
