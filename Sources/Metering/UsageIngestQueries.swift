import Postgres
import Values

/// The statements that store events.
enum UsageIngestQueries {
    /// Stands for the subscription of events that name none, where a key may not be NULL.
    static let noSubscription = "00000000-0000-0000-0000-000000000000"

    /// Makes the partitions of months that are not there yet; asked each time, because the answer is cheaper than
    /// knowing for which database it was given.
    static func ensurePartitions(_ months: [CalendarDate]) -> SQL {
        "SELECT app.ensure_usage_partitions(\(months)::date[])"
    }

    /// Which of some meters there are.
    static func knownMeters(_ codes: [String]) -> SQL {
        "SELECT code FROM app.meters WHERE code = ANY (\(codes)::text[])"
    }

    /// Stores the events whose keys are new, with their rollups, and returns the positions (from 1) of the others.
    ///
    /// Keys come first and in order, rollups after them and in order: so that writers of the same rows wait for each
    /// other and do not deadlock.
    static func insert(_ entries: [UsageBatch.Entry], recordedAt: Instant) -> SQL {
        """
        WITH given AS MATERIALIZED (
            SELECT * FROM unnest(
                \(entries.map(\.tenant))::uuid[], \(entries.map(\.event.id))::text[],
                \(entries.map { UsageContent.hexadecimal($0.hash) })::text[], \(entries.map(\.event.meter))::text[],
                \(entries.map(\.event.at))::timestamptz[], \(entries.map(\.event.bucket))::timestamptz[],
                \(entries.map(\.event.value))::numeric(38, 12)[], \(entries.map(\.event.properties))::jsonb[],
                \(entries.map(\.event.subject))::text[], \(entries.map(\.event.subscription))::uuid[]
            ) WITH ORDINALITY AS given (
                tenant_id, event_id, hash, meter, at, bucket, value, properties, subject, subscription_id, position)
        ), keys AS (
            INSERT INTO app.usage_keys (tenant_id, event_id, content_hash, at, recorded_at)
            SELECT tenant_id, event_id, decode(hash, 'hex'), at, \(recordedAt)::timestamptz FROM given
            ORDER BY tenant_id, event_id COLLATE "C"
            ON CONFLICT (tenant_id, event_id) DO NOTHING
            RETURNING tenant_id, event_id
        ), fresh AS MATERIALIZED (
            SELECT given.* FROM given
            JOIN keys ON keys.tenant_id = given.tenant_id AND keys.event_id = given.event_id COLLATE "C"
        ), events AS (
            INSERT INTO app.usage_events (tenant_id, event_id, meter, at, value, properties, subject,
                                          subscription_id, recorded_at)
            SELECT tenant_id, event_id, meter, at, value, properties, subject, subscription_id,
                   \(recordedAt)::timestamptz
            FROM fresh
            RETURNING 1
        ), rollups AS (
            INSERT INTO app.usage_rollups AS r (tenant_id, meter, bucket, subscription_id, count, sum, min, max)
            SELECT tenant_id, meter, bucket, coalesce(subscription_id, \(noSubscription)::uuid), count(*), sum(value),
                   min(value), max(value)
            FROM fresh GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            ON CONFLICT (tenant_id, meter, bucket, subscription_id) DO UPDATE SET
                count = r.count + excluded.count, sum = r.sum + excluded.sum,
                min = least(r.min, excluded.min), max = greatest(r.max, excluded.max)
            RETURNING 1
        )
        SELECT given.position FROM given
        WHERE NOT EXISTS (
            SELECT FROM keys WHERE keys.tenant_id = given.tenant_id AND keys.event_id = given.event_id COLLATE "C")
        """
    }

    /// The hashes of keys that are stored, with their places in the arrays (from 1).
    ///
    /// A statement of its own: what another transaction stored while `insert` waited for it, `insert` does not see.
    static func hashes(_ entries: [UsageBatch.Entry]) -> SQL {
        """
        SELECT given.position, k.content_hash
        FROM unnest(\(entries.map(\.tenant))::uuid[], \(entries.map(\.event.id))::text[])
            WITH ORDINALITY AS given (tenant_id, event_id, position)
        JOIN app.usage_keys k ON k.tenant_id = given.tenant_id AND k.event_id = given.event_id COLLATE "C"
        """
    }
}
