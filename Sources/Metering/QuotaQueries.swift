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
    /// Quotas of several sources for one feature add up: what they allow together, less what was used since the
    /// earliest of their starts.
    package static func balances(
        of tenant: TenantID,
        feature: String? = nil,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [QuotaBalance] {
        let quotas = try await inForce(of: tenant, feature: feature, at: instant, in: transaction)
        return try await balances(of: quotas, tenant: tenant, in: transaction)
    }

    /// The quotas in force, held until the transaction ends.
    ///
    /// Asked twice: a statement that waited for a grantor sees that the old quotas have ended, but not yet the new ones.
    static func lock(
        of tenant: TenantID,
        feature: String,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Quota] {
        let statement = inForce(tenant, feature, instant, lock: "FOR UPDATE")
        guard let last = try await transaction.results([statement, statement]).last else { return [] }
        return try Transaction.decode(last, quota)
    }

    static func balances(
        of quotas: [Quota],
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [QuotaBalance] {
        let meters = try await MeterQueries.require(Set(quotas.map(\.meter)), in: transaction)
        var balances: [QuotaBalance] = []
        var rest = quotas[...]
        // They come ordered, so those of one feature and meter are neighbours.
        while let first = rest.first {
            let same = Array(rest.prefix { $0.feature == first.feature && $0.meter == first.meter })
            rest = rest.dropFirst(same.count)
            guard let window = QuotaBalance.window(of: same), let meter = meters[first.meter] else { continue }
            let used = try await UsageQueries.quantity(of: tenant, meter: meter, during: window, in: transaction)
            if let balance = QuotaBalance(same, used: used) { balances.append(balance) }
        }
        return balances
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

    static func end(_ ids: [QuotaID], of tenant: TenantID, at instant: Instant) -> SQL {
        """
        UPDATE app.quotas SET ended_at = \(instant) WHERE tenant_id = \(tenant) AND id = ANY (\(ids)::uuid[])
        """
    }

    static func insert(_ quotas: [Quota], of tenant: TenantID, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.quotas (tenant_id, id, feature, meter, allowance, window_start, window_end, is_hard, source,
                                recorded_at, ended_at)
        SELECT \(tenant)::uuid, given.id, given.feature, given.meter, given.allowance, given.window_start,
               given.window_end, given.is_hard, given.source, \(recordedAt)::timestamptz, NULL
        FROM unnest(\(quotas.map(\.id))::uuid[], \(quotas.map(\.feature))::text[], \(quotas.map(\.meter))::text[],
                    \(quotas.map(\.allowance))::numeric[], \(quotas.map(\.window.start))::timestamptz[],
                    \(quotas.map(\.window.end))::timestamptz[], \(quotas.map(\.isHard))::boolean[],
                    \(quotas.map(\.source))::text[])
            AS given (id, feature, meter, allowance, window_start, window_end, is_hard, source)
        RETURNING id
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

    private static let columns: SQL = "id, feature, meter, allowance, window_start, window_end, is_hard, source"

    private static func quota(_ row: inout RowReader) throws -> Quota {
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
            source: try row.next()
        )
    }
}
