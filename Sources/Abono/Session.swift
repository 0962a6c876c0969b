import Jobs
import Logging
import Migrations
import Postgres
import Values

/// What a command works with: the database, the clock, the settings.
struct Session {
    let settings: Settings
    let database: Database
    let time: any TimeSource
    private let cluster: PrivateCluster?

    /// Opens the database a command was told to use, or the private one, which is made, started and migrated as needed,
    /// and closes it afterwards.
    static func run<Value>(
        _ options: GlobalOptions, flags: [String: String] = [:], connections: Int = 4,
        _ body: (Session) async throws -> Value
    ) async throws -> Value {
        let settings = try await Settings.read(options, flags: flags)
        let time = SystemTime()
        guard let url = settings.databaseURL else {
            let cluster = try await PrivateCluster.join(home: settings.home)
            do {
                try await Migrator(MigrationFiles.all()).migrate(
                    url: cluster.migrationURL, login: "abono_app", recordedAt: time.now())
                let database = Database(url: cluster.databaseURL, connections: connections)
                let session = Session(settings: settings, database: database, time: time, cluster: cluster)
                let value = try await body(session)
                database.close()
                await cluster.leave()
                return value
            } catch {
                await cluster.leave()
                throw error
            }
        }
        let database = Database(url: url, connections: connections)
        defer { database.close() }
        return try await body(Session(settings: settings, database: database, time: time, cluster: nil))
    }

    /// The stamp of what a person at the command line does.
    var stamp: Stamp { Stamp(now: time.now(), author: .command) }

    /// The URL migrations and backups use.
    var migrationURL: String? { cluster?.migrationURL ?? settings.migrationURL }
}
