package import Postgres
package import Values

/// Writing down what is left of features whose balances depend on all that was used before, so that this need not be
/// read for ever.
package enum QuotaCheckpointOperations {
    /// What was used so long ago changes balances no more, however late it is told.
    package static let lateSeconds: Int64 = 60 * 86_400
    /// A checkpoint is moved on when so much time can be saved.
    private static let stepSeconds: Int64 = 28 * 86_400
    /// How many features are read at a time.
    static let pageSize = 100

    /// Moves the checkpoints of some features on; for `.system`.
    ///
    /// Returns whether there may be more.
    @discardableResult
    package static func advance(at instant: Instant, in transaction: borrowing Transaction) async throws -> Bool {
        let cutoff = UsageBucket.start(of: instant.adding(seconds: -lateSeconds))
        let keys = try await transaction.query(
            candidates(before: cutoff, stale: cutoff.adding(seconds: -stepSeconds))
        ) { row in QuotaKey(tenant: try row.next(), feature: try row.next(), meter: try row.next()) }
        var moved = 0
        for key in keys where try await advance(key, to: cutoff, at: instant, in: transaction) { moved += 1 }
        return keys.count == pageSize && moved > 0
    }

    private static func advance(
        _ key: QuotaKey,
        to cutoff: Instant,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        // Nobody uses the feature while it is moved.
        let (quotas, _) = try await QuotaQueries.lock(
            of: key.tenant,
            feature: key.feature,
            at: instant,
            in: transaction
        )
        let meter = try await MeterQueries.require(key.meter, in: transaction)
        // What an open window has used is told as a whole, so nothing is cut off it.
        let opened = quotas.filter { $0.meter == key.meter }.map(\.window.start).min() ?? cutoff
        let place = min(cutoff, UsageBucket.start(of: opened))
        let history = try await QuotaBalanceQueries.history(of: key, until: instant, in: transaction)
        guard meter.addsUp, history.checkpoint.map({ $0.at < place }) ?? true else { return false }
        let segments = try await QuotaBalanceQueries.burn(
            history,
            meter,
            of: key.tenant,
            until: place,
            cut: place,
            in: transaction
        )
        guard let last = segments.last, last.period.start == place else { return false }
        try await transaction.execute(
            """
            INSERT INTO app.quota_checkpoints (tenant_id, feature, meter, at, pots, units_left, recorded_at)
            VALUES (\(key.tenant), \(key.feature), \(key.meter), \(place), \(last.opened.map(\.key))::text[],
                    \(last.opened.map(\.left))::numeric[], \(instant))
            ON CONFLICT (tenant_id, feature, meter) DO UPDATE SET at = excluded.at, pots = excluded.pots,
                units_left = excluded.units_left, recorded_at = excluded.recorded_at
            """
        )
        return true
    }

    /// Features with grants or rollover from before; of tenants that live by the machine's clock.
    private static func candidates(before cutoff: Instant, stale: Instant) -> SQL {
        """
        SELECT f.tenant_id, f.feature, f.meter
        FROM (
            SELECT tenant_id, feature, meter FROM app.quota_grants WHERE starts_at < \(cutoff)
            UNION
            SELECT tenant_id, feature, meter FROM app.quotas WHERE rollover > 0 AND window_end < \(cutoff)
        ) f
        WHERE NOT EXISTS (
                SELECT FROM app.quota_checkpoints c
                WHERE c.tenant_id = f.tenant_id AND c.feature = f.feature AND c.meter = f.meter AND c.at >= \(stale))
          AND f.tenant_id NOT IN (SELECT t.tenant_id FROM app.tenants t WHERE t.clock_id IS NOT NULL)
        ORDER BY 1, 2, 3 LIMIT \(pageSize)
        """
    }
}
