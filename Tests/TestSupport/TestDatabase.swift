import Foundation
import Migrations
package import Postgres
import Synchronization
package import Values

/// The moment most tests happen at.
package let testNow = Instant(seconds: 1_772_323_200)  // 2026-03-01T00:00:00Z

/// Lends a freshly migrated database of its own to a test, reached by the login role that production uses.
///
/// Only some have one at a time, so a test may wait for its turn; its time limit, which counts that too, is for hangs.
///
/// The first use makes a template; each test gets a clone of it. Clones are not dropped: the cluster that `make test`
/// starts is removed as a whole.
package func withDatabase(
    connections: Int = 4,
    _ body: (Database) async throws -> Void
) async throws {
    try await TestCluster.gate.pass {
        let url = try await TestCluster.shared.clone()
        let database = Database(url: url, connections: connections)
        defer { database.close() }
        try await body(database)
    }
}

/// Lets so many through at once; the others wait in line.
package actor TestGate {
    private var places: Int
    private var line: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { self.places = places }

    /// Waits for a place and does something in it.
    package nonisolated func pass(_ body: () async throws -> Void) async throws {
        await enter()
        do { try await body() } catch {
            await leave()
            throw error
        }
        await leave()
    }

    private func enter() async {
        if places > 0 {
            places -= 1
        } else {
            await withCheckedContinuation { line.append($0) }
        }
    }

    private func leave() {
        if line.isEmpty {
            places += 1
        } else {
            line.removeFirst().resume()
        }
    }
}

/// The PostgreSQL that `make test` starts, and the template in it.
package actor TestCluster {
    /// The one cluster of a test run.
    package static let shared = TestCluster()

    /// All tests begin at once; a server has only so many connections, and a machine so many processors.
    static let gate = TestGate(places: 6)

    private var template: Task<String, any Error>?
    private var count = 0

    /// Makes a clone of the migrated template and returns the login role's URL of it.
    package func clone() async throws -> String {
        let template = try await migratedTemplate()
        count += 1
        let name = "clone_\(getpid())_\(count)"
        try await administer("CREATE DATABASE \(name) TEMPLATE \(template)")
        return try Self.url(database: name, user: "abono_app")
    }

    /// The superuser's URL of a database.
    package nonisolated static func url(database: String, user: String) throws -> String {
        guard let base = ProcessInfo.processInfo.environment["ABONO_TEST_DATABASE_URL"],
            var parts = URLComponents(string: base)
        else {
            throw TestClusterError.missing
        }
        parts.path = "/" + database
        var items = (parts.queryItems ?? []).filter { $0.name != "user" }
        items.append(URLQueryItem(name: "user", value: user))
        parts.queryItems = items
        // libpq reads a percent-encoded host only where slashes are encoded, too.
        let query = items.map { item in
            let value =
                item.value?.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["_", "-", "."])) ?? ""
            return "\(item.name)=\(value)"
        }
        return "postgresql:///\(database)?\(query.joined(separator: "&"))"
    }

    private func migratedTemplate() async throws -> String {
        if let template { return try await template.value }
        let made = Task {
            let name = "template_\(getpid())"
            try await administer(
                """
                DO $$ BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'abono_app') THEN
                        CREATE ROLE abono_app LOGIN NOINHERIT;
                    END IF;
                END $$
                """
            )
            try await administer("CREATE DATABASE \(name)")
            let url = try Self.url(database: name, user: "postgres")
            try await Migrator(MigrationFiles.all()).migrate(url: url, login: "abono_app", recordedAt: testNow)
            // Cloning waits for every session on the template, so none may come.
            try await administer("ALTER DATABASE \(name) ALLOW_CONNECTIONS false")
            return name
        }
        template = made
        return try await made.value
    }

    private func administer(_ sql: String) async throws {
        let url = try Self.url(database: "postgres", user: "postgres")
        try await Administration.run(sql, url: url)
    }
}

/// Why tests cannot have a database.
enum TestClusterError: Error, CustomStringConvertible {
    case missing

    var description: String {
        "these tests need a PostgreSQL: run `make test`, which starts one, or set ABONO_TEST_DATABASE_URL to one "
            + "whose user may create roles and databases"
    }
}

extension PostgresError {
    /// Whether the policy that keeps tenants apart refused because no tenant was set: a connection that never had one
    /// does not know the setting, on one that had it is empty.
    package var isTenantMissing: Bool { ["42704", "22P02"].contains(sqlState) }
}
