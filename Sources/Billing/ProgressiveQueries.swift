package import Postgres
import Tenants
package import Values

/// Reading from how much usage on subscriptions are invoiced before their periods end.
package enum ProgressiveQueries {
    /// The threshold of a subscription; nil if it has none.
    package static func threshold(
        of subscription: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Money? {
        let found: Money?? = try await transaction.first(
            """
            SELECT currency, amount_minor FROM app.billing_thresholds
            WHERE tenant_id = \(tenant) AND subscription_id = \(subscription)
            """
        ) { row in
            let currency: Currency = try row.next()
            let minor: Int64? = try row.next()
            return minor.map { Money(minor: $0, currency: currency) }
        }
        return found ?? nil
    }

    /// Names a subscription whose usage is to be looked at.
    struct Key: Hashable, Sendable {
        let tenant: TenantID
        let subscription: SubscriptionID
        /// What its usage comes to: count and sum since a little before its period began.
        let seen: String
    }

    /// Subscriptions with a threshold whose usage is another than when it was looked at last: for `.system`.
    ///
    /// The rollups tell, which are a row a quarter of an hour and meter, however many events there are.
    ///
    /// `tenant`: whose; nil is everyone's who lives by the machine's clock.
    static func changed(
        of tenant: TenantID?,
        after: Key?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [Key] {
        let whose: SQL = tenant.map { "t.tenant_id = \($0)" } ?? TenantQueries.onMachineTime("t.tenant_id")
        let rest: SQL =
            after.map { "AND (t.tenant_id, t.subscription_id) > (\($0.tenant)::uuid, \($0.subscription)::uuid)" } ?? ""
        return try await transaction.query(
            """
            SELECT t.tenant_id, t.subscription_id, u.seen
            FROM app.billing_thresholds t
            JOIN app.subscriptions s ON s.tenant_id = t.tenant_id AND s.id = t.subscription_id
            CROSS JOIN LATERAL (
                SELECT extract(epoch FROM s.current_period_start)::bigint || '/' || coalesce(sum(r.count), 0) || '/'
                       || coalesce(sum(r.sum), 0) AS seen
                FROM app.usage_rollups r
                WHERE r.tenant_id = t.tenant_id AND r.bucket >= s.current_period_start - interval '1 hour'
                  AND r.meter IN (
                      SELECT m.meter FROM app.subscription_meters m
                      WHERE m.tenant_id = t.tenant_id AND m.subscription_id = t.subscription_id)
            ) u
            WHERE t.amount_minor IS NOT NULL AND s.ended_at IS NULL AND t.seen IS DISTINCT FROM u.seen
              AND \(fragment: whose) \(fragment: rest)
            ORDER BY t.tenant_id, t.subscription_id LIMIT \(limit)
            """
        ) { row in Key(tenant: try row.next(), subscription: try row.next(), seen: try row.next()) }
    }
}
