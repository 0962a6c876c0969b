package import Postgres
package import Values

/// Reading extra units of features.
package enum QuotaGrantQueries {
    /// One grant of a tenant.
    package static func find(
        _ id: QuotaGrantID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> QuotaGrant? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.quota_grants g WHERE g.tenant_id = \(tenant) AND g.id = \(id)",
            grant
        )
    }

    /// Grants in the order of their ids, also those that have expired or were taken back.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID,
        feature: String? = nil,
        limit: Int,
        after: QuotaGrantID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [QuotaGrant] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.quota_grants g
            WHERE g.tenant_id = \(tenant) AND (\(feature)::text IS NULL OR g.feature = \(feature))
              AND (\(after)::uuid IS NULL OR g.id > \(after))
            ORDER BY g.id LIMIT \(limit)
            """,
            grant
        )
    }

    /// Those that can be used at an instant, in the order of features, meters and ids.
    static func inForce(_ tenant: TenantID, _ feature: String?, _ instant: Instant) -> SQL {
        """
        SELECT \(fragment: columns) FROM app.quota_grants g
        WHERE g.tenant_id = \(tenant) AND (\(feature)::text IS NULL OR g.feature = \(feature))
          AND g.starts_at <= \(instant) AND (g.expires_at IS NULL OR g.expires_at > \(instant))
          AND (g.voided_at IS NULL OR g.voided_at > \(instant))
        ORDER BY g.feature, g.meter, g.id
        """
    }

    /// The meter by which a feature was counted last; of quotas that begin later, too.
    static func lastMeter(of feature: String, _ tenant: TenantID) -> SQL {
        """
        SELECT meter FROM app.quotas WHERE tenant_id = \(tenant) AND feature = \(feature)
        ORDER BY ended_at IS NULL DESC, window_start DESC LIMIT 1
        """
    }

    static func insert(_ grant: QuotaGrant, of tenant: TenantID, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.quota_grants (tenant_id, id, feature, meter, units, priority, starts_at, expires_at, memo,
                                      recorded_at, author)
        VALUES (\(tenant), \(grant.id), \(grant.feature), \(grant.meter), \(grant.units), \(grant.priority),
                \(grant.startsAt), \(grant.expiresAt), \(grant.memo), \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT (tenant_id, id) DO NOTHING
        """
    }

    static let columns: SQL =
        "g.id, g.feature, g.meter, g.units, g.priority, g.starts_at, g.expires_at, g.voided_at, g.memo"

    static func grant(_ row: inout RowReader) throws -> QuotaGrant {
        QuotaGrant(
            id: try row.next(),
            feature: try row.next(),
            meter: try row.next(),
            units: try row.next(),
            priority: try row.next(),
            startsAt: try row.next(),
            expiresAt: try row.next(),
            voidedAt: try row.next(),
            memo: try row.next()
        )
    }
}
