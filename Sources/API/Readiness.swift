import Jobs
import Postgres
import Values

/// Whether this server can do its work: the database answers, its schema is this program's, and somewhere a worker
/// does what has to be done in the background.
struct Readiness: Sendable {
    /// After how long without a sign of life a worker does not count, even if nobody declared it lost.
    private static let patienceSeconds: Int64 = 30

    private let database: Database
    private let time: any TimeSource
    private let schema: [String]

    init(database: Database, time: any TimeSource, schema: [String]) {
        self.database = database
        self.time = time
        self.schema = schema
    }

    /// What was looked at, and whether it is as it should be; the word says what is wrong.
    func checks() async -> [(name: String, problem: String?)] {
        let since = time.now().adding(seconds: -Self.patienceSeconds)
        let found: (applied: [String], workers: Int)
        do {
            found = try await database.transaction(as: .system) { transaction in
                let applied: [String] = try await transaction.query(
                    "SELECT name FROM app.schema_migrations ORDER BY version"
                ) { row in try row.next() }
                let workers: Int? = try await transaction.first(
                    "SELECT count(*) FROM app.nodes WHERE state = 'alive' AND seen_at > \(since)"
                ) { row in try row.next() }
                return (applied, workers ?? 0)
            }
        } catch {
            return [("database", "cannot be reached"), ("migrations", "unknown"), ("worker", "unknown")]
        }
        let missing = Set(schema).symmetricDifference(found.applied)
        return [
            ("database", nil),
            ("migrations", missing.isEmpty ? nil : "are not those of this program: run `abono migrate`"),
            ("worker", found.workers > 0 ? nil : "no worker is running"),
        ]
    }
}
