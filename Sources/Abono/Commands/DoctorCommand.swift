import ArgumentParser
import Values

/// The command `abono doctor`.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the database, its version, roles and migrations, models, clock and folders.",
        discussion: """
            Says of each check whether it is ok, and if not, what to do. Exits 1 if any failed.

              abono doctor --format json
            """
    )

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        var checks: [DoctorCheck] = []
        do {
            checks = try await Session.run(options) { session in await DoctorChecks(session: session).run() }
        } catch {
            let problem = Problem.of(error)
            checks = [
                .failed("database", problem.message, "set ABONO_DATABASE_URL, or make the private PostgreSQL start")
            ]
        }
        Output(format: options.format).list(
            ["check", "result", "found", "what to do"],
            checks.map { [$0.name, $0.isOK ? "ok" : "failed", $0.found, $0.advice ?? ""] },
            json: ["ok": .bool(checks.allSatisfy(\.isOK)), "checks": .array(checks.map(\.json))]
        )
        if !checks.allSatisfy(\.isOK) { throw ExitCode(1) }
    }
}

/// What one check found.
struct DoctorCheck: Sendable {
    let name: String
    let isOK: Bool
    let found: String
    /// What to do about it, if it failed.
    let advice: String?

    static func ok(_ name: String, _ found: String) -> DoctorCheck {
        DoctorCheck(name: name, isOK: true, found: found, advice: nil)
    }

    static func failed(_ name: String, _ found: String, _ advice: String) -> DoctorCheck {
        DoctorCheck(name: name, isOK: false, found: found, advice: advice)
    }

    var json: JSONValue {
        [
            "check": .string(name), "result": isOK ? "ok" : "failed", "found": .string(found),
            "advice": .optional(advice),
        ]
    }
}
