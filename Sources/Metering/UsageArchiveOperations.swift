import Crypto
import Jobs
package import Postgres
import Synchronization
package import Values

/// Moving the events of whole months into files and back.
///
/// Each step is safe to repeat: the file is written from the database and read back before the events go, and they go
/// in one transaction that makes sure that the database holds no others.
package enum UsageArchiveOperations {
    /// Sets for how many months events stay.
    package static func set(
        _ retention: UsageRetention,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO app.usage_retention (is_only, months, recorded_at, author)
            VALUES (true, \(retention.months), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT (is_only) DO UPDATE SET months = excluded.months, recorded_at = excluded.recorded_at,
                author = excluded.author
            """
        )
        try await record("usage.retention_set", "usage", ["months": .int(retention.months)], by: stamp, in: transaction)
    }

    /// The months that may be archived by the policy and are not yet, the oldest first; for `.system`.
    package static func due(at instant: Instant, in transaction: borrowing Transaction) async throws -> [CalendarDate] {
        guard let retention = try await UsageArchiveQueries.retention(in: transaction) else { return [] }
        return try await transaction.query(
            UsageArchiveQueries.candidates(before: retention.firstKept(at: instant))
        ) { row in try row.next() }
    }

    /// Begins to archive a month, or goes on where it was left; for `.system`.
    ///
    /// The caller has made sure that it is billed.
    ///
    /// - Returns: the archive as it stands: of one that is written or archived already nothing is changed.
    /// - Throws: a problem if the policy keeps the month, or a meter needs its events for ever.
    package static func begin(
        _ month: CalendarDate,
        file: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> UsageArchive {
        guard let retention = try await UsageArchiveQueries.retention(in: transaction) else {
            throw Problem(
                .precondition,
                code: "no_retention",
                "no policy lets events go; set one with `abono usage retention set --months 24`"
            )
        }
        let first = retention.firstKept(at: stamp.at)
        guard month < first else {
            throw Problem.invalid(
                "month",
                "\(month.text.prefix(7)) stays: the policy keeps \(first.text.prefix(7)) and later"
            )
        }
        if let found = try await UsageArchiveQueries.find(month, in: transaction) {
            guard found.state == .writing || found.state == .restored else { return found }
        }
        try await refuseCarried(month, in: transaction)
        try await transaction.execute(UsageArchiveQueries.begin(month, file: file, by: stamp))
        return UsageArchive(month: month, state: .writing, file: file, manifest: nil)
    }

    /// Hands over the lines of a month, and says what they hold; in a snapshot, so that both are of the same events.
    ///
    /// `sink`: takes one line after another, each with its end; it runs on the connection's thread and may block.
    package static func export(
        _ month: CalendarDate,
        in transaction: borrowing Transaction,
        sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> UsageManifest {
        guard let period = UsageArchiveQueries.period(of: month) else {
            throw Problem.invalid("month", "\(month) is no month")
        }
        let digest = Mutex((hash: SHA256(), bytes: 0, rows: 0))
        try await transaction.copyOut(UsageArchiveQueries.copyOut(period)) { line in
            digest.withLock {
                $0.hash.update(data: line)
                $0.bytes += line.count
                $0.rows += 1
            }
            try sink(line)
        }
        let sums = try await transaction.first(UsageArchiveQueries.sums(period)) { row in
            (
                rows: try row.next() as Int, first: try row.next() as Instant?, last: try row.next() as Instant?,
                meters: try row.next() as JSONValue
            )
        }
        let (sha256, bytes, rows) = digest.withLock { (Array($0.hash.finalize()), $0.bytes, $0.rows) }
        guard let sums, sums.rows == rows else {
            throw Problem(.internal, code: "archive_differs", "the lines are not as many as the events")
        }
        return UsageManifest(
            rows: rows,
            sha256: sha256,
            bytes: bytes,
            minAt: sums.first,
            maxAt: sums.last,
            sums: sums.meters
        )
    }

    /// Says that the file of a month was read back and holds what its manifest says; for `.system`.
    package static func verified(
        _ month: CalendarDate,
        _ manifest: UsageManifest,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let written = try await transaction.execute(UsageArchiveQueries.written(month, manifest, by: stamp))
        guard written == 1 else { throw Problem(.conflict, "somebody else archives \(month.text.prefix(7))") }
    }

    /// Has the file of a month written anew; for `.system`.
    package static func rewrite(_ month: CalendarDate, in transaction: borrowing Transaction) async throws {
        try await transaction.execute(
            "UPDATE app.usage_archives SET state = 'writing' WHERE month = \(month) AND state = 'written'"
        )
    }

    /// Takes the events of a month out of the database, which are in a verified file; for `.system`.
    ///
    /// - Returns: false if the database has others by now: the file must be written anew.
    package static func drop(
        _ month: CalendarDate,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        let isGone: Bool? = try await transaction.first("SELECT app.drop_usage_partition(\(month))") { row in
            try row.next()
        }
        guard isGone == true, let archive = try await UsageArchiveQueries.find(month, in: transaction) else {
            try await rewrite(month, in: transaction)
            return false
        }
        try await record("usage.archived", String(month.text.prefix(7)), archive.json, by: stamp, in: transaction)
        return true
    }

    /// Weighted sums that begin at the sum of all earlier events need all of these.
    private static func refuseCarried(_ month: CalendarDate, in transaction: borrowing Transaction) async throws {
        guard let period = UsageArchiveQueries.period(of: month) else { return }
        let carried: String? = try await transaction.first(
            """
            SELECT m.code FROM app.meters m
            WHERE (m.definition ->> 'carry_over')::boolean AND EXISTS (
                SELECT FROM app.usage_events e
                WHERE e.meter = m.source AND e.at >= \(period.start) AND e.at < \(period.end))
            ORDER BY 1 LIMIT 1
            """
        ) { row in try row.next() }
        guard let carried else { return }
        throw Problem(
            .precondition,
            code: "month_needed",
            "the meter \(carried) carries over: it needs the events of \(month.text.prefix(7)) for ever"
        )
    }

    static func record(
        _ verb: String,
        _ object: String,
        _ details: JSONValue,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(verb, object: object, tenant: nil, details: details, by: stamp, in: transaction)
    }
}
