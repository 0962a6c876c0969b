import Metering
import Postgres
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct UsageArchiveTests {
    /// March 2026, looked at two years later.
    private static let month = CalendarDate(daysSinceEpoch: Zone.utc.date(of: testNow).daysSinceEpoch)
    private static let later = testNow.adding(seconds: 2 * 366 * 86_400)
    private static var stamp: Stamp { Stamp(now: later, author: .command) }

    @Test func `an archived month is read by what it adds up to, dedupes, and comes back as it was`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(2)
            let events = try Self.events()
            for tenant in tenants { try await UsageFixture.ingest(events, for: tenant, in: database) }
            _ = try await database.transaction(as: .tenant(tenants[0])) { transaction in
                try await MeteringOperations.void("e3", of: tenants[0], by: UsageFixture.stamp, in: transaction)
            }
            let before = try await Self.dump(database)
            let (manifest, lines) = try await Self.archive(database)
            #expect(manifest.rows == 2 * events.count)
            #expect(manifest.sums["tokens.output"]?["count"]?.int == 2 * events.count - 1)
            #expect(try await Self.dump(database).isEmpty)

            // What events add up to stays, and reconciliation takes the file's word.
            let sum = try await UsageFixture.totals(tenants[1], to: 31 * 86_400, in: database).sum
            #expect(sum == events.reduce(Exact.zero) { $0 + $1.value.exact })
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            await #expect(throws: MeteringError.monthArchived(Self.month)) {
                _ = try await UsageFixture.totals(tenants[1], from: 7, to: 31 * 86_400, in: database)
            }

            await #expect(throws: MeteringError.monthArchived(Self.month)) {
                _ = try await database.transaction(as: .tenant(tenants[1])) { transaction in
                    try await MeteringOperations.void("e3", of: tenants[1], by: Self.stamp, in: transaction)
                }
            }

            // The ids outlive the events.
            let conflict = try UsageFixture.event("e1", after: 60, value: 999)
            let fresh = try UsageFixture.event("new", after: 60)
            let present = try UsageFixture.event("present", after: 700 * 86_400)
            let sent = [events[0], conflict, fresh, present, fresh]
            let outcomes = try await database.transaction(as: .ingest) { transaction in
                try await MeteringOperations.ingest(
                    sent.map { (tenant: tenants[0], event: $0) },
                    recordedAt: Self.later,
                    in: transaction
                )
            }
            #expect(outcomes.map(\.kind) == [.duplicate, .conflict, .rejected, .accepted, .rejected])
            #expect(outcomes[2].errors.map(\.field) == ["at"])
            #expect(try await UsageFixture.differences(in: database).isEmpty)

            #expect(try await Self.restore(manifest, lines, in: database))
            #expect(try await Self.dump(database) == before)
            #expect(try await Self.restore(manifest, lines, in: database) == false)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            _ = try await UsageFixture.totals(tenants[1], from: 7, to: 31 * 86_400, in: database)
            // And it can go again.
            _ = try await Self.archive(database)
            #expect(try await Self.dump(database).isEmpty)
        }
    }

    @Test func `events that came after the file was written keep the month`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest(try Self.events(), for: tenant, in: database)
            let (manifest, _) = try await Self.write(database)
            try await UsageFixture.ingest([try UsageFixture.event("late", after: 60)], for: tenant, in: database)
            try await database.transaction(as: .system) { transaction in
                try await UsageArchiveOperations.verified(Self.month, manifest, by: Self.stamp, in: transaction)
            }
            let isGone = try await Self.drop(database)
            #expect(!isGone)
            #expect(try await Self.dump(database).count == Self.events().count + 1)
            let again = try await Self.archive(database).manifest
            #expect(again.rows == manifest.rows + 1)
        }
    }

    @Test func `a file that is not the archive's is not restored, nor half of it`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest(try Self.events(), for: tenant, in: database)
            let (manifest, lines) = try await Self.archive(database)
            let half = Array(lines.dropLast())
            await #expect(throws: Problem.self) { _ = try await Self.restore(manifest, half, in: database) }
            let other = UsageManifest(
                rows: 1,
                sha256: Array(repeating: 7, count: 32),
                bytes: 1,
                minAt: nil,
                maxAt: nil,
                sums: [:]
            )
            await #expect(throws: Problem.self) { _ = try await Self.restore(other, lines, in: database) }
            #expect(try await Self.dump(database).isEmpty)
            #expect(try await Self.restore(manifest, lines, in: database))
        }
    }

    @Test func `only what the policy lets go is archived`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest(try Self.events(), for: tenant, in: database)
            await #expect(throws: Problem.self) { _ = try await Self.begin(database) }
            try await Self.keep(36, in: database)
            await #expect(throws: Problem.self) { _ = try await Self.begin(database) }
            try await Self.keep(12, in: database)
            let due = try await database.transaction(as: .system) { transaction in
                try await UsageArchiveOperations.due(at: Self.later, in: transaction)
            }
            #expect(due == [Self.month])
            #expect(try await Self.begin(database).state == .writing)
        }
    }

    // MARK: - What is done

    private static func events() throws -> [UsageEvent] {
        try (0..<40).map { number in
            try UsageFixture.event(
                "e\(number)",
                after: Int64(number) * 3_607,
                value: Decimal12(number + 1),
                properties: ["note": "a \"quoted\" line\nand \u{1} a, tab\t", "n": .int(number)]
            )
        }
    }

    private static func keep(_ months: Int, in database: Database) async throws {
        try await database.transaction(as: .admin) { transaction in
            try await UsageArchiveOperations.set(UsageRetention(months: months), by: stamp, in: transaction)
        }
    }

    private static func begin(_ database: Database) async throws -> UsageArchive {
        try await database.transaction(as: .system) { transaction in
            try await UsageArchiveOperations.begin(month, file: "/archive/x.gz", by: stamp, in: transaction)
        }
    }

    private static func write(_ database: Database) async throws -> (manifest: UsageManifest, lines: [[UInt8]]) {
        try await keep(12, in: database)
        _ = try await begin(database)
        let file = Lines()
        let manifest = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await UsageArchiveOperations.export(month, in: transaction) { file.append($0) }
        }
        return (manifest, file.all)
    }

    private static func archive(_ database: Database) async throws -> (manifest: UsageManifest, lines: [[UInt8]]) {
        let written = try await write(database)
        try await database.transaction(as: .system) { transaction in
            try await UsageArchiveOperations.verified(month, written.manifest, by: stamp, in: transaction)
        }
        #expect(try await drop(database))
        return written
    }

    private static func drop(_ database: Database) async throws -> Bool {
        try await database.transaction(as: .system) { transaction in
            try await UsageArchiveOperations.drop(month, by: stamp, in: transaction)
        }
    }

    private static func restore(
        _ manifest: UsageManifest,
        _ lines: [[UInt8]],
        in database: Database
    ) async throws -> Bool {
        try await database.transaction(as: .system) { transaction in
            guard let archive = try await UsageRestoreOperations.begin(sha256: manifest.sha256, in: transaction) else {
                return false
            }
            for line in lines { try await UsageRestoreOperations.store(line, in: transaction) }
            try await UsageRestoreOperations.finish(archive, by: stamp, in: transaction)
            return true
        }
    }

    /// Every event of the month, as text.
    private static func dump(_ database: Database) async throws -> [String] {
        try await database.transaction(as: .finance) { transaction in
            try await transaction.query(
                """
                SELECT to_jsonb(e)::text FROM app.usage_events e
                WHERE e.at < \(testNow.adding(seconds: 31 * 86_400)) ORDER BY 1
                """
            ) { row in try row.next() }
        }
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[[UInt8]]>([])
        func append(_ line: [UInt8]) { lines.withLock { $0.append(line) } }
        var all: [[UInt8]] { lines.withLock { $0 } }
    }
}
