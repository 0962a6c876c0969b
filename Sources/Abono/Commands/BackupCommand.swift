import ArgumentParser
import Foundation
import Jobs
import Migrations
import Postgres
import Subprocess
import SystemPackage
import Values

/// The command `abono backup`.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes the whole database to a file.",
        discussion: """
            Uses ABONO_MIGRATION_URL, which passes row-level security; any other role would silently leave rows out.

              abono backup abono-2026-03-01.dump
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The file to write.") var file: String

    func run() async throws {
        let temporary = file + ".part"
        try await Session.run(options) { session in
            let url = try session.requiredMigrationURL()
            let tools = try await PostgresTools.find()
            do {
                let descriptor = try FileDescriptor.open(
                    FilePath(temporary),
                    .writeOnly,
                    options: [.create, .truncate],
                    permissions: [.ownerReadWrite]
                )
                try await tools.run(
                    "pg_dump",
                    ["--format=custom", "--schema=app", "--dbname=\(url)"],
                    output: descriptor
                )
            } catch let error as Errno {
                throw Problem.invalid("FILE", "\(temporary) cannot be written: \(error)")
            } catch {
                // Half a backup must not be taken for one.
                try? FileManager.default.removeItem(atPath: temporary)
                throw error
            }
        }
        // Replaces an older backup in one step.
        guard unsafe rename(temporary, file) == 0 else {
            throw Problem.invalid("FILE", "\(file) cannot be written; the backup is in \(temporary)")
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
        Output(format: options.format).object(["file": .string(file), "bytes": .int(size)])
    }
}

/// The command `abono restore`.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fills an empty database from a backup.",
        discussion: """
            Makes the roles first, then restores into the database of ABONO_MIGRATION_URL (or the private one), \
            which must have no Abono tables yet, in one transaction.

              abono restore abono-2026-03-01.dump --home /srv/abono
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The file `abono backup` wrote.") var file: String
    @Option(help: "The role ABONO_DATABASE_URL logs in as.") var loginRole = "abono_app"

    func run() async throws {
        let settings = try await Settings.read(options)
        let cluster = settings.migrationURL == nil ? try await PrivateCluster.join(home: settings.home) : nil
        do {
            let url = settings.migrationURL ?? cluster?.migrationURL ?? ""
            try await restore(url)
            await cluster?.leave()
        } catch {
            await cluster?.leave()
            throw error
        }
    }

    private func restore(_ url: String) async throws {
        let input: FileDescriptor
        do {
            input = try FileDescriptor.open(FilePath(file), .readOnly)
        } catch { throw Problem.invalid("FILE", "\(file) cannot be read: \(error)") }
        for statement in Self.preparations { try await Administration.run(statement, url: url) }
        do {
            try await PostgresTools.find().run(
                "pg_restore",
                ["--single-transaction", "--exit-on-error", "--dbname=\(url)"],
                input: input
            )
        } catch {
            throw Problem(
                .precondition,
                "the backup was not restored, nothing was changed: \(Problem.of(error).message)"
            )
        }
        let status = try await Migrator(MigrationFiles.all()).migrate(
            url: url,
            login: loginRole,
            recordedAt: SystemTime().now()
        )
        // Before anything is written: transactions are numbered anew in another cluster.
        try await Administration.run("SELECT app.rebase_outbox()", url: url)
        Output(format: options.format).object([
            "restored": .string(file), "migrations": .int(status.applied.count),
        ])
    }

    /// Roles belong to the cluster, so a dump of one database does not hold them.
    private static let preparations =
        scopeRoles.map { role in
            """
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(role)') THEN
                    CREATE ROLE \(role) NOLOGIN NOINHERIT;
                END IF;
            END $$
            """
        } + ["CREATE EXTENSION IF NOT EXISTS btree_gist"]
}

extension Session {
    /// The URL of the role that sees every row.
    func requiredMigrationURL() throws -> String {
        guard let migrationURL else {
            throw Problem.invalid(
                "ABONO_MIGRATION_URL",
                "is not set; --database-url names a role that row-level security holds back"
            )
        }
        return migrationURL
    }
}
