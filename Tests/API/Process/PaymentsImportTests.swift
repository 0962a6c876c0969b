import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Values

/// Bank statements at the command line: the real program on a real database.
@Suite struct PaymentsImportTests {
    private static let plan = #"""
        {"code": "pro", "name": "Pro", "currency": "USD", "interval": {"unit": "month"}, "prices": [
         {"code": "base", "model": "flat", "amount": "20.00"}]}
        """#

    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/abono-statement-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Writes a file and returns its path.
    private func write(_ text: String, _ name: String = "statement.csv") throws -> String {
        try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
        return folder + "/" + name
    }

    /// A customer with two open invoices of 20.00.
    private func customer(_ url: String) async throws -> (tenant: String, numbers: [String]) {
        _ = try await json(["plans", "publish", try write(Self.plan, "plan.json")], url)
        let made = try await json(["tenants", "create", "Acme", "--currency", "USD"], url)
        let tenant = try #require(made["id"]?.string)
        let subscribe = ["subscriptions", "create", "--tenant", tenant, "--plan", "pro", "--starts-at", "2026-01-05"]
        _ = try await json(subscribe, url)
        _ = try await json(["billing", "run", "--until", "2026-02-06T00:00:00Z"], url)
        let invoices = try await json(["invoices", "list", "--tenant", tenant], url).array ?? []
        let numbers = invoices.compactMap { $0["number"]?.string }.sorted()
        #expect(numbers.count == 2)
        return (tenant: tenant, numbers: numbers)
    }

    private func payments(_ tenant: String, _ url: String) async throws -> [String] {
        let list = try await json(["payments", "list", "--tenant", tenant], url).array ?? []
        return list.compactMap { $0["amount"]?["amount"]?.string }.sorted()
    }

    @Test func `good lines are booked, bad ones told, and the corrected file books the rest once`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let url = try await TestCluster.shared.clone()
        let (tenant, numbers) = try await customer(url)
        let header = "date,amount,currency,reference,id\n"
        let bad =
            header + """
                2026-02-03,20.00,USD,\(numbers[0]),b1
                2026-02-30,5.00,USD,\(numbers[1]),b2
                2026-02-04,ten,USD,\(numbers[1]),b3

                2026-02-04,5.00,USD,\(numbers[1])
                2026-02-04,6.00,USD,"\(numbers[1]), rest",b5
                2026-02-05,1.00,USD,who am I,b6

                """
        let import1 = ["payments", "import", try write(bad), "--format", "json"]
        let first = try await run(import1, url)
        #expect(first.code == 1, "\(first.errors)")
        let lines = try JSONValue(parsing: first.output).array ?? []
        #expect(lines.compactMap { $0["line"]?.int } == [2, 3, 4, 6, 7, 8])
        #expect(
            lines.compactMap { $0["outcome"]?.string }
                == ["matched", "refused", "refused", "refused", "matched", "unmatched"]
        )
        #expect(lines.map { $0["field"]?.string } == [nil, "date", "amount", "line", nil, nil])
        for text in ["statement.csv:3: date", "statement.csv:4: amount", "statement.csv:6: line"] {
            #expect(first.errors.contains(text), "\(first.errors)")
        }
        #expect(try await payments(tenant, url) == ["20.00", "6.00"])
        let good = bad.replacingOccurrences(of: "2026-02-30", with: "2026-02-03")
            .replacingOccurrences(of: "ten,", with: "9.00,")
            .replacingOccurrences(of: "5.00,USD,\(numbers[1])\n", with: "5.00,USD,\(numbers[1]),b4\n")
        let import2 = ["payments", "import", try write(good), "--format", "json"]
        // What is more than the invoices come to is kept.
        for words in [
            ["known", "matched", "matched", "unapplied", "known", "unmatched"],
            ["known", "known", "known", "known", "known", "unmatched"],
        ] {
            let again = try await run(import2, url)
            #expect(again.code == 0, "\(again.errors)")
            let outcomes = try JSONValue(parsing: again.output).array ?? []
            #expect(outcomes.compactMap { $0["outcome"]?.string } == words)
        }
        #expect(try await payments(tenant, url) == ["20.00", "5.00", "5.00", "6.00", "9.00"])
        let invoices = try await json(["invoices", "list", "--tenant", tenant], url).array ?? []
        #expect(invoices.compactMap { $0["status"]?.string } == ["paid", "paid"])
        #expect(try await run(["reconcile"], url).code == 0)
        #expect(try await run(["ledger", "verify"], url).code == 0)
    }

    @Test func `a file without its columns is refused whole`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let url = try await TestCluster.shared.clone()
        for text in ["", "\n", "date,amount,reference\n2026-02-03,1.00,x\n"] {
            let result = try await run(["payments", "import", try write(text)], url)
            #expect(result.code == 1 && result.output.isEmpty, "\(result.output)")
            #expect(result.errors.contains("column"), "\(result.errors)")
        }
    }

    @Test func `disputes are listed, and none is no error`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let url = try await TestCluster.shared.clone()
        #expect(try await json(["payments", "disputes", "--state", "open"], url) == [])
        let table = try await run(["payments", "disputes", "--format", "csv"], url)
        #expect(table.output.hasPrefix("id,tenant,payment,invoices,purchase,currency,amount"), "\(table.output)")
        #expect(try await run(["payments", "disputes", "--state", "asleep"], url).code == 2)
    }

    // MARK: - Running it

    private func json(_ arguments: [String], _ url: String) async throws -> JSONValue {
        let result = try await run(arguments + ["--format", "json"], url)
        #expect(result.code == 0, "\(arguments): \(result.errors)")
        return try JSONValue(parsing: result.output)
    }

    private func run(
        _ arguments: [String],
        _ url: String
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
