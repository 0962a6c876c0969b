import API
import Foundation
import Glibc
import Subprocess
import SystemPackage
import Values

/// The server under load: this program in a process of its own, as in production, without models.
struct IngestBenchServer: Sendable {
    let port: Int
    let pid: pid_t

    /// Starts a server, lends it once it answers, and ends it in order unless it is gone already.
    static func run<Value: Sendable>(
        database url: String,
        port: Int? = nil,
        _ body: @escaping @Sendable (IngestBenchServer) async throws -> Value
    ) async throws -> Value {
        let port = try port ?? freePort()
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
        let null = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: Arguments([
                "serve", "--database-url", url, "--port", "\(port)", "--workers", "0", "--log-level", "critical",
            ]),
            platformOptions: options,
            input: .none,
            output: .fileDescriptor(null, closeAfterSpawningProcess: true),
            error: .currentStandardError
        ) { execution in
            let server = IngestBenchServer(port: port, pid: execution.processIdentifier.value)
            try await server.untilItAnswers()
            let value = try await body(server)
            _ = Glibc.kill(server.pid, SIGTERM)
            return value
        }
        return result.closureResult
    }

    /// Kills it outright.
    func crash() { _ = Glibc.kill(pid, SIGKILL) }

    /// Its resident memory now, in mebibytes.
    var memory: Double {
        let file = FileManager.default.contents(atPath: "/proc/\(pid)/status") ?? Data()
        let line = String(decoding: file, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
        return (words.count > 1 ? Double(words[1]) ?? 0 : 0) / 1024
    }

    private func untilItAnswers() async throws {
        let port = port
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let status = try? await onOwnThread { try LoopbackClient(port: port).call("GET", "/healthz").status }
            if status == 200 { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Problem(.unavailable, "the server does not answer on port \(port) after a minute")
    }

    /// A port that was free a moment ago.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
            }
        }
        guard found else { throw Problem(.unavailable, "there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
