package import Postgres
package import Values

/// Reading the rules by which credit is bought by itself.
package enum TopUpQueries {
    /// A tenant's rule; nil if it has none.
    package static func find(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> TopUpRule? {
        try await transaction.first(
            """
            SELECT tenant_id, currency, threshold_minor, package, monthly_limit_minor FROM app.top_up_rules
            WHERE tenant_id = \(tenant) AND ended_at IS NULL
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            return TopUpRule(
                tenant: tenant,
                threshold: Money(minor: try row.next(), currency: currency),
                package: try row.next(),
                monthlyLimit: Money(minor: try row.next(), currency: currency)
            )
        }
    }

    /// Tenants whose bought credit is below their threshold, and that have nothing under way: for `.system`.
    static func low(
        at instant: Instant,
        after: TenantID?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID] {
        try await transaction.query(
            """
            SELECT r.tenant_id FROM app.top_up_rules r
            WHERE r.ended_at IS NULL AND (\(after)::uuid IS NULL OR r.tenant_id > \(after))
              AND NOT EXISTS (
                  SELECT FROM app.credit_purchases p
                  WHERE p.tenant_id = r.tenant_id AND p.source = 'top_up' AND p.status = 'pending')
              AND coalesce((
                  SELECT sum(g.amount_minor - greatest(coalesce(u.used, 0), g.paid_back_minor)
                             - coalesce(g.expired_minor, 0) - g.withdrawn_minor)
                  FROM app.credit_grants g LEFT JOIN LATERAL (
                      SELECT sum(u.amount_minor) AS used FROM app.credit_uses u
                      WHERE u.tenant_id = g.tenant_id AND u.grant_id = g.id
                  ) u ON true
                  WHERE g.tenant_id = r.tenant_id AND g.kind = 'prepaid' AND g.voided_at IS NULL
                    AND g.currency = r.currency AND g.granted_at <= \(instant)
                    AND (g.expires_at IS NULL OR g.expires_at > \(instant))
              ), 0) < r.threshold_minor
            ORDER BY r.tenant_id LIMIT \(limit)
            """
        ) { row in try row.next() }
    }

    /// When an automatic purchase failed last.
    static func lastFailure(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        try await transaction.first(
            """
            SELECT settled_at FROM app.credit_purchases
            WHERE tenant_id = \(tenant) AND source = 'top_up' AND status = 'failed'
            ORDER BY settled_at DESC LIMIT 1
            """
        ) { row in try row.next() }
    }
}
