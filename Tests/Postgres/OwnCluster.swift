import Foundation
import Glibc
import Migrations
import Postgres
import Subprocess
import SystemPackage
import TestSupport
import Values

/// A PostgreSQL of a test's own, which the test may restart and crash.
struct OwnCluster: Sendable {
    /// How a server is stopped.
    enum Mode: String {
        /// Sessions are ended, then the server.
        case fast
        /// As if it crashed: the next start recovers.
        case immediate
    }

    private let folder: String
    private let programs: String

    /// A socket's path has at most 107 bytes, so TMPDIR will not do.
    private static let parent = "/tmp"
    private static let prefix = "abono-own."

    /// Makes and starts one with our schema, lends it, and removes it.
    static func run(_ body: (OwnCluster) async throws -> Void) async throws {
        let programs = try await findPrograms()
        await removeAbandoned(programs)
        let folder = "\(parent)/\(prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let cluster = OwnCluster(folder: folder, programs: programs)
        do {
            try await cluster.make()
            try await body(cluster)
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    /// The URL for a role.
    func url(user: String) -> String {
        let host = (folder + "/s").addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? folder
        return "postgresql:///postgres?host=\(host)&user=\(user)"
    }

    /// Stops the server and starts it again.
    func restart(_ mode: Mode) async throws {
        try await server("pg_ctl", control(["-m", mode.rawValue, "-l", folder + "/data/server.log", "restart"]))
    }

    private func make() async throws {
        for (path, mode) in [(folder, 0o711), (folder + "/data", 0o700), (folder + "/s", 0o700)] {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: mode]
            )
            if path != folder, let owner = Self.owner, unsafe chown(path, owner.user, owner.group) != 0 {
                throw Problem(.internal, "cannot give \(path) to the user postgres")
            }
        }
        let data = folder + "/data"
        try await server(
            "initdb",
            ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        )
        // What survives a crash of the server is the question here, not what survives one of the machine.
        let options = "-c listen_addresses= -c unix_socket_directories=\(folder)/s -c fsync=off -c max_connections=40"
        try await server("pg_ctl", control(["-l", data + "/server.log", "-o", options, "start"]))
        try await Administration.run("CREATE ROLE abono_app LOGIN NOINHERIT", url: url(user: "postgres"))
        try await Migrator(MigrationFiles.all()).migrate(
            url: url(user: "postgres"),
            login: "abono_app",
            recordedAt: testNow
        )
    }

    /// A test run that was killed outright could not clean up; the next one does it for it.
    private static func removeAbandoned(_ programs: String) async {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            guard let owner = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            await OwnCluster(folder: parent + "/" + name, programs: programs).remove()
        }
    }

    private func remove() async {
        try? await server("pg_ctl", control(["-m", "immediate", "stop"]))
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func control(_ arguments: [String]) -> [String] { ["-D", folder + "/data", "-w", "-t", "60"] + arguments }

    /// Runs one of the server's programs, as a user whom it does not refuse.
    private func server(_ name: String, _ arguments: [String]) async throws {
        let program = programs + "/" + name
        guard let owner = Self.owner else {
            try await Self.output(program, arguments)
            return
        }
        let user = ["--reuid", "\(owner.user)", "--regid", "\(owner.group)", "--clear-groups", "--"]
        try await Self.output("setpriv", user + [program] + arguments)
    }

    /// Who runs servers where we are root, whom they refuse.
    private static var owner: (user: uid_t, group: gid_t)? {
        guard geteuid() == 0, let entry = unsafe getpwnam("postgres") else { return nil }
        return unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    private static func findPrograms() async throws -> String {
        var folders = [try? await output("pg_config", ["--bindir"])].compactMap { $0 }
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        folders += versions.compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        guard let found = folders.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }) else {
            throw Problem(.precondition, "no PostgreSQL server found; run: make setup")
        }
        return found
    }

    @discardableResult
    private static func output(_ program: String, _ arguments: [String]) async throws -> String {
        let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
        let null = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        defer { try? null.close() }
        let result = try await Subprocess.run(
            executable,
            arguments: Arguments(arguments),
            workingDirectory: "/",
            input: .fileDescriptor(null, closeAfterSpawningProcess: false),
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16)
        )
        guard result.terminationStatus.isSuccess else {
            throw Problem(.internal, "\(program) \(arguments.joined(separator: " ")): \(result.standardError)")
        }
        return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
