package import Postgres
package import Values

/// Making, reading and moving test clocks.
package enum ClockOperations {
    /// The farthest that a clock is moved at once: two years.
    private static let farthestSeconds: Int64 = 2 * 366 * 86_400

    /// Makes a clock that shows a time.
    ///
    /// `name`: 1 to 200 characters.
    package static func create(
        name: String,
        at instant: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> TestClock {
        let length = name.unicodeScalars.count
        guard (1...200).contains(length), !name.utf8.contains(0) else {
            throw Problem.invalid("name", "has \(length) characters; 1 to 200 are allowed, and none is U+0000")
        }
        let clock = TestClock(
            id: .make(at: stamp.recordedAt),
            name: name,
            at: instant.wholeSeconds,
            status: .ready,
            target: nil,
            error: nil,
            createdAt: stamp.recordedAt
        )
        try await transaction.execute(
            """
            INSERT INTO app.test_clocks (clock_id, name, at, recorded_at, status)
            VALUES (\(clock.id), \(clock.name), \(clock.at), \(clock.createdAt), 'ready')
            """
        )
        try await record("clock.created", clock, by: stamp, in: transaction)
        return clock
    }

    /// One clock.
    package static func find(_ id: ClockID, in transaction: borrowing Transaction) async throws -> TestClock? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.test_clocks WHERE clock_id = \(id)", clock)
    }

    /// Clocks in the order in which they were made.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        limit: Int,
        after: ClockID?,
        in transaction: borrowing Transaction
    ) async throws -> [TestClock] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.test_clocks
            WHERE (\(after)::uuid IS NULL OR clock_id > \(after)) ORDER BY clock_id LIMIT \(limit)
            """,
            clock
        )
    }

    /// Says where a clock is to go; whoever runs the clocks takes it there.
    ///
    /// One that was stopped on its way goes on, also to another time.
    ///
    /// - Throws: `ClockError`.
    package static func beginAdvance(
        _ id: ClockID,
        to target: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> TestClock {
        let clock = try await lock(id, in: transaction)
        let target = target.wholeSeconds
        if clock.status == .advancing, let under = clock.target {
            guard under == target else { throw ClockError.advancing(id, target: under) }
            return clock
        }
        guard target >= clock.at else { throw ClockError.backwards(id, at: clock.at, asked: target) }
        let limit = clock.at.adding(seconds: farthestSeconds)
        guard target <= limit else { throw ClockError.tooFar(asked: target, limit: limit) }
        try await transaction.execute(
            """
            UPDATE app.test_clocks SET status = 'advancing', target_at = \(target), error = NULL
            WHERE clock_id = \(id)
            """
        )
        let moving = try await lock(id, in: transaction)
        try await record("clock.advancing", moving, by: stamp, in: transaction)
        return moving
    }

    /// Shows a later time, on the way to the target or there, and releases the jobs that waited for it.
    package static func show(
        _ instant: Instant,
        on id: ClockID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> TestClock {
        let clock = try await lock(id, in: transaction)
        guard clock.status == .advancing, let target = clock.target, instant > clock.at || instant == target else {
            return clock
        }
        try await JobOperations.advance(id, to: min(instant, target), now: stamp.recordedAt, in: transaction)
        guard instant >= target else { return try await lock(id, in: transaction) }
        try await transaction.execute(
            "UPDATE app.test_clocks SET status = 'ready', target_at = NULL WHERE clock_id = \(id)"
        )
        let standing = try await lock(id, in: transaction)
        try await record("clock.ready", standing, by: stamp, in: transaction)
        return standing
    }

    /// Says what stopped a clock on its way.
    package static func fail(
        _ id: ClockID,
        _ error: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let changed = try await transaction.execute(
            """
            UPDATE app.test_clocks SET status = 'failed', error = \(String(error.prefix(1000)))
            WHERE clock_id = \(id) AND status = 'advancing'
            """
        )
        guard changed == 1, let clock = try await find(id, in: transaction) else { return }
        try await record("clock.failed", clock, by: stamp, in: transaction)
    }

    private static func lock(_ id: ClockID, in transaction: borrowing Transaction) async throws -> TestClock {
        let found = try await transaction.first(
            "SELECT \(fragment: columns) FROM app.test_clocks WHERE clock_id = \(id) FOR UPDATE",
            clock
        )
        guard let found else { throw ClockError.notFound(id) }
        return found
    }

    private static func record(
        _ verb: String,
        _ clock: TestClock,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: clock.id.text,
            tenant: nil,
            details: clock.json,
            by: stamp,
            in: transaction
        )
    }

    private static let columns: SQL = "clock_id, name, at, status, target_at, error, recorded_at"

    private static func clock(_ row: inout RowReader) throws -> TestClock {
        let id: ClockID = try row.next()
        let name: String = try row.next()
        let at: Instant = try row.next()
        let status: String = try row.next()
        return TestClock(
            id: id,
            name: name,
            at: at,
            // The table's CHECK has no other words.
            status: TestClock.Status(rawValue: status) ?? .failed,
            target: try row.next(),
            error: try row.next(),
            createdAt: try row.next()
        )
    }
}
