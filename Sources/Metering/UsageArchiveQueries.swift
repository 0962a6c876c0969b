package import Postgres
package import Values

/// Reading which months are archived, and the statements that archive and restore them.
package enum UsageArchiveQueries {
    /// All archives in the order of their months.
    package static func list(in transaction: borrowing Transaction) async throws -> [UsageArchive] {
        try await transaction.query("SELECT \(fragment: columns) FROM app.usage_archives ORDER BY month", archive)
    }

    /// The archive of a month.
    package static func find(
        _ month: CalendarDate,
        in transaction: borrowing Transaction
    ) async throws -> UsageArchive? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.usage_archives WHERE month = \(month)",
            archive
        )
    }

    /// The archive whose file has some content.
    package static func find(
        sha256: [UInt8],
        in transaction: borrowing Transaction
    ) async throws -> UsageArchive? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.usage_archives WHERE sha256 = \(sha256)
            ORDER BY state = 'archived' DESC, month LIMIT 1
            """,
            archive
        )
    }

    /// The policy; nil is that events stay for good.
    package static func retention(in transaction: borrowing Transaction) async throws -> UsageRetention? {
        let months: Int? = try await transaction.first("SELECT months FROM app.usage_retention") { row in
            try row.next()
        }
        return try months.map { months throws(Problem) in try UsageRetention(months: months) }
    }

    /// The months whose events are in files alone, as stretches of time.
    package static func archived(in transaction: borrowing Transaction) async throws -> [Period] {
        try await transaction.query("SELECT month FROM app.usage_archives WHERE state = 'archived' ORDER BY month") {
            row in period(of: try row.next())
        }.compactMap(\.self)
    }

    /// Refuses what needs the events of a month that are in a file.
    static func requireEvents(during periods: [Period], in transaction: borrowing Transaction) async throws {
        guard !periods.isEmpty else { return }
        let month: CalendarDate? = try await transaction.first(
            """
            SELECT a.month FROM app.usage_archives a
            JOIN unnest(\(periods.map { UsageMonth.start(of: $0.start) })::date[],
                        \(periods.map { UsageMonth.start(of: $0.end.adding(microseconds: -1)) })::date[])
                AS asked (first, last) ON a.month BETWEEN asked.first AND asked.last
            WHERE a.state = 'archived' ORDER BY a.month LIMIT 1
            """
        ) { row in try row.next() }
        if let month { throw MeteringError.monthArchived(month) }
    }

    /// Refuses what needs events of some instants whose month is in a file.
    static func requireEvents(at instants: [Instant], in transaction: borrowing Transaction) async throws {
        try await requireEvents(
            during: instants.compactMap { Period(start: $0, end: $0.adding(microseconds: 1)) },
            in: transaction
        )
    }

    /// The months, of some, whose events are in files.
    static func archived(_ months: [CalendarDate]) -> SQL {
        "SELECT month FROM app.usage_archives WHERE state = 'archived' AND month = ANY (\(months)::date[])"
    }

    /// Months before another that have a partition, or an archive that is not done.
    static func candidates(before month: CalendarDate) -> SQL {
        """
        SELECT p.month FROM (
            SELECT to_date(substr(c.relname, 14), 'YYYY_MM') AS month
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'app.usage_events'::regclass AND c.relname ~ '^usage_events_[0-9]{4}_[0-9]{2}$'
        ) p
        LEFT JOIN app.usage_archives a ON a.month = p.month
        WHERE p.month < \(month) AND coalesce(a.state, 'writing') NOT IN ('archived', 'restored')
        ORDER BY 1
        """
    }

    static func begin(_ month: CalendarDate, file: String, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.usage_archives (month, state, file, recorded_at, author)
        VALUES (\(month), 'writing', \(file), \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT (month) DO UPDATE SET state = 'writing', file = excluded.file, rows = NULL, sha256 = NULL,
            bytes = NULL, min_at = NULL, max_at = NULL, sums = NULL, recorded_at = excluded.recorded_at,
            author = excluded.author
        """
    }

    static func written(_ month: CalendarDate, _ manifest: UsageManifest, by stamp: Stamp) -> SQL {
        """
        UPDATE app.usage_archives SET state = 'written', rows = \(manifest.rows), sha256 = \(manifest.sha256),
            bytes = \(manifest.bytes), min_at = \(manifest.minAt), max_at = \(manifest.maxAt),
            sums = \(manifest.sums)::jsonb, recorded_at = \(stamp.recordedAt), author = \(stamp.author)
        WHERE month = \(month) AND state = 'writing'
        """
    }

    /// The lines of a month, one a revision of an event, as JSON.
    ///
    /// Control characters are never in them, so that the two that CSV would need for itself leave them as they are.
    static func copyOut(_ period: Period) -> String {
        """
        COPY (
            SELECT row_to_json(e) FROM app.usage_events e
            WHERE e.at >= '\(period.start.text)' AND e.at < '\(period.end.text)'
            ORDER BY e.tenant_id, e.at, e.event_id, e.revision
        ) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')
        """
    }

    static let copyIn = "COPY usage_restored (line) FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"

    static let storeRestored: SQL =
        """
        INSERT INTO app.usage_events
        SELECT (jsonb_populate_record(NULL::app.usage_events, r.line::jsonb)).* FROM usage_restored r
        """

    /// Of a month: how many rows, the first and the last instant, and by meter what counts.
    static func sums(_ period: Period) -> SQL {
        """
        SELECT coalesce(sum(m.rows), 0)::bigint, min(m.first), max(m.last), coalesce(
            jsonb_object_agg(m.meter, jsonb_build_object('count', m.count, 'sum', m.sum::text)), '{}')
        FROM (
            SELECT e.meter, count(*) AS rows, min(e.at) AS first, max(e.at) AS last,
                   count(*) FILTER (WHERE \(fragment: UsageQueries.counts)) AS count,
                   coalesce(sum(e.value) FILTER (WHERE \(fragment: UsageQueries.counts)), 0) AS sum
            FROM app.usage_events e
            WHERE e.at >= \(period.start) AND e.at < \(period.end)
            GROUP BY 1
        ) m
        """
    }

    /// The instants of a month of UTC.
    package static func period(of month: CalendarDate) -> Period? {
        Period(start: Zone.utc.instant(month), end: Zone.utc.instant(month.adding(months: 1)))
    }

    static let columns: SQL = "month, state, file, rows, sha256, bytes, min_at, max_at, sums"

    private static func archive(_ row: inout RowReader) throws -> UsageArchive {
        let month: CalendarDate = try row.next()
        let name: String = try row.next()
        let file: String = try row.next()
        let rows: Int? = try row.next()
        let sha256: [UInt8]? = try row.next()
        let bytes: Int? = try row.next()
        let minAt: Instant? = try row.next()
        let maxAt: Instant? = try row.next()
        let sums: JSONValue? = try row.next()
        guard let state = UsageArchive.State(rawValue: name) else {
            throw PostgresError(.decoding, "an archive has no known state")
        }
        var manifest: UsageManifest?
        if let rows, let sha256, let bytes, let sums {
            manifest = UsageManifest(rows: rows, sha256: sha256, bytes: bytes, minAt: minAt, maxAt: maxAt, sums: sums)
        }
        return UsageArchive(month: month, state: state, file: file, manifest: manifest)
    }
}
