import Postgres
import Values

/// The statements that store events.
enum UsageIngestQueries {
    /// Stands for the subscription of events that name none, where a key may not be NULL.
    package static let noSubscription = "00000000-0000-0000-0000-000000000000"

    /// Makes the partitions of months that are not there yet; asked each time, because the answer is cheaper than
    /// knowing for which database it was given.
    static func ensurePartitions(_ months: [CalendarDate]) -> SQL {
        "SELECT app.ensure_usage_partitions(\(months)::date[])"
    }

    /// Which of some meters there are.
    static func knownMeters(_ codes: [String]) -> SQL {
        "SELECT code FROM app.meters WHERE code = ANY (\(codes)::text[])"
    }

    /// Stores the keys that are new and returns the positions (from 1) of the others.
    ///
    /// In order, so that writers of the same keys wait for each other and do not deadlock.
    static func insertKeys(_ entries: [UsageBatch.Entry], recordedAt: Instant) -> SQL {
        """
        WITH given AS MATERIALIZED (
            SELECT * FROM unnest(
                \(binary: .uuids(entries.map { $0.tenant.uuid }))::uuid[],
                \(binary: .texts(entries.map { $0.event.id }))::text[],
                \(binary: .bytes(entries.map(\.hash)))::bytea[],
                \(binary: .instants(entries.map(\.event.at)))::timestamptz[]
            ) WITH ORDINALITY AS given (tenant_id, event_id, hash, at, position)
        ), keys AS (
            INSERT INTO app.usage_keys (tenant_id, event_id, content_hash, at, recorded_at)
            SELECT tenant_id, event_id, hash, at, \(recordedAt)::timestamptz FROM given
            ORDER BY tenant_id, event_id COLLATE "C"
            ON CONFLICT (tenant_id, event_id) DO NOTHING
            RETURNING tenant_id, event_id
        )
        SELECT given.position FROM given
        WHERE NOT EXISTS (
            SELECT FROM keys WHERE keys.tenant_id = given.tenant_id AND keys.event_id = given.event_id COLLATE "C")
        """
    }

    /// Stores events whose keys are stored already by the same transaction, and returns how many.
    static func insertEvents(_ entries: [UsageBatch.Entry], recordedAt: Instant) -> SQL {
        """
        WITH stored AS (
            INSERT INTO app.usage_events (tenant_id, event_id, meter, at, value, properties, subject,
                                          subscription_id, recorded_at)
            SELECT tenant_id, event_id, meter, at, value, properties, subject, subscription_id,
                   \(recordedAt)::timestamptz
            FROM unnest(
                \(binary: .uuids(entries.map { $0.tenant.uuid }))::uuid[],
                \(binary: .texts(entries.map { $0.event.id }))::text[],
                \(binary: .texts(entries.map { $0.event.meter }))::text[],
                \(binary: .instants(entries.map(\.event.at)))::timestamptz[],
                \(binary: .decimals(entries.map(\.event.value)))::numeric[],
                \(binary: .json(entries.map(\.event.properties)))::jsonb[],
                \(binary: .texts(entries.map { $0.event.subject }))::text[],
                \(binary: .uuids(entries.map { $0.event.subscription?.uuid }))::uuid[]
            ) AS given (tenant_id, event_id, meter, at, value, properties, subject, subscription_id)
            RETURNING 1
        )
        SELECT count(*) FROM stored
        """
    }

    /// Adds sums to the rollups, in order: so that writers of the same rollups wait for each other and do not deadlock.
    static func addRollups(_ sums: [UsageSum]) -> SQL {
        """
        INSERT INTO app.usage_rollups AS r (tenant_id, meter, bucket, subscription_id, count, sum, min, max)
        SELECT tenant_id, meter, bucket, subscription_id, sum(count)::bigint, sum(sum), min(min), max(max)
        FROM unnest(
            \(binary: .uuids(sums.map { $0.key.tenant.uuid }))::uuid[],
            \(binary: .texts(sums.map { $0.key.meter }))::text[],
            \(binary: .instants(sums.map(\.key.bucket)))::timestamptz[],
            \(binary: .uuids(sums.map { $0.key.subscription }))::uuid[],
            \(binary: .integers(sums.map(\.count)))::bigint[],
            \(binary: .decimals(unscaled: sums.map(\.sum)))::numeric[],
            \(binary: .decimals(sums.map(\.min)))::numeric[], \(binary: .decimals(sums.map(\.max)))::numeric[]
        ) AS given (tenant_id, meter, bucket, subscription_id, count, sum, min, max)
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (tenant_id, meter, bucket, subscription_id) DO UPDATE SET
            count = r.count + excluded.count, sum = r.sum + excluded.sum,
            min = least(r.min, excluded.min), max = greatest(r.max, excluded.max)
        """
    }

    /// The hashes of keys that are stored, with their places in the arrays (from 1).
    ///
    /// A statement of its own: what another transaction stored while `insertKeys` waited for it, `insertKeys` does not
    /// see.
    static func hashes(_ entries: [UsageBatch.Entry]) -> SQL {
        """
        SELECT given.position, k.content_hash
        FROM unnest(
                \(binary: .uuids(entries.map { $0.tenant.uuid }))::uuid[],
                \(binary: .texts(entries.map { $0.event.id }))::text[])
            WITH ORDINALITY AS given (tenant_id, event_id, position)
        JOIN app.usage_keys k ON k.tenant_id = given.tenant_id AND k.event_id = given.event_id COLLATE "C"
        """
    }
}
