import Jobs
import Migrations
import Postgres

/// Brings a database that is not private up to date.
enum Schema {
    /// Applies what is missing; the login role keeps the rights it has.
    static func migrate(_ url: String) async throws {
        try await Migrator(MigrationFiles.all()).migrate(url: url, recordedAt: SystemTime().now())
    }
}
