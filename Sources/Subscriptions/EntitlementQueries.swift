import Metering
import Plans
package import Postgres
package import Values

/// Reading what a tenant may use.
package enum EntitlementQueries {
    /// So many subscriptions of a tenant are looked at.
    private static let limit = SubscriptionLimits.open

    /// All features of a tenant at an instant, in the order of their names.
    package static func all(
        of tenant: TenantID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Entitlement] {
        let balances = try await QuotaQueries.balances(of: tenant, at: instant, in: transaction)
        return Entitlement.all(of: try await granted(to: tenant, at: instant, in: transaction), balances)
    }

    /// One feature; nil if the tenant has nothing of it.
    package static func find(
        _ feature: String,
        of tenant: TenantID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Entitlement? {
        try await all(of: tenant, at: instant, in: transaction).first { $0.feature == feature }
    }

    /// The features of the subscriptions in force: those that are suspended or stand still grant nothing.
    private static func granted(
        to tenant: TenantID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [(subscription: SubscriptionID, features: PlanFeatures)] {
        let inForce = try await SubscriptionQueries.list(of: tenant, limit: limit, in: transaction).filter {
            [.trialing, .active, .pastDue].contains($0.status) && $0.startsAt <= instant
        }
        let ids = Set(inForce.map(\.planVersion)).sorted()
        let versions = try await PlanQueries.versions(ids, in: transaction)
        return inForce.compactMap { subscription in
            versions.first { $0.id == subscription.planVersion }.map { (subscription.id, $0.features) }
        }
    }
}
