package import Postgres
package import Values

/// Reading credit.
package enum CreditQueries {
    /// One grant of a tenant.
    package static func find(
        _ id: GrantID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditGrant? {
        try await transaction.first(
            "SELECT \(fragment: columns) WHERE g.tenant_id = \(tenant) AND g.id = \(id)",
            grant
        )
    }

    /// Grants in the order of their ids, also those used up, expired or voided, each with its tenant's present instant.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `after`: the last id of the page before.
    ///
    /// `now`: the machine's present instant, which is that of tenants without a test clock.
    package static func list(
        of tenant: TenantID?,
        limit: Int,
        after: GrantID? = nil,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [(grant: CreditGrant, at: Instant)] {
        try await transaction.query(
            """
            SELECT coalesce(
                (SELECT c.at FROM app.tenants t JOIN app.test_clocks c ON c.clock_id = t.clock_id
                 WHERE t.tenant_id = g.tenant_id), \(now)::timestamptz), \(fragment: columns)
            WHERE (\(tenant)::uuid IS NULL OR g.tenant_id = \(tenant)) AND (\(after)::uuid IS NULL OR g.id > \(after))
            ORDER BY g.id LIMIT \(limit)
            """
        ) { row in
            let instant: Instant = try row.next()
            return (grant: try grant(&row), at: instant)
        }
    }

    /// The credit balance: what invoices below zero left and later ones have not used.
    package static func balance(
        of tenant: TenantID,
        currency: Currency,
        in transaction: borrowing Transaction
    ) async throws -> Money {
        let minor: Int64? = try await transaction.first(
            """
            SELECT coalesce(sum(amount_minor), 0)::bigint FROM app.credit_movements
            WHERE tenant_id = \(tenant) AND currency = \(currency)
            """
        ) { row in try row.next() }
        return Money(minor: minor ?? 0, currency: currency)
    }

    /// What an invoice of an instant could take: all usable grants and the credit balance.
    package static func available(
        of tenant: TenantID,
        currency: Currency,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Money {
        var pool = try await pool(of: tenant, currency: currency, in: transaction)
        return Money(minor: pool.take(.max, at: instant).total, currency: currency)
    }

    /// What is left of credit that was bought, and can be used at an instant.
    package static func prepaid(
        of tenant: TenantID,
        currency: Currency,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Money {
        let grants = try await transaction.query(
            """
            SELECT \(fragment: columns)
            WHERE g.tenant_id = \(tenant) AND g.currency = \(currency) AND g.kind = 'prepaid' AND g.voided_at IS NULL
              AND g.granted_at <= \(instant) AND (g.expires_at IS NULL OR g.expires_at > \(instant))
            """,
            grant
        )
        return try grants.reduce(Money.zero(currency)) { try $0.adding($1.left) }
    }

    /// All that is left of grants and balance.
    ///
    /// Whoever takes of it locks the tenant's credit first.
    static func pool(
        of tenant: TenantID,
        currency: Currency,
        in transaction: borrowing Transaction
    ) async throws -> CreditPool {
        let key = PoolKey(tenant: tenant, currency: currency)
        return try await pools(of: [key], in: transaction)[key] ?? CreditPool(grants: [], balance: 0)
    }

    static func insert(_ grant: CreditGrant, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.credit_grants (tenant_id, id, kind, currency, amount_minor, priority, granted_at, expires_at,
                                       memo, withdrawn_minor, paid_back_minor, recorded_at, author)
        VALUES (\(grant.tenant), \(grant.id), \(grant.kind.rawValue), \(grant.amount.currency), \(grant.amount.minor),
                \(grant.priority), \(grant.grantedAt), \(grant.expiresAt), \(grant.memo), 0, 0,
                \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT (tenant_id, id) DO NOTHING
        """
    }

    /// Gives back what a voided invoice had taken.
    static func giveBack(_ invoice: Invoice, by stamp: Stamp) -> [SQL] {
        [
            """
            INSERT INTO app.credit_uses (tenant_id, grant_id, invoice_id, kind, amount_minor, at, recorded_at)
            SELECT tenant_id, grant_id, invoice_id, 'returned', -amount_minor, \(stamp.at)::timestamptz,
                   \(stamp.recordedAt)::timestamptz
            FROM app.credit_uses
            WHERE tenant_id = \(invoice.tenant) AND invoice_id = \(invoice.id) AND kind = 'used'
            ON CONFLICT DO NOTHING
            """,
            """
            INSERT INTO app.credit_movements (tenant_id, invoice_id, kind, currency, amount_minor, at, recorded_at)
            SELECT tenant_id, invoice_id, 'returned', currency, -amount_minor, \(stamp.at)::timestamptz,
                   \(stamp.recordedAt)::timestamptz
            FROM app.credit_movements
            WHERE tenant_id = \(invoice.tenant) AND invoice_id = \(invoice.id) AND kind = 'used'
            ON CONFLICT DO NOTHING
            """,
        ]
    }

    /// What an invoice took of grants, and of the balance.
    static func application(
        to invoice: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditPool.Application {
        try await applications(to: [(tenant, invoice)], in: transaction)[invoice] ?? CreditPool.Application()
    }

    static let columns: SQL =
        """
        g.id, g.tenant_id, g.kind, g.currency, g.amount_minor, coalesce(u.used, 0)::bigint,
        coalesce(g.expired_minor, 0), g.expired_at, g.withdrawn_minor, g.paid_back_minor, g.priority,
        g.granted_at, g.expires_at, g.voided_at, g.memo
        FROM app.credit_grants g LEFT JOIN LATERAL (
            SELECT sum(u.amount_minor) AS used FROM app.credit_uses u
            WHERE u.tenant_id = g.tenant_id AND u.grant_id = g.id
        ) u ON true
        """

    static func grant(_ row: inout RowReader) throws -> CreditGrant {
        let id: GrantID = try row.next()
        let tenant: TenantID = try row.next()
        let kind: String = try row.next()
        let currency: Currency = try row.next()
        let amount: Int64 = try row.next()
        let used: Int64 = try row.next()
        return CreditGrant(
            id: id,
            tenant: tenant,
            kind: CreditGrant.Kind(rawValue: kind) ?? .promotional,
            amount: Money(minor: amount, currency: currency),
            used: Money(minor: used, currency: currency),
            expired: Money(minor: try row.next(), currency: currency),
            expiredAt: try row.next(),
            withdrawn: Money(minor: try row.next(), currency: currency),
            paidBack: Money(minor: try row.next(), currency: currency),
            priority: try row.next(),
            grantedAt: try row.next(),
            expiresAt: try row.next(),
            voidedAt: try row.next(),
            memo: try row.next()
        )
    }
}
