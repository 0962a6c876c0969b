package import Values

/// One file of `Migrations/`.
package struct Migration: Sendable {
    /// The number the file's name begins with.
    package let version: Int

    /// The file's name without its ending.
    package let name: String

    /// The file's text.
    package let text: String

    /// Reads a file's name, `0001_foundation.sql`.
    package init(file: String, bytes: [UInt8]) throws(PostgresError) {
        guard file.hasSuffix(".sql"), let version = Int(file.prefix(4)), file.dropFirst(4).first == "_" else {
            throw PostgresError(.usage, "a migration is named 0001_name.sql, not \(file)")
        }
        self.version = version
        name = String(file.dropLast(4))
        text = String(decoding: bytes, as: UTF8.self)
    }
}

/// Brings a database's schema to the one this program was built with: forward only, in one locked transaction.
package struct Migrator: Sendable {
    /// What there is to say about a database's schema.
    package struct Status: Sendable {
        /// Names of the migrations that are in the database.
        package var applied: [String]
        /// Names of those still to come.
        package var pending: [String]
    }

    private let migrations: [Migration]

    /// Takes the files in any order.
    package init(_ migrations: [Migration]) {
        self.migrations = migrations.sorted { $0.version < $1.version }
    }

    /// Applies what is missing; nothing is applied if any of it fails.
    ///
    /// `url`: a role that may create roles and passes row-level security (`ABONO_MIGRATION_URL`).
    ///
    /// `login`: the role `ABONO_DATABASE_URL` logs in as; it is allowed to become the five roles of `Scope`.
    ///
    /// `recordedAt`: what is written beside each migration.
    ///
    /// Throws a changed or missing file, by name.
    @discardableResult
    package func migrate(url: String, login: String? = nil, recordedAt: Instant) async throws -> Status {
        let connection = try await Connection.open(url: url, name: "migrate")
        do {
            _ = try await connection.runShielded("BEGIN")
            _ = try await connection.runShielded("SELECT pg_advisory_xact_lock(4702111234474983745)")
            let status = try await read(connection, creating: true)
            for migration in migrations where status.pending.contains(migration.name) {
                do {
                    try await connection.script(migration.text)
                } catch {
                    throw PostgresError(.server, sqlState: error.sqlState, "\(migration.name): \(error.message)")
                }
                _ = try await connection.runShielded(
                    """
                    INSERT INTO app.schema_migrations (version, name, checksum, applied_at)
                    VALUES (\(migration.version), \(migration.name),
                            encode(sha256(convert_to(\(migration.text), 'UTF8')), 'hex'), \(recordedAt))
                    """
                )
            }
            if let login { try await allow(login, connection) }
            _ = try await connection.runShielded("COMMIT")
            return Status(applied: status.applied + status.pending, pending: [])
        } catch {
            _ = try? await connection.runShielded("ROLLBACK")
            throw error
        }
    }

    /// Says what is applied and what is pending, and refuses like `migrate`; changes nothing.
    package func check(url: String) async throws -> Status {
        let connection = try await Connection.open(url: url, name: "migrate")
        return try await read(connection, creating: false)
    }

    private func read(_ connection: Connection, creating: Bool) async throws -> Status {
        if creating {
            try await connection.script(
                """
                CREATE SCHEMA IF NOT EXISTS app;
                CREATE TABLE IF NOT EXISTS app.schema_migrations (
                    version int PRIMARY KEY,
                    name text NOT NULL,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL
                );
                """
            )
        }
        let exists = try await connection.runShielded("SELECT to_regclass('app.schema_migrations') IS NOT NULL")
        var reader = RowReader(exists, row: 0)
        guard try reader.next() else { return Status(applied: [], pending: migrations.map(\.name)) }
        let versions = migrations.map(\.version)
        let texts = migrations.map(\.text)
        let rows = try await connection.runShielded(
            """
            SELECT a.version, a.name, f.version IS NOT NULL,
                   a.checksum = encode(sha256(convert_to(f.text, 'UTF8')), 'hex')
            FROM app.schema_migrations a
            LEFT JOIN unnest(\(versions)::int[], \(texts)::text[]) AS f (version, text) USING (version)
            ORDER BY a.version
            """
        )
        var applied: [String] = []
        var known: Set<Int> = []
        for row in 0..<rows.count {
            var reader = RowReader(rows, row: row)
            known.insert(try reader.next())
            let name: String = try reader.next()
            guard try reader.next() as Bool else {
                throw MigrationError.missing(name)
            }
            guard try reader.next() as Bool else {
                throw MigrationError.changed(name)
            }
            applied.append(name)
        }
        // Versions are compared, not names: what was renamed has been applied all the same.
        let pending = migrations.filter { !known.contains($0.version) }
        if let late = pending.first(where: { $0.version < known.max() ?? 0 }) { throw MigrationError.late(late.name) }
        return Status(applied: applied, pending: pending.map(\.name))
    }

    private func allow(_ login: String, _ connection: Connection) async throws {
        let quoted = try await connection.runShielded(
            "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = \(login)"
        )
        guard quoted.count == 1 else { throw MigrationError.noRole(login) }
        var reader = RowReader(quoted, row: 0)
        let name: String = try reader.next()
        try await connection.script("GRANT \(scopeRoles.joined(separator: ", ")) TO \(name)")
        try await connection.script("GRANT USAGE ON SCHEMA app TO \(name)")
        try await connection.script("GRANT SELECT ON app.schema_migrations TO \(name)")
    }
}

/// Why a database's schema is not this program's.
package enum MigrationError: ProblemConvertible {
    /// The database has a migration that this program does not know: the program is older than the database.
    case missing(String)
    /// A file was changed after it was applied.
    case changed(String)
    /// A file is new and has a lower number than one that was applied.
    case late(String)
    /// The role that is to log in is not there.
    case noRole(String)

    package var problem: Problem {
        switch self {
        case .noRole(let name):
            Problem.invalid(
                "login-role",
                "is \(name), which is no role of this server; CREATE ROLE \(name) LOGIN first"
            )
        case .missing(let name):
            Problem(
                .precondition,
                code: "migration_missing",
                "the database has the migration \(name), which this program does not; run a newer abono"
            )
        case .changed(let name):
            Problem(
                .precondition,
                code: "migration_changed",
                "the migration \(name) is not the one that was applied; never change a migration, add one"
            )
        case .late(let name):
            Problem(
                .precondition,
                code: "migration_late",
                "the migration \(name) comes before one that was applied; give it a number after all others"
            )
        }
    }
}
