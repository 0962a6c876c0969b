import Foundation
import Glibc
import Metering
import Postgres
import Subprocess
import SystemPackage
import Tenants
import TestSupport
import Testing
import Values

/// The real program importing a file, killed outright in the middle.
@Suite(.serialized) struct UsageImportTests {
    private static let events = 30_000

    @Test(.timeLimit(.minutes(10)), arguments: ["ndjson", "csv"])
    func `an import that was killed goes on where it stopped and counts nothing twice`(_ form: String) async throws {
        try await withDatabase { database in
            let stamp = Stamp(now: testNow, author: .command)
            let tenant = try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.create(TenantDraft(name: "Acme"), by: stamp, in: transaction).id
            }
            let file = FileManager.default.temporaryDirectory.path + "/abono-import-\(UUID().uuidString).\(form)"
            defer { try? FileManager.default.removeItem(atPath: file) }
            try Self.text(form).write(toFile: file, atomically: true, encoding: .utf8)

            let killed = try await Self.run(file, tenant, database, killAfterLine: 2_000)
            #expect(killed.status != .exited(0))
            let stopped = try #require(try await Self.line(of: tenant, in: database))
            #expect(stopped >= 2_000 && stopped < Self.events)
            let resumed = try await Self.run(file, tenant, database)
            #expect(resumed.status == .exited(0), "\(resumed.errors)")
            #expect(resumed.errors.contains("goes on after line \(stopped)"), "\(resumed.errors)")
            #expect(resumed.json["events"]?.int == Self.events)
            #expect(resumed.json["accepted"]?.int == Self.events)
            try await Self.expectAll(tenant, database)
            let again = try await Self.run(file, tenant, database)
            #expect(again.status == .exited(0), "\(again.errors)")
            #expect(again.json["duplicate"]?.int == Self.events)
            try await Self.expectAll(tenant, database)
        }
    }

    private static func text(_ form: String) -> String {
        var text = form == "csv" ? "id,meter,at,value,properties.model\n" : ""
        for number in 0..<events {
            let second = number % 60 < 10 ? "0\(number % 60)" : "\(number % 60)"
            let at = "2026-02-0\(number % 9 + 1)T10:00:\(second)Z"
            text +=
                form == "csv"
                ? "e\(number),tokens.output,\(at),\(number),\"small, or so\"\n"
                : #"{"id": "e\#(number)", "meter": "tokens.output", "at": "\#(at)", "value": "\#(number)"}"# + "\n"
        }
        return text
    }

    /// The line after which an import that has not ended stands; nil if there is none.
    private static func line(of tenant: TenantID, in database: Database) async throws -> Int? {
        try await database.transaction(as: .finance) { transaction in
            try await transaction.first(
                "SELECT line FROM app.usage_imports WHERE tenant_id = \(tenant) AND finished_at IS NULL"
            ) { row in try row.next() }
        }
    }

    private static func expectAll(_ tenant: TenantID, _ database: Database) async throws {
        let range = try #require(Period(start: testNow.adding(seconds: -40 * 86_400), end: testNow))
        try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            let totals = try await UsageQueries.totals(
                of: tenant,
                meter: "tokens.output",
                during: range,
                in: transaction
            )
            #expect(totals.count == events && totals.sum == Exact(events * (events - 1) / 2))
            #expect(try await MeteringReconciliation.differences(in: transaction).isEmpty)
        }
    }

    private static func run(
        _ file: String,
        _ tenant: TenantID,
        _ database: Database,
        killAfterLine line: Int? = nil
    ) async throws -> (status: TerminationStatus, json: JSONValue, errors: String) {
        let output = file + ".out"
        let errors = file + ".err"
        defer { for name in [output, errors] { try? FileManager.default.removeItem(atPath: name) } }
        let options: FileDescriptor.OpenOptions = [.create, .truncate]
        let result = try await Subprocess.run(
            .path(FilePath(try ServerProcess.program)),
            arguments: [
                "usage", "import", file, "--tenant", tenant.text, "--database-url", database.url, "--format", "json",
            ],
            input: .none,
            output: .fileDescriptor(
                try .open(FilePath(output), .writeOnly, options: options, permissions: .ownerReadWrite),
                closeAfterSpawningProcess: true
            ),
            error: .fileDescriptor(
                try .open(FilePath(errors), .writeOnly, options: options, permissions: .ownerReadWrite),
                closeAfterSpawningProcess: true
            )
        ) { execution in
            guard let line else { return }
            let deadline = ContinuousClock.now + .seconds(120)
            while try await Self.line(of: tenant, in: database) ?? 0 < line, .now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
            _ = Glibc.kill(execution.processIdentifier.value, SIGKILL)
        }
        let text = try String(contentsOfFile: output, encoding: .utf8)
        return (
            result.terminationStatus, (try? JSONValue(parsing: text)) ?? .null,
            try String(contentsOfFile: errors, encoding: .utf8)
        )
    }
}
