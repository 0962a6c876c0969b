package import Postgres
package import Values

/// Reading single events.
extension UsageQueries {
    /// The event with an id and all that it ever said, also one that was taken back.
    ///
    /// - Throws: `MeteringError.monthArchived` if any of it is in a file.
    package static func find(
        _ eventID: String,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> StoredEvent? {
        let instants: [Instant] = try await transaction.query(
            """
            SELECT at FROM app.usage_keys WHERE tenant_id = \(tenant) AND event_id = \(eventID)
            UNION
            SELECT event_at FROM app.usage_amendments WHERE tenant_id = \(tenant) AND event_id = \(eventID)
            """
        ) { row in try row.next() }
        guard !instants.isEmpty else { return nil }
        try await UsageArchiveQueries.requireEvents(at: instants, in: transaction)
        // With the instants known few partitions are read, and with all meters named their index is of use.
        let revisions = try await transaction.query(
            """
            SELECT \(fragment: columns), e.revision, e.recorded_at, v.at, a.reason, a.author
            FROM app.usage_events e
            LEFT JOIN app.usage_voids v
                ON v.tenant_id = e.tenant_id AND v.event_id = e.event_id AND v.revision = e.revision
            LEFT JOIN app.usage_amendments a
                ON a.tenant_id = e.tenant_id AND a.event_id = e.event_id AND a.revision = e.revision
            WHERE e.tenant_id = \(tenant) AND e.at = ANY (\(instants)::timestamptz[]) AND e.event_id = \(eventID)
              AND e.meter = ANY (ARRAY(SELECT code FROM app.meters))
            ORDER BY e.revision
            """,
            revision
        )
        return StoredEvent(revisions)
    }

    /// The instant of the latest event of a meter that was stored, also of one that was taken back; nil before the
    /// first.
    ///
    /// Every event that was acknowledged before the read counts in what is read; of usage after this instant nothing
    /// was heard. So what ends by then is complete, save for events that come late: they change it when they come.
    package static func completeUntil(
        of tenant: TenantID,
        meter: Meter,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        try await transaction.first(
            """
            SELECT e.at FROM app.usage_events e WHERE e.tenant_id = \(tenant) AND e.meter = \(meter.eventMeter)
            ORDER BY e.at DESC LIMIT 1
            """
        ) { row in try row.next() }
    }

    /// The condition that an event `e` is one of those which a meter counts.
    static func isOf(_ meter: Meter) -> SQL { isOf(meter.eventMeter, meter.filter) }

    /// The condition that an event `e` names a meter and passes a filter.
    static func isOf(_ meter: String, _ filter: MeterFilter?) -> SQL {
        let conditions = filter?.conditions ?? []
        let passes = conditions.map { condition -> SQL in
            "e.properties -> \(condition.name)::text = ANY (\(condition.values)::jsonb[])"
        }
        return SQL(joining: ["e.meter = \(meter)"] + passes, separator: " AND ")
    }

    private static func revision(_ row: inout RowReader) throws -> StoredEvent.Revision {
        let event = try event(&row)
        return StoredEvent.Revision(
            number: try row.next(),
            event: event,
            recordedAt: try row.next(),
            voidedAt: try row.next(),
            reason: try row.next(),
            author: try row.next()
        )
    }
}
