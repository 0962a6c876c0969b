package import Postgres
package import Values

/// Bringing the events of an archived month back, and answering for those that come again.
///
/// All three steps are of one transaction in the scope `.system`: `begin`, `store` for each part of the file, `finish`.
package enum UsageRestoreOperations {
    /// Holds the archive whose file has some content.
    ///
    /// - Returns: nil if its events are in the database.
    /// - Throws: a problem if no archive has that content.
    package static func begin(sha256: [UInt8], in transaction: borrowing Transaction) async throws -> UsageArchive? {
        guard let archive = try await UsageArchiveQueries.find(sha256: sha256, in: transaction) else {
            throw Problem(
                .precondition,
                code: "unknown_archive",
                "no archive of this database has the content of the file"
            )
        }
        let isArchived = try await transaction.execute(
            "SELECT FROM app.usage_archives WHERE month = \(archive.month) AND state = 'archived' FOR UPDATE"
        )
        guard isArchived == 1 else { return nil }
        try await transaction.batch([
            "CREATE TEMP TABLE usage_restored (line text NOT NULL) ON COMMIT DROP",
            UsageIngestQueries.ensurePartitions([archive.month]),
        ])
        return archive
    }

    /// Takes whole lines of the file.
    package static func store(_ lines: [UInt8], in transaction: borrowing Transaction) async throws {
        _ = try await transaction.copyIn(UsageArchiveQueries.copyIn, text: lines)
    }

    /// Stores the events that were taken, if they are those of the manifest.
    package static func finish(
        _ archive: UsageArchive,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let stored = try await transaction.execute(UsageArchiveQueries.storeRestored)
        guard stored == archive.manifest?.rows else {
            throw Problem(
                .precondition,
                code: "archive_differs",
                "the file has \(stored) events, its manifest \(archive.manifest?.rows ?? 0); nothing was restored"
            )
        }
        try await transaction.execute(
            """
            UPDATE app.usage_archives SET state = 'restored', recorded_at = \(stamp.recordedAt), author = \(stamp.author)
            WHERE month = \(archive.month)
            """
        )
        try await UsageArchiveOperations.record(
            "usage.restored",
            String(archive.month.text.prefix(7)),
            archive.json,
            by: stamp,
            in: transaction
        )
    }

    /// What is answered to events of archived months, by place: those whose ids are not stored are refused, because
    /// what their month was billed is closed.
    ///
    /// The others are compared as always.
    static func refused(
        _ events: [(tenant: TenantID, event: UsageEvent)],
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Int: IngestOutcome] {
        // No policy lets a younger month go, so that of nearly all batches nothing is asked.
        let youngest = UsageMonth.start(of: recordedAt).adding(months: -UsageRetention.bounds.lowerBound)
        let old = events.indices.filter { UsageMonth.start(of: events[$0].event.at) < youngest }
        guard !old.isEmpty else { return [:] }
        let asked = Set(old.map { UsageMonth.start(of: events[$0].event.at) }).sorted()
        let months: [CalendarDate] = try await transaction.query(UsageArchiveQueries.archived(asked)) { row in
            try row.next()
        }
        let places = old.filter { months.contains(UsageMonth.start(of: events[$0].event.at)) }
        guard !places.isEmpty else { return [:] }
        let known: Set<Int> = Set(
            try await transaction.query(
                """
                SELECT given.place FROM unnest(\(places.map { events[$0].tenant })::uuid[],
                    \(places.map { events[$0].event.id })::text[], \(places)::bigint[]) AS given (tenant_id, event_id, place)
                JOIN app.usage_keys k ON k.tenant_id = given.tenant_id AND k.event_id = given.event_id COLLATE "C"
                """
            ) { row in try row.next() }
        )
        var outcomes: [Int: IngestOutcome] = [:]
        for place in places where !known.contains(place) {
            let month = UsageMonth.start(of: events[place].event.at).text.prefix(7)
            outcomes[place] = IngestOutcome(
                id: events[place].event.id,
                rejected: .invalid("at", "lies in \(month), whose events are archived: nothing is added to it")
            )
        }
        return outcomes
    }
}
