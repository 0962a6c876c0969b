import Plans
package import Postgres
package import Values

/// Moving subscriptions from a version of a plan to another.
package enum PlanMigrationOperations {
    /// A page of the subscriptions that a migration is about, in the order of tenants and ids; over all tenants.
    ///
    /// Who has the version already is left out, so that a second run goes on where the first ended.
    ///
    /// - Throws: `PlanError.notFound`, `.noVersion`.
    package static func candidates(
        of migration: PlanMigration,
        limit: Int,
        after: PlanMigration.Candidate? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PlanMigration.Candidate] {
        let targets = try await targets(of: migration, in: transaction)
        return try await PlanMigrationQueries.candidates(
            of: migration,
            targets: targets.map { ($0.plan.currency, $0.version) },
            limit: limit,
            after: after,
            in: transaction
        )
    }

    /// Moves one subscription, as a change of plan that keeps the prices it has of its own.
    ///
    /// - Throws: what a change of plan throws.
    package static func migrate(
        _ candidate: PlanMigration.Candidate,
        _ migration: PlanMigration,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PlanMigration.Outcome {
        let id = candidate.subscription
        guard
            let story = try await SubscriptionQueries.lockedStory(of: id, tenant: candidate.tenant, in: transaction)
        else { throw SubscriptionError.notFound(id) }
        let target = try await target(of: migration, for: story, in: transaction)
        if let reason = try migration.reason(toLeave: story, at: stamp.at, target: target.id) {
            return .left(reason: reason)
        }
        try await SubscriptionOperations.change(
            id,
            of: candidate.tenant,
            migration.draft(to: target.version),
            by: stamp,
            in: transaction
        )
        return .moved(to: target.version)
    }

    /// One subscription as it is and as it would be; nil if it would be left as it is.
    ///
    /// Nothing is written.
    package static func proposal(
        _ candidate: PlanMigration.Candidate,
        _ migration: PlanMigration,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (before: SubscriptionStory, after: SubscriptionStory, target: Int)? {
        let id = candidate.subscription
        guard let story = try await SubscriptionQueries.story(of: id, tenant: candidate.tenant, in: transaction) else {
            throw SubscriptionError.notFound(id)
        }
        let target = try await target(of: migration, for: story, in: transaction)
        guard try migration.reason(toLeave: story, at: stamp.at, target: target.id) == nil else { return nil }
        let after = try await SubscriptionOperations.proposal(
            migration.draft(to: target.version),
            of: story,
            by: stamp,
            in: transaction
        )
        return (story, after, target.version)
    }

    /// The versions that subscriptions are to have, one a currency.
    private static func targets(
        of migration: PlanMigration,
        in transaction: borrowing Transaction
    ) async throws -> [PlanVersion] {
        guard let offer = try await PlanQueries.offer(migration.plan, in: transaction) else {
            throw PlanError.notFound(migration.plan)
        }
        guard offer.archivedAt == nil else { throw PlanError.archived(migration.plan) }
        if let from = migration.from {
            guard try await PlanQueries.version(from, of: migration.plan, in: transaction) != nil else {
                throw PlanError.noVersion(from, of: migration.plan)
            }
        }
        guard let number = migration.to else { return offer.versions }
        guard let version = try await PlanQueries.version(number, of: migration.plan, in: transaction) else {
            throw PlanError.noVersion(number, of: migration.plan)
        }
        return [version]
    }

    private static func target(
        of migration: PlanMigration,
        for story: SubscriptionStory,
        in transaction: borrowing Transaction
    ) async throws -> PlanVersion {
        let currency = story.subscription.currency
        let targets = try await targets(of: migration, in: transaction)
        guard let target = targets.first(where: { $0.plan.currency == currency }) else {
            throw SubscriptionError.otherCurrency(
                plan: migration.plan,
                is: targets.map(\.plan.currency),
                needed: currency
            )
        }
        return target
    }
}
