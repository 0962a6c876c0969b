package import Postgres
import Values

/// Reading and writing how far the computing of meters has come.
package enum MeterBackfillQueries {
    /// Before every quarter of an hour that usage can fall in.
    static let beforeAll = UsageLimits.instants.lowerBound.adding(seconds: -1)

    /// How far the computing of a meter's present definition has come; nil if it has not begun.
    package static func find(
        _ code: String,
        in transaction: borrowing Transaction
    ) async throws -> MeterBackfill? {
        try await transaction.first(
            """
            SELECT b.generation, b.total, least(b.done, b.total), b.started_at, b.finished_at
            FROM app.meter_backfills b JOIN app.meters m ON m.code = b.meter AND m.generation = b.generation
            WHERE b.meter = \(code)
            """
        ) { row in
            MeterBackfill(
                generation: try row.next(),
                total: try row.next(),
                done: try row.next(),
                startedAt: try row.next(),
                finishedAt: try row.next()
            )
        }
    }

    /// How often a meter was defined.
    package static func generation(_ code: String, in transaction: borrowing Transaction) async throws -> Int {
        let found: Int? = try await transaction.first("SELECT generation FROM app.meters WHERE code = \(code)") { row in
            try row.next()
        }
        guard let found else { throw MeteringError.meterNotFound(code) }
        return found
    }

    /// Where the computing stands, and whether all transactions have ended that were under way as it began.
    static func lock(_ code: String, _ generation: Int) -> SQL {
        """
        SELECT pg_snapshot_xmin(pg_current_snapshot()) >= horizon::xid8, after_tenant::text, after_bucket, done, total
        FROM app.meter_backfills WHERE meter = \(code) AND generation = \(generation) FOR UPDATE
        """
    }

    /// Begins: no transaction that starts to write from now on misses the meter.
    static func begin(_ code: String, _ generation: Int, source: String, at instant: Instant) -> SQL {
        """
        INSERT INTO app.meter_backfills (meter, generation, horizon, after_tenant, after_bucket, total, done,
                                         started_at, recorded_at)
        SELECT \(code)::text, \(generation)::integer, pg_snapshot_xmax(pg_current_snapshot())::text,
               \(UsageIngestQueries.noSubscription)::uuid, \(beforeAll)::timestamptz,
               (SELECT coalesce(sum(count), 0) FROM app.usage_rollups WHERE meter = \(source)
                    AND NOT \(fragment: MeteringArchiveReconciliation.isArchived("bucket"))), 0,
               \(instant)::timestamptz, \(instant)::timestamptz
        ON CONFLICT (meter, generation) DO NOTHING
        """
    }

    /// Keeps how far it has come.
    static func move(
        _ code: String,
        _ generation: Int,
        to place: (tenant: String, bucket: Instant, done: Int),
        finished: Bool,
        at instant: Instant
    ) -> SQL {
        """
        UPDATE app.meter_backfills
        SET after_tenant = \(place.tenant)::uuid, after_bucket = \(place.bucket), done = \(place.done),
            recorded_at = \(instant), finished_at = \(finished ? instant : nil)::timestamptz
        WHERE meter = \(code) AND generation = \(generation)
        """
    }

    /// The next quarters in which a tenant has events of a meter; those of archived months are not there to be added up.
    static func buckets(of tenant: TenantID, _ meter: String, after bucket: Instant, limit: Int) -> SQL {
        """
        SELECT bucket, sum(count)::bigint FROM app.usage_rollups
        WHERE tenant_id = \(tenant) AND meter = \(meter) AND bucket > \(bucket)
          AND NOT \(fragment: MeteringArchiveReconciliation.isArchived("bucket"))
        GROUP BY 1 ORDER BY 1 LIMIT \(limit)
        """
    }

    /// The next tenant with usage.
    static func tenant(after tenant: String) -> SQL {
        """
        SELECT tenant_id::text FROM app.usage_rollups WHERE tenant_id > \(tenant)::uuid ORDER BY tenant_id LIMIT 1
        """
    }
}
