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

    @Test func `a migration that fails leaves nothing behind`() async throws {
        try await withDatabase { database in
            let url = database.url.replacing("abono_app", with: "postgres")
            let files = try MigrationFiles.all()
            let number = String(format: "%04d", files.count + 1)
            let broken = try Migration(
                file: "\(number)_broken.sql", bytes: Array("CREATE TABLE app.half (a int); SELECT 1/0;".utf8))
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
