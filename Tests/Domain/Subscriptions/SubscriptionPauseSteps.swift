import Metering
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// What the tests of pauses do with a subscription.
extension SubscriptionPauseTests {
    @discardableResult
    static func pause(
        _ subscription: Subscription,
        _ timing: SubscriptionChange.Timing = .immediately,
        at instant: String,
        in database: Database
    ) async throws -> Subscription {
        let stamp = try SubscriptionFixture.stamp(instant)
        return try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            try await SubscriptionOperations.pause(
                subscription.id,
                of: subscription.tenant,
                when: timing,
                by: stamp,
                in: transaction
            )
        }
    }

    @discardableResult
    static func resume(
        _ subscription: Subscription,
        at instant: String,
        in database: Database
    ) async throws -> Subscription {
        let stamp = try SubscriptionFixture.stamp(instant)
        return try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            try await SubscriptionOperations.resume(
                subscription.id,
                of: subscription.tenant,
                by: stamp,
                in: transaction
            )
        }
    }

    @discardableResult
    static func reactivate(
        _ subscription: Subscription,
        at instant: String,
        in database: Database
    ) async throws -> Subscription {
        let stamp = try SubscriptionFixture.stamp(instant)
        return try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            try await SubscriptionOperations.reactivate(
                subscription.id,
                of: subscription.tenant,
                by: stamp,
                in: transaction
            )
        }
    }

    @discardableResult
    static func withdraw(
        _ subscription: Subscription,
        _ change: ChangeID? = nil,
        at instant: String,
        in database: Database
    ) async throws -> Subscription {
        let stamp = try SubscriptionFixture.stamp(instant)
        return try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            try await SubscriptionOperations.withdrawScheduled(
                subscription.id,
                of: subscription.tenant,
                change: change,
                by: stamp,
                in: transaction
            )
        }
    }

    @discardableResult
    static func stand(
        _ subscription: Subscription,
        _ standing: SubscriptionStanding,
        _ reason: String?,
        at instant: String,
        _ database: Database
    ) async throws -> Subscription {
        let stamp = try SubscriptionFixture.stamp(instant)
        return try await database.transaction(as: .system) { transaction in
            try await SubscriptionOperations.setStanding(
                standing,
                of: subscription.id,
                tenant: subscription.tenant,
                because: reason,
                by: stamp,
                in: transaction
            )
        }
    }

    static func timeline(
        _ subscription: Subscription,
        at instant: String,
        in database: Database
    ) async throws -> JSONValue {
        let until = try SubscriptionFixture.instant(instant)
        return try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            let story = try await SubscriptionQueries.story(
                of: subscription.id,
                tenant: subscription.tenant,
                in: transaction
            )
            let standings = try await SubscriptionQueries.standings(
                of: subscription.id,
                tenant: subscription.tenant,
                in: transaction
            )
            return try story?.timelineJSON(until: until, standings: standings) ?? .null
        }
    }

    /// Whether a subscription of the tenant prices the output tokens that name none.
    static func pricing(_ tenant: TenantID, at instant: String, in database: Database) async throws -> Bool {
        let at = try SubscriptionFixture.instant(instant)
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await SubscriptionQueries.current(of: tenant, pricing: "tokens.output", at: at, in: transaction) != nil
        }
    }
}
