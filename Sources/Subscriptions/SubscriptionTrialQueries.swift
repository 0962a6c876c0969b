import Postgres
import Values

/// Reading who has had which trial.
enum SubscriptionTrialQueries {
    /// The subscription with which a tenant had, has or will have a trial of a plan, of whichever version; nil: none.
    static func had(
        _ plan: String,
        by tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionID? {
        try await transaction.first(
            """
            SELECT p.subscription_id
            FROM app.subscription_phases p JOIN app.plan_versions v ON v.id = p.plan_version_id
            WHERE p.tenant_id = \(tenant) AND p.status = 'trialing' AND NOT isempty(p.during) AND v.code = \(plan)
            ORDER BY p.starts_at, p.subscription_id LIMIT 1
            """
        ) { row in try row.next() }
    }
}
