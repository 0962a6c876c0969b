import Jobs
import Ledger
package import Postgres
import Tenants
package import Values

/// Booking out what nobody used in time of credit that was bought.
package enum CreditExpiryOperations {
    /// Grants of bought credit that expired with something left: for `.system`.
    ///
    /// Not those of tenants that have still to be billed for a time before the end: their invoices may take of it.
    static func expired(
        at instant: Instant,
        tenant: TenantID?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [(tenant: TenantID, grant: GrantID)] {
        try await transaction.query(
            """
            SELECT g.tenant_id, g.id FROM app.credit_grants g LEFT JOIN LATERAL (
                SELECT sum(u.amount_minor) AS used FROM app.credit_uses u
                WHERE u.tenant_id = g.tenant_id AND u.grant_id = g.id
            ) u ON true
            WHERE g.kind = 'prepaid' AND g.expires_at <= \(instant) AND g.voided_at IS NULL AND g.expired_at IS NULL
              AND \(fragment: tenant.map { "g.tenant_id = \($0)" } ?? TenantQueries.onMachineTime("g.tenant_id"))
              AND g.amount_minor > greatest(coalesce(u.used, 0), g.paid_back_minor) + g.withdrawn_minor
              AND NOT EXISTS (
                  SELECT FROM app.subscriptions s
                  WHERE s.tenant_id = g.tenant_id AND s.next_billing_at < g.expires_at)
            ORDER BY g.expires_at, g.tenant_id, g.id LIMIT \(limit)
            """
        ) { row in (tenant: try row.next(), grant: try row.next()) }
    }

    /// Books out what is left of a grant that has expired; once, doing so again is no work.
    ///
    /// - Returns: what was booked out.
    /// - Throws: `CreditError.notFound`.
    @discardableResult
    package static func expire(
        _ id: GrantID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Money {
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        guard let grant = try await CreditQueries.find(id, of: tenant, in: transaction) else {
            throw CreditError.notFound(id)
        }
        let zero = Money.zero(grant.amount.currency)
        guard grant.kind == .prepaid, grant.expiredAt == nil, grant.left.minor > 0,
            let expiry = grant.expiresAt, expiry <= stamp.at
        else { return zero }
        try await transaction.execute(
            """
            UPDATE app.credit_grants SET expired_at = \(stamp.at), expired_minor = \(grant.left.minor)
            WHERE tenant_id = \(tenant) AND id = \(id) AND expired_at IS NULL
            """
        )
        try await CreditOperations.post(
            grant,
            .prepaidCredit,
            .breakageRevenue,
            grant.left.minor,
            "expired",
            at: expiry,
            by: stamp,
            in: transaction
        )
        try await Activity.record(
            "credit.expired",
            object: id.text,
            tenant: tenant,
            details: ["left": grant.left.json],
            by: stamp,
            in: transaction
        )
        return grant.left
    }
}
