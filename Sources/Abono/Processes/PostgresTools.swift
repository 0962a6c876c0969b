import Foundation
import Subprocess
import SystemPackage
import Values

/// The server's programs, found by `pg_config --bindir`, run as user postgres when we are root: they refuse root.
struct PostgresTools: Sendable {
    /// The user they run as, if not our own.
    let user: (id: uid_t, group: gid_t)?

    private let folder: String

    /// Finds them.
    ///
    /// - Throws: what to install, if there is no server.
    static func find() async throws -> PostgresTools {
        var folders: [String] = []
        if let printed = try? await output(of: .name("pg_config"), ["--bindir"], called: "pg_config") {
            folders.append(printed)
        }
        // Debian keeps versions side by side; pg_config may be that of another version, or of the client alone.
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        folders += versions.compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }) else {
            throw ClusterError.noServer("no initdb in \(folders.joined(separator: ", "))")
        }
        guard geteuid() == 0 else { return PostgresTools(user: nil, folder: folder) }
        guard let entry = unsafe getpwnam("postgres") else {
            throw ClusterError.noServer("root cannot run it, and there is no user postgres")
        }
        return unsafe PostgresTools(user: (entry.pointee.pw_uid, entry.pointee.pw_gid), folder: folder)
    }

    /// Runs a program to its end and returns what it printed, without blanks round it.
    ///
    /// - Throws: its error output, if it fails.
    @discardableResult
    func run(_ name: String, _ arguments: [String]) async throws -> String {
        let (executable, all) = command(name, arguments)
        return try await Self.output(of: executable, all, called: name)
    }

    /// Runs a program that reads or writes a file; both ends are closed when it has ended.
    func run(
        _ name: String,
        _ arguments: [String],
        input: FileDescriptor? = nil,
        output: FileDescriptor? = nil
    ) async throws {
        let null = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        defer { for descriptor in [input, output, null] { try? descriptor?.close() } }
        let (executable, all) = command(name, arguments)
        let result = try await Subprocess.run(
            executable,
            arguments: Arguments(all),
            workingDirectory: "/",
            platformOptions: Self.options,
            input: .fileDescriptor(input ?? null, closeAfterSpawningProcess: false),
            output: .fileDescriptor(output ?? null, closeAfterSpawningProcess: false),
            error: .string(limit: 1 << 20)
        )
        guard result.terminationStatus.isSuccess else {
            throw ClusterError.tool(name, result.standardError.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    /// The program, as the user it must run as.
    ///
    /// Another program changes the user: done between fork and exec, as Subprocess would, glibc waits for threads that
    /// the child does not have, now and then for ever.
    private func command(_ name: String, _ arguments: [String]) -> (Executable, [String]) {
        let path = folder + "/" + name
        guard let user else { return (.path(FilePath(path)), arguments) }
        return (
            .name("setpriv"),
            ["--reuid", String(user.id), "--regid", String(user.group), "--clear-groups", "--", path] + arguments
        )
    }

    /// A group of its own, so that Ctrl-C in a terminal reaches us and not the server we started.
    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        return options
    }

    private static func output(
        of executable: Executable,
        _ arguments: [String],
        called name: String
    ) async throws -> String {
        let result = try await Subprocess.run(
            executable,
            arguments: Arguments(arguments),
            workingDirectory: "/",
            platformOptions: options,
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        let printed = result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        guard result.terminationStatus.isSuccess else {
            let reason = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
            throw ClusterError.tool(name, reason.isEmpty ? printed : reason)
        }
        return printed
    }
}
