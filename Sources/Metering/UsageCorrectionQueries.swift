import Postgres
import Values

/// The statements that amend events and take them back.
enum UsageCorrectionQueries {
    /// Takes a revision of an event back, unless somebody did: who does may correct the event.
    static func take(back eventID: String, revision: Int, of tenant: TenantID, reason: String, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.usage_voids (tenant_id, event_id, revision, at, recorded_at, reason, author)
        VALUES (\(tenant), \(eventID), \(revision), \(stamp.at), \(stamp.recordedAt), \(reason), \(stamp.author))
        ON CONFLICT (tenant_id, event_id, revision) DO NOTHING
        """
    }

    /// Stores a revision of an event: its narrow row, itself, and what it adds to its rollup.
    static func insert(
        _ event: UsageEvent,
        revision: Int,
        of tenant: TenantID,
        reason: String,
        by stamp: Stamp
    ) -> [SQL] {
        let key = RollupKey(event, of: tenant)
        return [
            UsageIngestQueries.ensurePartitions([UsageMonth.start(of: event.at)]),
            """
            INSERT INTO app.usage_amendments (tenant_id, event_id, revision, content_hash, event_at, at, recorded_at,
                                              reason, author)
            VALUES (\(tenant), \(event.id), \(revision), \(UsageContent.hash(event))::bytea, \(event.at), \(stamp.at),
                    \(stamp.recordedAt), \(reason), \(stamp.author))
            """,
            """
            INSERT INTO app.usage_events (tenant_id, event_id, revision, meter, at, value, properties, subject,
                                          subscription_id, recorded_at)
            VALUES (\(tenant), \(event.id), \(revision), \(event.meter), \(event.at), \(event.value),
                    \(event.properties), \(event.subject), \(event.subscription), \(stamp.recordedAt))
            """,
            RollupQueries.add(event.value, to: key),
        ]
    }

    /// Which of some entries, by their places from 1, say what is stored under their ids since it was amended.
    static func amended(_ entries: [UsageBatch.Entry]) -> SQL {
        """
        SELECT DISTINCT given.position
        FROM unnest(\(entries.map(\.tenant))::uuid[], \(entries.map(\.event.id))::text[],
                    \(entries.map { UsageContent.hexadecimal($0.hash) })::text[])
            WITH ORDINALITY AS given (tenant_id, event_id, hash, position)
        JOIN app.usage_amendments a ON a.tenant_id = given.tenant_id AND a.event_id = given.event_id COLLATE "C"
            AND a.content_hash = decode(given.hash, 'hex')
        """
    }
}
