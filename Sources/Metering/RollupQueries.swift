import Postgres
import Values

/// Names a rollup: what the events of a meter and a subscription add up to in a quarter of an hour.
struct RollupKey: Hashable {
    let tenant: TenantID
    let meter: String
    let bucket: Instant
    /// The zero id where events name none.
    let subscription: String

    init(_ event: UsageEvent, of tenant: TenantID) {
        self.tenant = tenant
        meter = event.meter
        bucket = event.bucket
        subscription = event.subscription?.uuidText ?? UsageIngestQueries.noSubscription
    }

    var end: Instant { bucket.adding(microseconds: UsageBucket.microseconds) }
}

/// The statements that take an event out of its rollup.
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

    /// From the events that still count.
    static func addUp(_ key: RollupKey) -> SQL {
        """
        UPDATE app.usage_rollups r
        SET count = added.count, sum = added.sum, min = added.min, max = added.max
        FROM (
            SELECT count(*) AS count, coalesce(sum(e.value), 0) AS sum, min(e.value) AS min, max(e.value) AS max
            FROM app.usage_events e
            WHERE e.tenant_id = \(key.tenant) AND e.meter = \(key.meter)
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
