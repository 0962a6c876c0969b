import Foundation
import Jobs
import Migrations
import Postgres
import UnixSignals
import Values

/// A private database for one benchmark: as durable as the real one, made before it and removed after it.
struct BenchDatabase: Sendable {
    /// Logs in as production does.
    let url: String
    /// The superuser's.
    let administrationURL: String
    private let cluster: PrivateCluster

    private struct Interrupted: ProblemConvertible {
        var problem: Problem { Problem(.unavailable, code: "interrupted", "the benchmark was interrupted") }
    }

    /// Lends a migrated database to a benchmark; SIGINT and SIGTERM end it, and what was made is removed in any case.
    static func run(
        _ body: @escaping @Sendable (BenchDatabase) async throws -> BenchResult
    ) async throws -> BenchResult {
        let home = FileManager.default.temporaryDirectory.path + "/abono-bench-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: home) }
        let cluster = try await PrivateCluster.join(home: home, isThrowaway: false)
        do {
            let database = BenchDatabase(
                url: cluster.databaseURL,
                administrationURL: cluster.migrationURL,
                cluster: cluster
            )
            try await Migrator(MigrationFiles.all()).migrate(
                url: cluster.migrationURL,
                login: "abono_app",
                recordedAt: SystemTime().now()
            )
            let result = try await untilSignal { try await body(database) }
            await cluster.leave()
            return result
        } catch {
            await cluster.leave()
            throw error
        }
    }

    /// Brings statistics up to date: in production the planner knows the tables.
    func analyze() async throws {
        try await Administration.run("VACUUM ANALYZE", url: administrationURL)
    }

    /// Kills the server as a power cut would, starts it again, and says after how many seconds it answers.
    func crash() async throws -> Double { try await cluster.crash() }

    private static func untilSignal(
        _ body: @escaping @Sendable () async throws -> BenchResult
    ) async throws -> BenchResult {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: BenchResult.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { throw Interrupted() }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw Interrupted() }
            return result
        }
    }
}
