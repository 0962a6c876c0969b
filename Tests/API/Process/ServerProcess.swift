import API
import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing
import Values

/// The real program in a process of its own, as an operator runs it.
struct ServerProcess: Sendable {
    let port: Int
    let pid: pid_t

    /// Where tests find the models.
    static var models: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["ABONO_CACHE"] ?? NSHomeDirectory() + "/.cache/abono"
        return environment["ABONO_MODELS"] ?? cache + "/models"
    }

    /// The program, which lies beside the test bundle.
    static var program: String {
        get throws {
            var places = [try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")]
            places +=
                CommandLine.arguments
                + CommandLine.arguments.compactMap { $0.split(separator: "=").last.map(String.init) }
            for place in places {
                let folder = URL(fileURLWithPath: place).resolvingSymlinksInPath().deletingLastPathComponent()
                let candidate = folder.appendingPathComponent("abono").path
                if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            }
            throw Problem(.precondition, "no program abono beside the test bundle; searched \(places)")
        }
    }

    /// Starts the program, lends it, and ends it afterwards with SIGTERM unless it is gone already.
    ///
    /// `arguments` are those before `--port`, which is a free one.
    static func run<Value: Sendable>(
        _ arguments: [String],
        _ body: @Sendable (ServerProcess) async throws -> Value
    ) async throws -> Value {
        let port = try freePort()
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
        let null = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        let environment = Environment.inherit.updating(["ABONO_MODELS": models, "ABONO_LOG_LEVEL": "warning"])
        let result = try await Subprocess.run(
            .path(FilePath(try program)),
            arguments: Arguments(arguments + ["--port", "\(port)"]),
            environment: environment,
            platformOptions: options,
            input: .none,
            output: .fileDescriptor(null, closeAfterSpawningProcess: true),
            error: .currentStandardError
        ) { execution in
            let server = ServerProcess(port: port, pid: execution.processIdentifier.value)
            let value = try await body(server)
            _ = Glibc.kill(server.pid, SIGTERM)
            return value
        }
        return result.closureResult
    }

    /// Kills it outright, as a crash would, and with it what it started in the same group.
    func crash() { _ = Glibc.kill(pid, SIGKILL) }

    /// Waits until it can work, models included.
    func untilReady() async throws {
        let port = port
        let deadline = ContinuousClock.now.advanced(by: .seconds(180))
        while ContinuousClock.now < deadline {
            let status = try? await onOwnThread { try LoopbackClient(port: port).call("GET", "/readyz").status }
            if status == 200 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the server on port \(port) is not ready after three minutes")
    }

    private static func freePort() throws -> Int {
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
        guard found else { throw Problem(.unavailable, "no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
