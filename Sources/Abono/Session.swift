import Foundation
import Jobs
import Migrations
import Postgres
import Tenants
import UnixSignals
import Values

/// What a command works with: the database, the clock, the settings.
struct Session {
    let settings: Settings
    let database: Database
    let time: any TimeSource
    /// Seals and opens the secrets in the database; nil where no secret key is set.
    let secretBox: SecretBox?
    private let cluster: PrivateCluster?

    /// Opens the database a command was told to use, or the private one, which is made, started and migrated as needed,
    /// and closes it afterwards.
    ///
    /// `handlesSignals`: whether the body itself ends in order when it is interrupted.
    ///
    /// `isThrowaway`: whether the private database, if it is made, may lose what was committed last.
    static func run<Value>(
        _ options: GlobalOptions,
        flags: [String: String] = [:],
        connections: Int = 4,
        handlesSignals: Bool = false,
        isThrowaway: Bool = false,
        _ body: (Session) async throws -> Value
    ) async throws -> Value {
        let settings = try await Settings.read(options, flags: flags)
        let time = SystemTime()
        guard let url = settings.databaseURL else {
            return try await inPrivateCluster(
                settings,
                connections: connections,
                handlesSignals: handlesSignals,
                isThrowaway: isThrowaway,
                body
            )
        }
        let box = try settings.secretKey.map { key throws(Problem) in try SecretBox(key: key) }
        let database = Database(url: url, connections: connections)
        defer { database.close() }
        return try await body(
            Session(settings: settings, database: database, time: time, secretBox: box, cluster: nil)
        )
    }

    private static func inPrivateCluster<Value>(
        _ settings: Settings,
        connections: Int,
        handlesSignals: Bool,
        isThrowaway: Bool,
        _ body: (Session) async throws -> Value
    ) async throws -> Value {
        let time = SystemTime()
        let cluster = try await PrivateCluster.join(home: settings.home, isThrowaway: isThrowaway)
        let watch = handlesSignals ? nil : Task { await leaveWhenInterrupted(cluster) }
        defer { watch?.cancel() }
        do {
            try await Migrator(MigrationFiles.all()).migrate(
                url: cluster.migrationURL,
                login: "abono_app",
                recordedAt: time.now()
            )
            let box = try SecretBox(key: settings.secretKey ?? SecretKeyFile(home: settings.home).readOrMake())
            let database = Database(url: cluster.databaseURL, connections: connections)
            defer { database.close() }
            let session = Session(
                settings: settings,
                database: database,
                time: time,
                secretBox: box,
                cluster: cluster
            )
            let value = try await body(session)
            database.close()
            await cluster.leave()
            return value
        } catch {
            await cluster.leave()
            throw error
        }
    }

    /// A command that is interrupted takes its database along; what it had not committed is undone.
    private static func leaveWhenInterrupted(_ cluster: PrivateCluster) async {
        for await signal in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
            await cluster.leave()
            _exit(128 + (signal == .sigint ? SIGINT : SIGTERM))
        }
    }

    /// The clock's present instant.
    var now: Instant { time.now() }

    /// The stamp of what a person at the command line does.
    var stamp: Stamp { Stamp(now: now, author: .command) }

    /// The URL migrations and backups use.
    var migrationURL: String? { cluster?.migrationURL ?? settings.migrationURL }
}

extension Session {
    /// Reads over all tenants in one snapshot.
    func read<Value>(_ body: (borrowing Transaction) async throws -> Value) async throws -> Value {
        try await database.transaction(as: .finance, isolation: .snapshot, body)
    }

    /// Writes to the catalogue, tenants and keys.
    func administer<Value>(_ body: (borrowing Transaction) async throws -> Value) async throws -> Value {
        try await database.transaction(as: .admin, body)
    }

    /// The tenant with an id, which must be there.
    func tenant(_ id: TenantID) async throws -> Tenant {
        let found = try await read { transaction in try await TenantQueries.find(id, in: transaction) }
        guard let found else { throw TenantError.notFound(id) }
        return found
    }

    /// Acts for a tenant, which must be there.
    func act<Value>(
        for id: TenantID,
        _ body: (Tenant, borrowing Transaction) async throws -> Value
    ) async throws -> Value {
        let tenant = try await tenant(id)
        return try await database.transaction(as: .tenant(id)) { transaction in try await body(tenant, transaction) }
    }
}
