import Billing
import Foundation
import Inference
import Migrations
import Postgres
import Values

/// The checks of `abono doctor`, each by itself; none changes anything.
struct DoctorChecks {
    let session: Session

    /// The oldest server whose features the schema uses.
    private static let minimumVersion = 15
    /// How far the two clocks may be apart.
    private static let skewLimitSeconds = 5.0

    /// Runs them in an order in which each can rely on those before it.
    func run() async -> [DoctorCheck] {
        var checks = [await reach()]
        if checks[0].isOK {
            checks.append(await migrations())
            if checks[1].isOK {
                for check in [version, login, isolation, clock, models, secrets] { checks.append(await check()) }
            }
        }
        return checks + [await documents()] + folders()
    }

    private func reach() async -> DoctorCheck {
        do {
            try await Administration.run("SELECT 1", url: session.database.url)
            return .ok("database", "reachable")
        } catch {
            return .failed(
                "database",
                reason(error),
                "check that the server runs and that ABONO_DATABASE_URL names its host, database and login role"
            )
        }
    }

    private func migrations() async -> DoctorCheck {
        do {
            let status = try await Migrator(MigrationFiles.all()).check(url: session.database.url)
            guard status.pending.isEmpty else {
                return .failed(
                    "migrations",
                    "pending: \(status.pending.joined(separator: ", "))",
                    "run `abono migrate` with ABONO_MIGRATION_URL"
                )
            }
            return .ok("migrations", "\(status.applied.count) applied")
        } catch {
            return .failed("migrations", reason(error), "run `abono migrate` with --login-role and ABONO_MIGRATION_URL")
        }
    }

    private func version() async -> DoctorCheck {
        await check("version", "run PostgreSQL \(Self.minimumVersion) or newer") { transaction in
            let number: Int? = try await transaction.first(
                "SELECT current_setting('server_version_num')::int"
            ) { row in try row.next() }
            let major = (number ?? 0) / 10_000
            return (major >= Self.minimumVersion, "PostgreSQL \(major)")
        }
    }

    private func login() async -> DoctorCheck {
        let advice = "create it with LOGIN NOINHERIT and let `abono migrate --login-role` grant the rest"
        return await check("login role", advice) { transaction in
            let facts = try await transaction.first(DoctorQueries.login) { row in
                (
                    name: try row.next() as String, roles: try row.next() as [String], owned: try row.next() as Int,
                    isPrivileged: try row.next() as Bool, inherits: try row.next() as Bool
                )
            }
            guard let facts else { return (false, "the session has no role") }
            var faults: [String] = []
            if facts.isPrivileged { faults.append("is superuser or passes row-level security") }
            if facts.inherits { faults.append("inherits rights (INHERIT)") }
            if facts.owned > 0 { faults.append("owns \(facts.owned) objects") }
            let surplus = facts.roles.filter { !scopeRoles.contains($0) }
            let missing = scopeRoles.filter { !facts.roles.contains($0) }
            if !surplus.isEmpty { faults.append("may also become \(surplus.joined(separator: ", "))") }
            if !missing.isEmpty { faults.append("may not become \(missing.joined(separator: ", "))") }
            let found = faults.isEmpty ? "owns nothing and may become the five roles" : faults.joined(separator: "; ")
            return (faults.isEmpty, "\(facts.name) \(found)")
        }
    }

    private func isolation() async -> DoctorCheck {
        await check("isolation", "a table lost FORCE ROW LEVEL SECURITY; restore it as its migration has it") {
            transaction in
            let open: [String] = try await transaction.query(DoctorQueries.openTables) { row in try row.next() }
            return (open.isEmpty, open.isEmpty ? "every tenant table forces it" : open.joined(separator: ", "))
        }
    }

    private func clock() async -> DoctorCheck {
        await check("clock", "set the clocks of both machines by NTP") { transaction in
            let before = session.now
            let theirs: Instant? = try await transaction.first("SELECT clock_timestamp()") { row in try row.next() }
            let after = session.now
            guard let theirs else { return (false, "the database did not say") }
            let early = Double(before - theirs) / 1e6
            let late = Double(theirs - after) / 1e6
            let skew = max(0, early, late)
            let text = String(format: "%.3f", skew)
            return (skew <= Self.skewLimitSeconds, "\(text) s apart from the database's")
        }
    }

    /// Without it invoices are pages and JSON all the same, so it is no fault.
    private func documents() async -> DoctorCheck {
        guard let fault = await PDFRenderer().fault() else { return .ok("pdf", "WeasyPrint makes PDFs of invoices") }
        return .ok("pdf", "not available, PDFs of invoices are answered with 503: \(fault.message)")
    }

    private func models() async -> DoctorCheck {
        let advice = "put the file back, or register it anew with `abono models add FILE`"
        do {
            let models = try await session.read { transaction in try await ModelQueries.list(in: transaction) }
            guard !models.isEmpty else {
                return .failed("models", "none is registered", "register a GGUF file with `abono models add FILE`")
            }
            for model in models {
                do {
                    try ModelFile(path: model.file).check(sha256: model.sha256)
                } catch {
                    return .failed("models", "\(model.name): \(error.problem.message)", advice)
                }
            }
            return .ok("models", models.map(\.name).joined(separator: ", "))
        } catch {
            return .failed("models", reason(error), advice)
        }
    }

    /// Whether the secrets in the database open with the key that is set.
    private func secrets() async -> DoctorCheck {
        let advice = "set ABONO_SECRET_KEY to the key they were sealed with, or store the secrets anew"
        if session.settings.databaseURL == nil, session.settings.secretKey == nil,
            SecretKeyFile(home: session.settings.home).isPrivate == false
        {
            return .failed(
                "secret key",
                "\(SecretKeyFile(home: session.settings.home).path) is open to others",
                "chmod 600 it, and change the secrets that were sealed with it"
            )
        }
        return await check("secret key", advice) { transaction in
            let names = try await GatewayOperations.unreadable(with: session.secretBox, in: transaction)
            guard names.isEmpty else {
                return (false, "secrets of \(names.joined(separator: ", ")) do not open with it")
            }
            return (true, session.secretBox == nil ? "none is set; gateways and webhooks need one" : "fits")
        }
    }

    private func folders() -> [DoctorCheck] {
        var checks: [DoctorCheck] = []
        let models = session.settings.models
        let isReadable = FileManager.default.isReadableFile(atPath: models)
        checks.append(
            isReadable
                ? .ok("models folder", models)
                : .failed("models folder", "\(models) cannot be read", "make it, or set ABONO_MODELS to another")
        )
        guard session.settings.databaseURL == nil else { return checks }
        let home = session.settings.home
        let canWrite = FileManager.default.isWritableFile(atPath: home)
        checks.append(
            canWrite
                ? .ok("home folder", home)
                : .failed("home folder", "\(home) cannot be written", "give it to this user, or set ABONO_HOME")
        )
        let data = home + "/postgres"
        let mode = try? FileManager.default.attributesOfItem(atPath: data)[.posixPermissions] as? Int
        let isPrivate = (mode ?? 0o700) & 0o077 == 0
        checks.append(
            isPrivate
                ? .ok("data folder", "\(data) is for its owner only")
                : .failed("data folder", "\(data) is open to others", "chmod 700 \(data)")
        )
        return checks
    }

    private func check(
        _ name: String,
        _ advice: String,
        _ body: (borrowing Transaction) async throws -> (isOK: Bool, found: String)
    ) async -> DoctorCheck {
        do {
            let (isOK, found) = try await session.database.transaction(as: .system, body)
            return isOK ? .ok(name, found) : .failed(name, found, advice)
        } catch {
            return .failed(name, reason(error), advice)
        }
    }

    /// An operator at the machine may read what the server said.
    private func reason(_ error: any Error) -> String {
        if let error = error as? PostgresError { return error.description }
        return Problem.of(error).message
    }
}

/// What the doctor asks the database.
private enum DoctorQueries {
    static let login: SQL =
        """
        SELECT session_user::text,
               ARRAY(SELECT r.rolname::text FROM pg_roles r
                     WHERE pg_has_role(session_user, r.oid, 'MEMBER') AND r.rolname <> session_user ORDER BY 1),
               (SELECT count(*) FROM pg_class c WHERE c.relowner = u.oid)
                   + (SELECT count(*) FROM pg_proc p WHERE p.proowner = u.oid)
                   + (SELECT count(*) FROM pg_namespace n WHERE n.nspowner = u.oid)
                   + (SELECT count(*) FROM pg_database d WHERE d.datdba = u.oid),
               u.rolsuper OR u.rolbypassrls OR u.rolcreaterole, u.rolinherit
        FROM pg_roles u WHERE u.rolname = session_user
        """

    static let openTables: SQL =
        """
        SELECT c.relname::text FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'app'
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND NOT c.relispartition
        ORDER BY 1
        """
}
