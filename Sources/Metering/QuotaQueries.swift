package import Postgres
package import Values

/// Reading what is allowed, and what is left of it.
package enum QuotaQueries {
    /// The quotas in force at an instant, in the order of features.
    package static func inForce(
        of tenant: TenantID,
        feature: String? = nil,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Quota] {
        try await transaction.query(inForce(tenant, feature, instant, lock: ""), quota)
    }

    /// The meter by which a feature is counted at an instant; nil if nothing allows it then.
    package static func meter(
        of tenant: TenantID,
        feature: String,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> String? {
        let quotas = try await inForce(of: tenant, feature: feature, at: instant, in: transaction)
        if let meter = quotas.first?.meter { return meter }
        let grants = QuotaGrantQueries.inForce(tenant, feature, instant)
        return try await transaction.query(grants, QuotaGrantQueries.grant).first?.meter
    }

    /// What is left of a feature at an instant; nil if nothing allows it then.
    package static func balance(
        of tenant: TenantID,
        feature: String,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> QuotaBalance? {
        try await balances(of: tenant, feature: feature, at: instant, in: transaction).first
    }

    /// What is left of each feature at an instant, in the order of features.
    ///
    /// Quotas of several sources and grants of one feature add up; what is used takes from them in their order.
    package static func balances(
        of tenant: TenantID,
        feature: String? = nil,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [QuotaBalance] {
        let results = try await transaction.results([
            inForce(tenant, feature, instant, lock: ""), QuotaGrantQueries.inForce(tenant, feature, instant),
        ])
        guard results.count == 2 else { return [] }
        return try await QuotaBalanceQueries.balances(
            of: try Transaction.decode(results[0], quota),
            try Transaction.decode(results[1], QuotaGrantQueries.grant),
            tenant: tenant,
            at: instant,
            in: transaction
        )
    }

    /// The quotas and grants of a feature in force, held until the transaction ends, as the feature is.
    ///
    /// The quotas are asked for twice: a statement that waited for a grantor sees that the old ones have ended, but
    /// not yet the new ones.
    static func lock(
        of tenant: TenantID,
        feature: String,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> (quotas: [Quota], grants: [QuotaGrant]) {
        let quotas = inForce(tenant, feature, instant, lock: "FOR UPDATE")
        let results = try await transaction.results([
            "SELECT pg_advisory_xact_lock(hashtextextended(\("quota/\(tenant.uuidText)/\(feature)"), 0))", quotas,
            quotas, "\(fragment: QuotaGrantQueries.inForce(tenant, feature, instant)) FOR UPDATE",
        ])
        guard results.count == 4 else { return ([], []) }
        return (
            try Transaction.decode(results[2], quota), try Transaction.decode(results[3], QuotaGrantQueries.grant)
        )
    }

    /// The quotas of a source that are to be compared with what shall hold: those that end after an instant.
    static func current(
        source: String,
        feature: String?,
        of tenant: TenantID,
        after instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Quota] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.quotas
            WHERE tenant_id = \(tenant) AND source = \(source) AND ended_at IS NULL AND window_end > \(instant)
              AND (\(feature)::text IS NULL OR feature = \(feature))
            ORDER BY id FOR UPDATE
            """,
            quota
        )
    }

    /// The same for many sources, by source.
    static func current(
        of replacements: [QuotaReplacement],
        in transaction: borrowing Transaction
    ) async throws -> [String: [Quota]] {
        let quotas = try await transaction.query(
            """
            SELECT \(fragment: columns)
            FROM unnest(\(replacements.map(\.tenant))::uuid[], \(replacements.map(\.source))::text[],
                        \(replacements.map(\.comparedAfter))::timestamptz[]) AS given (owner, granting, after)
            JOIN app.quotas q ON q.tenant_id = given.owner AND q.source = given.granting
            WHERE q.ended_at IS NULL AND q.window_end > given.after
            ORDER BY q.tenant_id, q.id FOR UPDATE OF q
            """,
            quota
        )
        return Dictionary(grouping: quotas, by: \.source)
    }

    static func end(_ ended: [(of: QuotaReplacement, id: QuotaID)], recordedAt: Instant) -> SQL {
        """
        UPDATE app.quotas q SET ended_at = \(recordedAt), until = given.at
        FROM unnest(\(ended.map(\.of.tenant))::uuid[], \(ended.map(\.id))::uuid[],
                    \(ended.map(\.of.at))::timestamptz[]) AS given (tenant_id, id, at)
        WHERE q.tenant_id = given.tenant_id AND q.id = given.id
        """
    }

    static func insert(_ granted: [(of: QuotaReplacement, row: QuotaDraft)], recordedAt: Instant) -> SQL {
        let rows = granted.map(\.row)
        return """
            INSERT INTO app.quotas (tenant_id, id, feature, meter, allowance, window_start, window_end, is_hard,
                                    rollover, source, recorded_at, ended_at)
            SELECT tenant_id, id, feature, meter, allowance, window_start, window_end, is_hard, rollover, source,
                   \(recordedAt)::timestamptz, NULL
            FROM unnest(\(granted.map(\.of.tenant))::uuid[],
                        \(rows.map { _ in QuotaID.make(at: recordedAt) })::uuid[], \(rows.map(\.feature))::text[],
                        \(rows.map(\.meter))::text[], \(rows.map(\.allowance))::numeric[],
                        \(rows.map(\.window.start))::timestamptz[], \(rows.map(\.window.end))::timestamptz[],
                        \(rows.map(\.isHard))::boolean[], \(rows.map(\.rollover))::numeric[],
                        \(granted.map(\.of.source))::text[])
                AS given (tenant_id, id, feature, meter, allowance, window_start, window_end, is_hard, rollover, source)
            RETURNING 1
            """
    }

    private static func inForce(_ tenant: TenantID, _ feature: String?, _ instant: Instant, lock: String) -> SQL {
        """
        SELECT \(fragment: columns) FROM app.quotas
        WHERE tenant_id = \(tenant) AND ended_at IS NULL AND window_start <= \(instant) AND window_end > \(instant)
          AND (\(feature)::text IS NULL OR feature = \(feature))
        ORDER BY feature, meter, source, id \(unescaped: lock)
        """
    }

    static let columns: SQL = "id, feature, meter, allowance, window_start, window_end, is_hard, rollover, source"

    static func quota(_ row: inout RowReader) throws -> Quota {
        let id: QuotaID = try row.next()
        let feature: String = try row.next()
        let meter: String = try row.next()
        let allowance: Decimal12 = try row.next()
        let start: Instant = try row.next()
        let end: Instant = try row.next()
        guard let window = Period(start: start, end: end) else {
            throw PostgresError(.decoding, "the window of a quota is empty")
        }
        return Quota(
            id: id,
            feature: feature,
            meter: meter,
            allowance: allowance,
            window: window,
            isHard: try row.next(),
            rollover: try row.next(),
            source: try row.next()
        )
    }
}
