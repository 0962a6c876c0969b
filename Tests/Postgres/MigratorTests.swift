import Foundation
import Migrations
import Postgres
import TestSupport
import Testing
import Values

@Suite struct MigratorTests {
    @Test func `the program carries every file of the folder, and no other`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
        let carried = try MigrationFiles.all()
        #expect(files.sorted() == carried.map { $0.name + ".sql" })
        for migration in carried {
            let text = try String(contentsOf: folder.appendingPathComponent(migration.name + ".sql"), encoding: .utf8)
            #expect(migration.text == text)
        }
        #expect(carried.map(\.version) == Array(1...carried.count))
    }

    @Test func `migrating again changes nothing and a changed or missing file is refused`() async throws {
        try await withDatabase { database in
            let url = database.url.replacing("abono_app", with: "postgres")
            let files = try MigrationFiles.all()
            let again = try await Migrator(files).migrate(url: url, login: "abono_app", recordedAt: testNow)
            #expect(again.applied == files.map(\.name))
            let check = try await Migrator(files).check(url: url)
            #expect(check.pending.isEmpty)

            var changed = files
            changed[1] = try Migration(file: files[1].name + ".sql", bytes: Array((files[1].text + " ").utf8))
            await #expect(throws: MigrationError.self) { try await Migrator(changed).check(url: url) }
            await #expect(throws: MigrationError.self) {
                try await Migrator(Array(files.dropLast())).migrate(url: url, recordedAt: testNow)
            }
        }
    }

    @Test func `checking an empty database names what is to come and changes nothing`() async throws {
        try await withEmptyDatabase { url in
            let files = try MigrationFiles.all()
            let status = try await Migrator(files).check(url: url)
            #expect(status.applied == [] && status.pending == files.map(\.name))
            let again = try await Migrator(files).check(url: url)
            #expect(again.pending == files.map(\.name))
            let database = Database(url: url, connections: 1)
            defer { database.close() }
            let schemas: Int? = try await database.transaction(as: .system) { transaction in
                try await transaction.first("SELECT count(*) FROM pg_namespace WHERE nspname = 'app'") { try $0.next() }
            }
            #expect(schemas == 0)
        }
    }

    @Test func `of several that migrate at once one does it and the others find it done`() async throws {
        try await withEmptyDatabase { url in
            let files = try MigrationFiles.all()
            try await withThrowingTaskGroup(of: Migrator.Status.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await Migrator(files).migrate(url: url, login: "abono_app", recordedAt: testNow)
                    }
                }
                for try await status in group {
                    #expect(status.applied == files.map(\.name) && status.pending.isEmpty)
                }
            }
            let check = try await Migrator(files).check(url: url)
            #expect(check.applied == files.map(\.name) && check.pending.isEmpty)
        }
    }

    @Test func `a refusal names the file, whether migrating or checking`() async throws {
        try await withDatabase { database in
            let url = database.url.replacing("abono_app", with: "postgres")
            let files = try MigrationFiles.all()
            func file(_ number: Int, _ name: String) throws -> Migration {
                try Migration(file: "\(number)_\(name).sql", bytes: Array("SELECT 1;".utf8))
            }
            try await Migrator(files + [try file(9001, "last")]).migrate(url: url, recordedAt: testNow)
            var changed = files + [try file(9001, "last")]
            changed[2] = try Migration(file: files[2].name + ".sql", bytes: Array("SELECT 1;".utf8))
            let refused: [([Migration], String, String)] = [
                (files, "migration_missing", "9001_last"), (changed, "migration_changed", files[2].name),
                (files + [try file(9000, "late"), try file(9001, "last")], "migration_late", "9000_late"),
            ]
            for (given, code, name) in refused {
                let checked = await #expect(throws: MigrationError.self) { try await Migrator(given).check(url: url) }
                let migrated = await #expect(throws: MigrationError.self) {
                    try await Migrator(given).migrate(url: url, recordedAt: testNow)
                }
                for problem in [checked?.problem, migrated?.problem] {
                    #expect(problem?.code == code)
                    #expect(problem?.message.contains(name) == true)
                }
            }
            // Another name for what was applied is no other migration.
            let renamed = try await Migrator(files + [try file(9001, "renamed")]).check(url: url)
            #expect(renamed.pending.isEmpty)
        }
    }

    private func withEmptyDatabase(_ body: (_ url: String) async throws -> Void) async throws {
        let name = "empty_\(UInt64.random(in: 0 ... .max))"
        let administration = try TestCluster.url(database: "postgres", user: "postgres")
        // The roles belong to the cluster; the first clone makes them.
        try await withDatabase { _ in }
        try await Administration.run("CREATE DATABASE \(name) TEMPLATE template0", url: administration)
        try await body(try TestCluster.url(database: name, user: "postgres"))
    }

    @Test func `a migration that fails leaves nothing behind`() async throws {
        try await withDatabase { database in
            let url = database.url.replacing("abono_app", with: "postgres")
            let files = try MigrationFiles.all()
            let number = String(format: "%04d", files.count + 1)
            let broken = try Migration(
                file: "\(number)_broken.sql",
                bytes: Array("CREATE TABLE app.half (a int); SELECT 1/0;".utf8)
            )
            await #expect(throws: PostgresError.self) {
                try await Migrator(files + [broken]).migrate(url: url, recordedAt: testNow)
            }
            let table: String? = try await database.transaction(as: .admin) { transaction in
                try await transaction.first("SELECT to_regclass('app.half')::text") { try $0.next() as String? } ?? nil
            }
            #expect(table == nil)
        }
    }

    @Test func `every tenant table keeps tenants apart and is forced to`() async throws {
        try await withDatabase { database in
            let loose: [String] = try await database.transaction(as: .admin) { transaction in
                try await transaction.query(
                    """
                    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                    WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                      AND a.attname = 'tenant_id' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
                    ORDER BY 1
                    """
                ) { try $0.next() }
            }
            #expect(loose.isEmpty)
        }
    }
}
