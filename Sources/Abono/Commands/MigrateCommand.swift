import ArgumentParser
import Jobs
import Migrations
import Postgres
import Values

/// The command `abono migrate`.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database's schema up to date.",
        discussion: """
            Uses ABONO_MIGRATION_URL, a role that may create roles and passes row-level security. All pending \
            migrations are applied in one locked transaction, or none.

              abono migrate --login-role abono_app
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(help: "Changes nothing; exits 1 if anything is pending, changed or missing.")
    var check = false

    @Option(help: "The role ABONO_DATABASE_URL logs in as; it is allowed the five roles and nothing else.")
    var loginRole: String?

    func run() async throws {
        let settings = try await Settings.read(options)
        guard let url = settings.migrationURL else { return try await runOnPrivateCluster(settings) }
        try await run(url, login: loginRole)
    }

    private func runOnPrivateCluster(_ settings: Settings) async throws {
        let cluster = try await PrivateCluster.join(home: settings.home)
        do {
            try await run(cluster.migrationURL, login: loginRole ?? "abono_app")
        } catch {
            await cluster.leave()
            throw error
        }
        await cluster.leave()
    }

    private func run(_ url: String, login: String?) async throws {
        let migrator = try Migrator(MigrationFiles.all())
        guard check else {
            let status = try await migrator.migrate(url: url, login: login, recordedAt: SystemTime().now())
            return print(status)
        }
        let status = try await migrator.check(url: url)
        print(status)
        if !status.pending.isEmpty { throw ExitCode(1) }
    }

    private func print(_ status: Migrator.Status) {
        let rows = status.applied.map { [$0, "applied"] } + status.pending.map { [$0, "pending"] }
        Output(format: options.format).list(
            ["migration", "state"],
            rows,
            json: [
                "applied": .array(status.applied.map { .string($0) }),
                "pending": .array(status.pending.map { .string($0) }),
            ]
        )
    }
}
