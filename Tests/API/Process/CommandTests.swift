import Foundation
import Postgres
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Values

/// The command line as a person meets it: the real program on a real database.
@Suite struct CommandTests {
    struct Case: Sendable, CustomStringConvertible {
        let arguments: String
        let code: Int32
        let says: [String]
        var description: String { arguments }
    }

    /// An id of each kind that nothing has.
    private static let tenant = "ten_01kb0000000000000000000000"
    private static let subscription = "sub_01kb0000000000000000000000"
    private static let invoice = "inv_01kb0000000000000000000000"

    private static let wrong: [Case] = [
        // Wrong usage, also values that cannot be right whatever the database holds: 2.
        Case(arguments: "tenants create", code: 2, says: ["name"]),
        Case(arguments: "tenants list --format xml", code: 2, says: ["--format", "xml"]),
        Case(arguments: "keys create", code: 2, says: ["--tenant", "--staff"]),
        Case(arguments: "serve --port 99999", code: 2, says: ["--port", "99999"]),
        Case(arguments: "nonsense", code: 2, says: ["nonsense"]),
        Case(arguments: "demo --port -1", code: 2, says: ["port"]),
        // Refused: 1, with the field or the id.
        Case(arguments: "tenants create X --currency EURO", code: 2, says: ["currency", "EURO"]),
        Case(arguments: "tenants create X --timezone Mars/Base", code: 2, says: ["timezone", "Mars/Base"]),
        Case(arguments: "tenants create X --email nobody", code: 1, says: ["email"]),
        Case(arguments: "tenants show \(tenant)", code: 1, says: [tenant]),
        Case(arguments: "tenants show junk", code: 2, says: ["junk", "ten_"]),
        Case(arguments: "tenants set \(tenant) --spend-limit -5", code: 2, says: ["spend"]),
        Case(arguments: "keys create --tenant \(tenant)", code: 1, says: [tenant]),
        Case(arguments: "keys create --tenant \(tenant) --scopes everything", code: 2, says: ["scopes", "everything"]),
        Case(arguments: "plans show nothing", code: 1, says: ["nothing"]),
        Case(arguments: "plans publish /nowhere.json", code: 1, says: ["/nowhere.json"]),
        Case(arguments: "subscriptions create --tenant \(tenant) --plan pro", code: 1, says: [tenant]),
        Case(arguments: "subscriptions show \(subscription)", code: 1, says: [subscription]),
        Case(arguments: "invoices show \(invoice)", code: 1, says: [invoice]),
        Case(arguments: "invoices finalize \(invoice)", code: 1, says: [invoice]),
        Case(arguments: "billing run --until yesterday", code: 2, says: ["until", "yesterday"]),
        Case(arguments: "usage import /nowhere.ndjson --tenant \(tenant)", code: 1, says: [tenant]),
        Case(arguments: "usage void e1 --tenant \(tenant) --yes", code: 1, says: [tenant]),
        Case(arguments: "meters put /nowhere.json", code: 1, says: ["/nowhere.json"]),
        Case(arguments: "models add /nowhere.gguf", code: 1, says: ["/nowhere.gguf"]),
        Case(arguments: "reports mrr --from 2026-13 --to 2026-14", code: 1, says: ["from", "2026-13"]),
        Case(arguments: "forecast series /nowhere.csv", code: 1, says: ["/nowhere.csv"]),
        Case(arguments: "forecast revenue --scenario /nowhere.json", code: 1, says: ["/nowhere.json"]),
        Case(arguments: "forecast backtest --paths 5", code: 1, says: ["paths"]),
        Case(arguments: "jobs retry job_1", code: 2, says: ["job_1"]),
        Case(arguments: "credits grant --tenant \(tenant) --amount x --currency USD", code: 2, says: ["amount"]),
        Case(arguments: "ledger balances --tenant \(tenant)", code: 1, says: [tenant]),
    ]

    @Test(arguments: wrong)
    func `what is wrong is refused, with its name and the right exit code`(_ wrong: Case) async throws {
        let url = try await Self.database()
        let result = try await Self.run(wrong.arguments.split(separator: " ").map(String.init), url: url)
        #expect(result.code == wrong.code, "\(result.errors)")
        for text in wrong.says { #expect(result.errors.contains(text), "\(result.errors)") }
        #expect(result.output.isEmpty)
        for secret in ["SELECT", "INSERT", "app.", "postgresql:"] { #expect(!result.errors.contains(secret)) }
    }

    @Test func `a customer's first month can be run from the command line`() async throws {
        let url = try await TestCluster.shared.clone()
        func json(_ arguments: String...) async throws -> JSONValue {
            let result = try await Self.run(arguments + ["--format", "json"], url: url)
            #expect(result.code == 0, "\(arguments): \(result.errors)")
            return try JSONValue(parsing: result.output)
        }
        let folder = FileManager.default.temporaryDirectory.path + "/abono-commands-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let plan = #"""
            {"code": "pro", "name": "Pro", "currency": "USD", "interval": {"unit": "month"}, "prices": [
             {"code": "base", "model": "flat", "amount": "20.00"},
             {"code": "out", "model": "per_unit", "meter": "tokens.output", "unit_amount": "0.001"}]}
            """#
        let events = #"{"id": "e1", "meter": "tokens.output", "at": "2026-01-10T00:00:00Z", "value": "1500"}"# + "\n"
        try plan.write(toFile: folder + "/plan.json", atomically: true, encoding: .utf8)
        try events.write(toFile: folder + "/events.ndjson", atomically: true, encoding: .utf8)

        _ = try await json("plans", "publish", folder + "/plan.json")
        let tenant = try #require(try await json("tenants", "create", "Acme", "--currency", "USD")["id"]?.string)
        _ = try await json("subscriptions", "create", "--tenant", tenant, "--plan", "pro", "--starts-at", "2026-01-05")
        for _ in 0..<2 { _ = try await json("usage", "import", folder + "/events.ndjson", "--tenant", tenant) }
        for _ in 0..<2 { _ = try await json("billing", "run", "--until", "2026-02-05T00:00:00Z") }
        let invoices = try await json("invoices", "list", "--tenant", tenant)
        let totals = (invoices.array ?? invoices["data"]?.array ?? []).compactMap { $0["total"]?["amount"]?.string }
        #expect(totals.sorted() == ["20.00", "21.50"])
        // Taken back after it was billed: the next invoice will give it back, and until then the books agree.
        _ = try await json("usage", "void", "e1", "--tenant", tenant, "--yes")
        let usage = try await Self.run(["usage", "void", "e2", "--tenant", tenant, "--yes"], url: url)
        #expect(usage.code == 1 && usage.errors.contains("e2"), "\(usage.errors)")
        let reconciled = try await Self.run(["reconcile"], url: url)
        #expect(reconciled.code == 0, "\(reconciled.errors)")
    }

    // MARK: - Running it

    private static let shared = Task { try await TestCluster.shared.clone() }

    /// One for all cases: what is refused changes nothing.
    private static func database() async throws -> String { try await shared.value }

    /// Runs the program on a database.
    static func run(
        _ arguments: [String],
        url: String
    ) async throws -> (code: Int32, output: String, errors: String) {
        let environment = Environment.inherit.updating(["ABONO_DATABASE_URL": url, "ABONO_LOG_LEVEL": "warning"])
        let result = try await Subprocess.run(
            .path(FilePath(try ServerProcess.program)),
            arguments: Arguments(arguments),
            environment: environment,
            input: .none,
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        var code: Int32 = -1
        if case .exited(let status) = result.terminationStatus { code = status }
        return (code, result.standardOutput, result.standardError)
    }
}
