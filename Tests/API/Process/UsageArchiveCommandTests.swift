import Foundation
import Postgres
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Values

/// Retention, as people run it.
@Suite struct UsageArchiveCommandTests {
    @Test func `months that are billed go into files and come back`() async throws {
        let url = try await TestCluster.shared.clone()
        let folder = FileManager.default.temporaryDirectory.path + "/abono-archive-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func json(_ arguments: String...) async throws -> JSONValue { try await json(arguments) }
        func json(_ arguments: [String]) async throws -> JSONValue {
            let result = try await Self.run(arguments + ["--format", "json"], url: url)
            #expect(result.code == 0, "\(arguments): \(result.errors)")
            return try JSONValue(parsing: result.output)
        }
        let plan = #"""
            {"code": "pro", "name": "Pro", "currency": "USD", "interval": {"unit": "month"}, "prices": [
             {"code": "out", "model": "per_unit", "meter": "tokens.output", "unit_amount": "0.001"}]}
            """#
        let events = (1...500).map { number in
            let day = String(format: "%02d", 1 + number % 28)
            return "{\"id\": \"e\(number)\", \"meter\": \"tokens.output\", \"at\": \"2025-01-\(day)T10:07:03Z\", "
                + "\"value\": \"\(number)\"}\n"
        }.joined()
        try plan.write(toFile: folder + "/plan.json", atomically: true, encoding: .utf8)
        try events.write(toFile: folder + "/events.ndjson", atomically: true, encoding: .utf8)
        _ = try await json("plans", "publish", folder + "/plan.json")
        let tenant = try #require(try await json("tenants", "create", "Acme", "--currency", "USD")["id"]?.string)
        // A period that begins inside a quarter of an hour needs events where it begins and ends.
        let start = "2025-01-05T00:07:00Z"
        _ = try await json("subscriptions", "create", "--tenant", tenant, "--plan", "pro", "--starts-at", start)
        _ = try await json("usage", "import", folder + "/events.ndjson", "--tenant", tenant)
        _ = try await json("usage", "retention", "set", "--months", "6")
        let archive = ["usage", "archive", "--month", "2025-01", "--to", folder, "--yes"]
        let early = try await Self.run(archive, url: url)
        #expect(early.code == 1 && early.errors.contains("has not been invoiced"), "\(early.errors)")
        _ = try await json("billing", "run", "--until", "2025-06-05T12:00:00Z")
        let invoices = try await json("invoices", "list", "--tenant", tenant, "--limit", "100")
        for invoice in invoices.array ?? [] where invoice["status"]?.string == "draft" {
            _ = try await json("invoices", "finalize", try #require(invoice["id"]?.string))
        }
        let usage = ["usage", "show", "--tenant", tenant, "--from", "2025-01-01", "--to", "2025-02-01"]
        // What it comes to is told by events where a period begins inside a quarter; what was used never is.
        func used() async throws -> [[JSONValue?]] {
            let names = ["meter", "start", "end", "events", "quantity", "sum", "min", "max"]
            return try await json(usage).array?.map { row in names.map { row[$0] } } ?? []
        }
        let before = try await used()
        #expect(!before.isEmpty)
        #expect(try await json(usage)[0]?["price"]?["currency"] == "USD")
        for _ in 0..<2 {
            let done = try await json("usage", "archive", "--month", "2025-01", "--to", folder, "--yes")
            #expect(done[0]?["state"]?.string == "archived")
            #expect(done[0]?["rows"]?.int == 500)
        }
        let file = folder + "/usage-2025-01.ndjson.gz"
        #expect(FileManager.default.fileExists(atPath: file + ".json"))
        #expect(try await used() == before)
        let archived = try await json(usage)[0]
        #expect(archived?["price"] == .null)
        #expect(archived?["undefined"]?["price"] == "events of the billing period are archived")
        let again = try await json("usage", "import", folder + "/events.ndjson", "--tenant", tenant)
        #expect(again["accepted"]?.int == 500 || again["duplicate"]?.int == 500, "\(again)")
        // Billing goes on, and takes nothing back.
        _ = try await json("billing", "run", "--until", "2025-08-05T12:00:00Z")
        let later = try await json("invoices", "list", "--tenant", tenant, "--limit", "100")
        let totals = (later.array ?? []).compactMap { $0["total"]?["amount"]?.string }
        #expect(totals.allSatisfy { !$0.hasPrefix("-") }, "\(totals)")
        let reconciled = try await Self.run(["reconcile"], url: url)
        #expect(reconciled.code == 0, "\(reconciled.output)")
        let other = try await Self.run(["usage", "restore", folder + "/events.ndjson"], url: url)
        #expect(other.code == 1 && other.errors.contains("gzip"), "\(other.errors)")
        #expect(try await json("usage", "restore", file)["state"]?.string == "restored")
        #expect(try await Self.run(["usage", "restore", file], url: url).code == 1)
        #expect(try await Self.run(["reconcile"], url: url).code == 0)
        #expect(try await json("usage", "archive", "list")[0]?["state"]?.string == "restored")
    }

    private static func run(
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
