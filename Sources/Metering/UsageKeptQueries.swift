import Postgres
import Values

/// The statements about events whose meter is not known.
enum UsageKeptQueries {
    /// How many events of some tenants wait; counted up to a limit.
    static func waiting(_ tenants: [TenantID], upTo limit: Int) -> SQL {
        """
        SELECT given.tenant_id, (
            SELECT count(*) FROM (
                SELECT FROM app.usage_kept k WHERE k.tenant_id = given.tenant_id AND k.replayed_at IS NULL
                LIMIT \(limit)) counted)
        FROM unnest(\(tenants)::uuid[]) AS given (tenant_id)
        """
    }

    /// Keeps events, in the order of their keys; those that are kept already stay as they are.
    static func insert(_ entries: [UsageBatch.Entry], recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.usage_kept (tenant_id, event_id, content_hash, meter, event, recorded_at)
        SELECT tenant_id, event_id, decode(hash, 'hex'), meter, event, \(recordedAt)::timestamptz
        FROM unnest(
            \(entries.map(\.tenant))::uuid[], \(entries.map(\.event.id))::text[],
            \(entries.map { UsageContent.hexadecimal($0.hash) })::text[], \(entries.map(\.event.meter))::text[],
            \(entries.map(\.event.json))::jsonb[]
        ) AS given (tenant_id, event_id, hash, meter, event)
        ORDER BY tenant_id, event_id COLLATE "C", hash
        ON CONFLICT (tenant_id, event_id, content_hash) DO NOTHING
        """
    }

    /// Which of some entries, by their places from 1, are kept and wait.
    static func kept(_ entries: [UsageBatch.Entry]) -> SQL {
        """
        SELECT given.position
        FROM unnest(\(entries.map(\.tenant))::uuid[], \(entries.map(\.event.id))::text[],
                    \(entries.map { UsageContent.hexadecimal($0.hash) })::text[])
            WITH ORDINALITY AS given (tenant_id, event_id, hash, position)
        JOIN app.usage_kept k ON k.tenant_id = given.tenant_id AND k.event_id = given.event_id COLLATE "C"
            AND k.content_hash = decode(given.hash, 'hex')
        WHERE k.replayed_at IS NULL
        """
    }

    /// A tenant with events that wait and whose meter is there.
    static func tenant(_ meter: String?) -> SQL {
        """
        SELECT k.tenant_id FROM app.usage_kept k JOIN app.meters m ON m.code = k.meter AND m.source = m.code
        WHERE k.replayed_at IS NULL AND (\(meter)::text IS NULL OR k.meter = \(meter)) LIMIT 1
        """
    }

    /// The first events of a tenant that wait and whose meter is there, held until the transaction ends; without those
    /// that another replay holds.
    static func next(of tenant: TenantID, meter: String?, limit: Int) -> SQL {
        """
        SELECT k.event, k.content_hash FROM app.usage_kept k
        WHERE k.tenant_id = \(tenant) AND k.replayed_at IS NULL AND (\(meter)::text IS NULL OR k.meter = \(meter))
          AND k.meter IN (SELECT m.code FROM app.meters m WHERE m.source = m.code)
        ORDER BY k.recorded_at, k.event_id LIMIT \(limit) FOR UPDATE SKIP LOCKED
        """
    }

    static func event(_ row: inout RowReader) throws -> (event: UsageEvent, hash: [UInt8]) {
        let json: JSONValue = try row.next()
        return (try UsageEvent(json: json), try row.bytes())
    }

    /// Says what became of events.
    static func end(
        _ ended: [(id: String, hash: [UInt8], kind: IngestOutcome.Kind)],
        of tenant: TenantID,
        at instant: Instant
    ) -> SQL {
        """
        UPDATE app.usage_kept k SET replayed_at = \(instant), outcome = given.outcome
        FROM unnest(\(ended.map(\.id))::text[], \(ended.map { UsageContent.hexadecimal($0.hash) })::text[],
                    \(ended.map(\.kind.rawValue))::text[]) AS given (event_id, hash, outcome)
        WHERE k.tenant_id = \(tenant) AND k.event_id = given.event_id COLLATE "C"
          AND k.content_hash = decode(given.hash, 'hex')
        """
    }

    /// How many wait by meter, and of how many tenants.
    static func waitingByMeter(_ meter: String?) -> SQL {
        """
        SELECT meter, count(*), count(DISTINCT tenant_id) FROM app.usage_kept
        WHERE replayed_at IS NULL AND (\(meter)::text IS NULL OR meter = \(meter))
        GROUP BY 1 ORDER BY 1 LIMIT 1000
        """
    }

    /// Whether events of a meter wait.
    static func isAwaited(_ meter: String) -> SQL {
        "SELECT EXISTS (SELECT FROM app.usage_kept WHERE meter = \(meter) AND replayed_at IS NULL)"
    }
}
