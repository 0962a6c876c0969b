package import Postgres
package import Values

/// Reading alerts.
package enum AlertQueries {
    /// One alert of a tenant, also one that was removed.
    package static func find(
        _ id: AlertID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Alert? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.alerts a WHERE a.tenant_id = \(tenant) AND a.id = \(id)",
            alert
        )
    }

    /// The alerts of a tenant in the order of their ids, without those that were removed.
    ///
    /// `tenant`: nil is all, for staff.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        limit: Int,
        after: AlertID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Alert] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.alerts a
            WHERE (\(tenant)::uuid IS NULL OR a.tenant_id = \(tenant)) AND (\(after)::uuid IS NULL OR a.id > \(after))
              AND a.removed_at IS NULL
            ORDER BY a.id LIMIT \(limit)
            """,
            alert
        )
    }

    /// Which thresholds of an alert were told, with the beginnings of the periods, the latest first.
    package static func firings(
        of id: AlertID,
        tenant: TenantID,
        limit: Int = 100,
        in transaction: borrowing Transaction
    ) async throws -> [(threshold: String, periodStart: Instant)] {
        try await transaction.query(
            """
            SELECT threshold, period_start FROM app.alert_firings WHERE tenant_id = \(tenant) AND alert_id = \(id)
            ORDER BY at DESC, threshold LIMIT \(limit)
            """
        ) { row in (try row.next(), try row.next()) }
    }

    static func insert(_ alert: Alert, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.alerts (tenant_id, id, kind, meter, feature, thresholds, name, created_at, recorded_at, author)
        VALUES (\(alert.tenant), \(alert.id), \(alert.kind.rawValue), \(alert.meter), \(alert.feature),
                \(alert.thresholds.map(\.text))::text[], \(alert.name), \(alert.createdAt), \(stamp.recordedAt),
                \(stamp.author))
        """
    }

    /// Alerts whose tenants have used something, or whose credit has changed, since they were looked at last, each with
    /// the mark of what it is now; for `.system`.
    ///
    /// The mark is what rollups add up to since well before any calendar month or window that can be meant; its
    /// beginning moves once a week.
    ///
    /// `after`: the last alert of the page before.
    static func due(
        _ kinds: [Alert.Kind],
        at instant: Instant,
        after: (tenant: TenantID, alert: AlertID)?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [(alert: Alert, mark: String)] {
        try await transaction.query(
            """
            SELECT \(fragment: columns), now.mark
            FROM app.alerts a
            JOIN app.tenants t ON t.tenant_id = a.tenant_id
            LEFT JOIN app.test_clocks c ON c.clock_id = t.clock_id
            LEFT JOIN app.alert_marks m ON m.tenant_id = a.tenant_id AND m.alert_id = a.id
            CROSS JOIN LATERAL (
                SELECT date_bin('7 days', coalesce(c.at, \(instant)) - interval '40 days', '2000-01-01 00:00:00+00') AS at
            ) month
            CROSS JOIN LATERAL (
                SELECT least(month.at, (
                    SELECT min(q.window_start) FROM app.quotas q
                    WHERE q.tenant_id = a.tenant_id AND q.feature = a.feature AND q.ended_at IS NULL
                      AND q.window_start <= coalesce(c.at, \(instant)) AND q.window_end > coalesce(c.at, \(instant))
                )) AS at
            ) since
            CROSS JOIN LATERAL (
                SELECT concat_ws('/', since.at, coalesce(sum(r.count), 0), coalesce(sum(r.sum), 0), (
                    SELECT concat_ws('/', sum(g.amount_minor - coalesce(g.expired_minor, 0)
                                                 - g.withdrawn_minor - g.paid_back_minor), count(g.voided_at), (
                        SELECT sum(u.amount_minor) FROM app.credit_uses u WHERE u.tenant_id = a.tenant_id))
                    FROM app.credit_grants g WHERE g.tenant_id = a.tenant_id AND a.kind = 'credit'
                )) AS mark
                FROM app.usage_rollups r
                WHERE r.tenant_id = a.tenant_id AND r.bucket >= since.at
                  AND (a.meter IS NULL OR r.meter = a.meter)
            ) now
            WHERE a.removed_at IS NULL AND a.kind = ANY (\(kinds.map(\.rawValue))::text[])
              AND (\(after?.tenant)::uuid IS NULL OR (a.tenant_id, a.id) > (\(after?.tenant)::uuid, \(after?.alert)::uuid))
              AND now.mark IS DISTINCT FROM m.mark
            ORDER BY a.tenant_id, a.id LIMIT \(limit)
            """
        ) { row in (try alert(&row), try row.next()) }
    }

    /// Tells thresholds that were not told in the period yet, and says which these are.
    static func fire(_ alert: Alert, _ thresholds: [AlertThreshold], _ figure: AlertFigure, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.alert_firings (tenant_id, alert_id, threshold, period_start, value, at, recorded_at)
        SELECT \(alert.tenant)::uuid, \(alert.id)::uuid, threshold, \(figure.periodStart)::timestamptz,
               \(figure.value)::numeric, \(stamp.at)::timestamptz, \(stamp.recordedAt)::timestamptz
        FROM unnest(\(thresholds.map(\.text))::text[]) AS threshold ORDER BY threshold
        ON CONFLICT DO NOTHING
        RETURNING threshold
        """
    }

    static func mark(_ alert: Alert, _ mark: String, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.alert_marks (tenant_id, alert_id, mark, recorded_at)
        VALUES (\(alert.tenant), \(alert.id), \(mark), \(recordedAt))
        ON CONFLICT (tenant_id, alert_id) DO UPDATE SET mark = excluded.mark, recorded_at = excluded.recorded_at
        """
    }

    /// When a tenant was given credit last; nil if it never was.
    package static func lastCredit(
        of tenant: TenantID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        let found: Instant?? = try await transaction.first(
            """
            SELECT max(granted_at) FROM app.credit_grants
            WHERE tenant_id = \(tenant) AND voided_at IS NULL AND granted_at <= \(instant)
            """
        ) { row in try row.next() as Instant? }
        return found ?? nil
    }

    private static let columns: SQL =
        "a.id, a.tenant_id, a.kind, a.meter, a.feature, a.thresholds, a.name, a.created_at, a.removed_at"

    private static func alert(_ row: inout RowReader) throws -> Alert {
        let id: AlertID = try row.next()
        let tenant: TenantID = try row.next()
        let kind: String = try row.next()
        let meter: String? = try row.next()
        let feature: String? = try row.next()
        let thresholds: [String] = try row.next()
        guard let kind = Alert.Kind(rawValue: kind) else {
            throw PostgresError(.decoding, "an alert has no known kind")
        }
        return Alert(
            id: id,
            tenant: tenant,
            kind: kind,
            meter: meter,
            feature: feature,
            thresholds: thresholds.compactMap { AlertThreshold($0) },
            name: try row.next(),
            createdAt: try row.next(),
            removedAt: try row.next()
        )
    }
}
