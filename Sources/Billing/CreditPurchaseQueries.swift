package import Postgres
package import Values

/// Reading and writing purchases of credit.
package enum CreditPurchaseQueries {
    /// One purchase of a tenant.
    package static func find(
        _ id: CreditPurchaseID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditPurchase? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.credit_purchases WHERE tenant_id = \(tenant) AND id = \(id)",
            purchase
        )
    }

    /// Purchases, the newest first.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `before`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        limit: Int,
        before: CreditPurchaseID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [CreditPurchase] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.credit_purchases
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) AND (\(before)::uuid IS NULL OR id < \(before))
            ORDER BY id DESC LIMIT \(limit)
            """,
            purchase
        )
    }

    /// The purchase, held until the transaction ends.
    static func lock(
        _ id: CreditPurchaseID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditPurchase {
        let found = try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.credit_purchases WHERE tenant_id = \(tenant) AND id = \(id)
            FOR NO KEY UPDATE
            """,
            purchase
        )
        guard let found else { throw CreditError.purchaseNotFound(id) }
        return found
    }

    /// The purchase of a tenant that a charge paid.
    static func find(
        gateway: String,
        reference: String,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditPurchase? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.credit_purchases
            WHERE tenant_id = \(tenant) AND gateway = \(gateway) AND reference = \(reference)
            """,
            purchase
        )
    }

    /// Whose purchase a charge is, of all tenants: for `.system`.
    static func key(
        gateway: String,
        reference: String,
        in transaction: borrowing Transaction
    ) async throws -> (tenant: TenantID, id: CreditPurchaseID)? {
        try await transaction.first(
            """
            SELECT tenant_id, id FROM app.credit_purchases WHERE gateway = \(gateway) AND reference = \(reference) LIMIT 1
            """
        ) { row in (tenant: try row.next(), id: try row.next()) }
    }

    /// What went back of a purchase, in minor units: all of it, and what of that was not owed to the tenant anyway.
    ///
    /// The caller holds the purchase.
    static func back(
        of id: CreditPurchaseID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> (total: Int64, ofPurchase: Int64) {
        let found: (total: Int64, ofPurchase: Int64)? = try await transaction.first(
            """
            SELECT coalesce(sum(amount), 0)::bigint, coalesce(sum(amount - payable), 0)::bigint FROM (
                SELECT applied_minor + credit_minor + payable_minor AS amount, payable_minor AS payable FROM app.refunds
                WHERE tenant_id = \(tenant) AND purchase_id = \(id) AND state <> 'failed'
                UNION ALL
                SELECT applied_minor + credit_minor, 0 FROM app.payment_disputes
                WHERE tenant_id = \(tenant) AND purchase_id = \(id) AND state <> 'won'
            ) part
            """
        ) { row in (total: try row.next(), ofPurchase: try row.next()) }
        return found ?? (total: 0, ofPurchase: 0)
    }

    /// What automatic purchases since an instant cost that have not failed.
    static func spent(
        of tenant: TenantID,
        currency: Currency,
        since instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Int64 {
        let minor: Int64? = try await transaction.first(
            """
            SELECT coalesce(sum(price_minor), 0)::bigint FROM app.credit_purchases
            WHERE tenant_id = \(tenant) AND source = 'top_up' AND status <> 'failed' AND currency = \(currency)
              AND requested_at >= \(instant)
            """
        ) { row in try row.next() }
        return minor ?? 0
    }

    static func insert(_ purchase: CreditPurchase, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.credit_purchases (tenant_id, id, package, source, status, currency, price_minor, credit_minor,
            expires_after_days, priority, gateway, reference, fee_minor, requested_at, recorded_at, author)
        VALUES (\(purchase.tenant), \(purchase.id), \(purchase.package), \(purchase.source.rawValue),
                \(purchase.status.rawValue), \(purchase.price.currency), \(purchase.price.minor),
                \(purchase.credit.minor), \(purchase.expiresAfterDays), \(purchase.priority), \(purchase.gateway),
                \(purchase.reference), 0, \(purchase.requestedAt), \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT DO NOTHING
        """
    }

    private static let columns: SQL =
        """
        id, tenant_id, package, source, status, currency, price_minor, credit_minor, expires_after_days, priority,
        gateway, reference, action_url, failure, fee_minor, grant_id, bonus_grant_id, requested_at, settled_at
        """

    private static func purchase(_ row: inout RowReader) throws -> CreditPurchase {
        let id: CreditPurchaseID = try row.next()
        let tenant: TenantID = try row.next()
        let package: String = try row.next()
        let source: String = try row.next()
        let status: String = try row.next()
        let currency: Currency = try row.next()
        guard let source = CreditPurchase.Source(rawValue: source), let status = CreditPurchase.Status(rawValue: status)
        else { throw PostgresError(.decoding, "a purchase of credit cannot be read") }
        return CreditPurchase(
            id: id,
            tenant: tenant,
            package: package,
            source: source,
            status: status,
            price: Money(minor: try row.next(), currency: currency),
            credit: Money(minor: try row.next(), currency: currency),
            expiresAfterDays: try row.next(),
            priority: try row.next(),
            gateway: try row.next(),
            reference: try row.next(),
            actionURL: try row.next(),
            failure: try row.next(),
            fee: Money(minor: try row.next(), currency: currency),
            grant: try row.next(),
            bonusGrant: try row.next(),
            requestedAt: try row.next(),
            settledAt: try row.next()
        )
    }
}
