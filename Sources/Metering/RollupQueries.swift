import Postgres
import Values

/// Names a rollup: what the events of a meter and a subscription add up to in a quarter of an hour.
struct RollupKey: Hashable {
    let tenant: TenantID
    let meter: String
    /// Which events it adds up: those of this meter that pass the filter.
    let source: String
    let filter: MeterFilter?
    let bucket: Instant
    /// The zero id where events name none.
    let subscription: String

    /// Names the rollup of the meter that an event names, or of another that counts it.
    init(_ event: UsageEvent, of tenant: TenantID, by view: MeterView? = nil) {
        self.tenant = tenant
        meter = view?.code ?? event.meter
        source = event.meter
        filter = view?.filter
        bucket = event.bucket
        subscription = event.subscription?.uuidText ?? UsageIngestQueries.noSubscription
    }

    var end: Instant { bucket.adding(microseconds: UsageBucket.microseconds) }
}

/// The statements that put an event into a rollup and take it out.
enum RollupQueries {
    /// Holds the rollup until the transaction ends, and reads its bounds.
    static func lock(_ key: RollupKey) -> SQL {
        "SELECT min, max FROM app.usage_rollups r WHERE \(fragment: matches(key)) FOR UPDATE"
    }

    /// For a value that is neither the least nor the greatest.
    static func subtract(_ value: Decimal12, from key: RollupKey) -> SQL {
        """
        UPDATE app.usage_rollups r SET count = r.count - 1, sum = r.sum - \(value)::numeric
        WHERE \(fragment: matches(key))
        """
    }

    /// Adds one event.
    static func add(_ value: Decimal12, to key: RollupKey) -> SQL {
        """
        INSERT INTO app.usage_rollups AS r (tenant_id, meter, bucket, subscription_id, count, sum, min, max)
        VALUES (\(key.tenant), \(key.meter), \(key.bucket), \(key.subscription)::uuid, 1, \(value)::numeric,
                \(value)::numeric, \(value)::numeric)
        ON CONFLICT (tenant_id, meter, bucket, subscription_id) DO UPDATE SET
            count = r.count + excluded.count, sum = r.sum + excluded.sum,
            min = least(r.min, excluded.min), max = greatest(r.max, excluded.max)
        """
    }

    /// From the events that still count.
    static func addUp(_ key: RollupKey) -> SQL {
        """
        UPDATE app.usage_rollups r
        SET count = added.count, sum = added.sum, min = added.min, max = added.max
        FROM (
            SELECT count(*) AS count, coalesce(sum(e.value), 0) AS sum, min(e.value) AS min, max(e.value) AS max
            FROM app.usage_events e
            WHERE e.tenant_id = \(key.tenant) AND \(fragment: UsageQueries.isOf(key.source, key.filter))
              AND e.at >= \(key.bucket) AND e.at < \(key.end)
              AND coalesce(e.subscription_id, \(UsageIngestQueries.noSubscription)::uuid) = \(key.subscription)::uuid
              AND \(fragment: UsageQueries.counts)
        ) added
        WHERE \(fragment: matches(key))
        """
    }

    private static func matches(_ key: RollupKey) -> SQL {
        """
        r.tenant_id = \(key.tenant) AND r.meter = \(key.meter) AND r.bucket = \(key.bucket)
        AND r.subscription_id = \(key.subscription)::uuid
        """
    }
}
