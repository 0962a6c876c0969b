import Postgres
import Values

/// The statements that keep the rollups of meters which count another's events.
///
/// Whoever changes such a rollup shares a lock of its meter; whoever computes the meter anew holds it alone, for a
/// moment. So what is computed misses nothing and counts nothing twice.
enum MeterViewQueries {
    /// Together with a hash of the code the name of the lock.
    private static let lockClass = 4_738_031

    /// The meters that count the events of some others.
    ///
    /// Asked after the events were written: a transaction that does not see a meter yet has begun to write before the
    /// meter was there, and those the computing waits for.
    static func views(of sources: [String]) -> SQL {
        """
        SELECT code, source, filter, computed = generation FROM app.meters
        WHERE source = ANY (\(sources)::text[]) AND source <> code ORDER BY code
        """
    }

    static func view(_ row: inout RowReader) throws -> MeterView {
        let code: String = try row.next()
        let source: String = try row.next()
        let json: JSONValue? = try row.next()
        let isComputed: Bool = try row.next()
        do throws(Problem) {
            let filter = try json.map { json throws(Problem) in try MeterFilter(json: json, path: "filter") }
            return MeterView(code: code, source: source, filter: filter, isComputed: isComputed)
        } catch {
            throw MeteringError.unreadableMeter(code)
        }
    }

    /// Shares the locks of meters, in the order given.
    static func share(_ codes: [String]) -> SQL {
        """
        SELECT pg_advisory_xact_lock_shared(\(unescaped: String(lockClass)), hashtext(code))
        FROM unnest(\(codes)::text[]) AS code
        """
    }

    /// Takes the lock of a meter alone.
    static func hold(_ code: String) -> SQL {
        "SELECT pg_advisory_xact_lock(\(unescaped: String(lockClass)), hashtext(\(code)))"
    }

    /// Adds events to the rollups of the meters that count them, in order.
    static func add(_ counted: [(view: MeterView, entry: UsageBatch.Entry)]) -> SQL {
        """
        INSERT INTO app.usage_rollups AS r (tenant_id, meter, bucket, subscription_id, count, sum, min, max)
        SELECT tenant_id, meter, bucket, subscription_id, count(*), sum(value), min(value), max(value)
        FROM unnest(
            \(counted.map(\.entry.tenant))::uuid[], \(counted.map(\.view.code))::text[],
            \(counted.map(\.entry.event.bucket))::timestamptz[],
            \(counted.map { $0.entry.event.subscription?.uuidText ?? UsageIngestQueries.noSubscription })::uuid[],
            \(counted.map(\.entry.event.value))::numeric(38, 12)[]
        ) AS given (tenant_id, meter, bucket, subscription_id, value)
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, meter, bucket, subscription_id) DO UPDATE SET
            count = r.count + excluded.count, sum = r.sum + excluded.sum,
            min = least(r.min, excluded.min), max = greatest(r.max, excluded.max)
        """
    }

    /// Makes the rollups of a meter in a stretch of whole quarters what the events say: nothing first, then all.
    static func compute(_ meter: Meter, of tenant: TenantID, from first: Instant, until end: Instant) -> [SQL] {
        [
            """
            UPDATE app.usage_rollups SET count = 0, sum = 0, min = NULL, max = NULL
            WHERE tenant_id = \(tenant) AND meter = \(meter.code) AND bucket >= \(first) AND bucket < \(end)
              AND count > 0
            """,
            """
            INSERT INTO app.usage_rollups AS r (tenant_id, meter, bucket, subscription_id, count, sum, min, max)
            SELECT \(tenant)::uuid, \(meter.code)::text, date_bin('15 minutes', e.at, '2000-01-01 00:00:00+00'),
                   coalesce(e.subscription_id, \(UsageIngestQueries.noSubscription)::uuid), count(*), sum(e.value),
                   min(e.value), max(e.value)
            FROM app.usage_events e
            WHERE e.tenant_id = \(tenant) AND \(fragment: UsageQueries.isOf(meter)) AND e.at >= \(first)
              AND e.at < \(end) AND \(fragment: UsageQueries.counts)
            GROUP BY 3, 4 ORDER BY 3, 4
            ON CONFLICT (tenant_id, meter, bucket, subscription_id) DO UPDATE SET
                count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max
            """,
        ]
    }
}
