import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Values

/// Gateways, payment methods and the secret key at the command line.
@Suite struct GatewayCommandTests {
    private static let apiKey = "sk_test_51Nnothingofthesort"
    private static let webhookSecret = "whsec_nothingofthesort"

    @Test func `a gateway is set up from files, listed and removed, and no secret is printed`() async throws {
        let url = try await TestCluster.shared.clone()
        let folder = FileManager.default.temporaryDirectory.path + "/abono-gateways-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data((Self.apiKey + "\n").utf8).write(to: URL(fileURLWithPath: folder + "/key"))
        try Data(Self.webhookSecret.utf8).write(to: URL(fileURLWithPath: folder + "/whsec"))
        let set = [
            "payments", "gateways", "set", "stripe", "--api-key-file", folder + "/key", "--webhook-secret-file",
            folder + "/whsec",
        ]
        let without = try await run(set, url: url, key: nil)
        #expect(without.code == 1)
        #expect(without.errors.contains("ABONO_SECRET_KEY"), "\(without.errors)")
        let short = try await run(set, url: url, key: "too short")
        #expect(short.code == 1)
        #expect(short.errors.contains("32"), "\(short.errors)")
        var shown = ""
        for (arguments, text) in [
            (set, "yes"), (["payments", "gateways", "list"], "stripe"),
            (["doctor", "--format", "csv"], "secret key,ok"),
            (["payments", "gateways", "remove", "stripe", "--yes"], "removed_at"),
        ] as [([String], String)] {
            let result = try await run(arguments, url: url, key: "a secret key of enough characters")
            shown += result.output + result.errors
            if arguments[0] == "doctor" {
                #expect(result.output.contains(text), "\(result.output)")
            } else {
                #expect(result.code == 0, "\(arguments): \(result.errors)")
            }
        }
        #expect(!shown.contains("nothingofthesort"))
        #expect(!shown.contains("a secret key of enough characters"))
    }

    @Test func `another secret key is found by the doctor`() async throws {
        let url = try await TestCluster.shared.clone()
        let file = FileManager.default.temporaryDirectory.path + "/abono-key-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data(Self.apiKey.utf8).write(to: URL(fileURLWithPath: file))
        let set = ["payments", "gateways", "set", "stripe", "--api-key-file", file]
        #expect(try await run(set, url: url, key: "a secret key of enough characters").code == 0)
        let doctor = try await run(["doctor", "--format", "csv"], url: url, key: "another secret key of that length")
        #expect(doctor.code == 1)
        #expect(doctor.output.contains("secret key,failed"), "\(doctor.output)")
        #expect(doctor.output.contains("stripe"))
    }

    @Test func `a bank transfer is saved, chosen and removed`() async throws {
        let url = try await TestCluster.shared.clone()
        func json(_ arguments: String...) async throws -> JSONValue {
            let result = try await run(arguments + ["--format", "json"], url: url, key: nil)
            #expect(result.code == 0, "\(arguments): \(result.errors)")
            return try JSONValue(parsing: result.output)
        }
        let tenant = try #require(try await json("tenants", "create", "Acme")["id"]?.string)
        let add = ["payments", "methods", "add", "--tenant", tenant, "--gateway", "manual", "--reference"]
        var ids: [String] = []
        for reference in ["DE01", "DE02"] {
            let result = try await run(add + [reference, "--format", "json"], url: url, key: nil)
            ids.append(try #require(try JSONValue(parsing: result.output)["id"]?.string, "\(result.errors)"))
        }
        #expect(try await json("payments", "methods", "default", ids[1])["default"] == true)
        #expect(try await json("payments", "methods", "remove", ids[0], "--yes")["removed_at"]?.string != nil)
        let list = try await json("payments", "methods", "list", "--tenant", tenant)
        #expect(list.array?.compactMap { $0["id"]?.string } == [ids[1]])
    }

    private func run(
        _ arguments: [String],
        url: String,
        key: String?
    ) async throws -> (code: Int32, output: String, errors: String) {
        var environment: [Environment.Key: String?] = ["ABONO_DATABASE_URL": url, "ABONO_LOG_LEVEL": "warning"]
        environment["ABONO_SECRET_KEY"] = .some(key)
        let result = try await Subprocess.run(
            .path(FilePath(try ServerProcess.program)),
            arguments: Arguments(arguments),
            environment: .inherit.updating(environment),
            input: .none,
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        var code: Int32 = -1
        if case .exited(let status) = result.terminationStatus { code = status }
        return (code, result.standardOutput, result.standardError)
    }
}
