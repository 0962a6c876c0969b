import Foundation
import Values

/// A PostgreSQL of our own under the home folder: made when missing, started when needed, stopped by its last user.
///
/// Every user holds a shared lock on one file; whoever leaves and can then have the lock alone stops the server.
/// Another file's lock is held by the one who makes or starts it. It listens on a socket only, never on TCP.
final class PrivateCluster: Sendable {
    /// The role `abono_app` logs in as and owns nothing.
    let databaseURL: String
    /// The superuser's, for migrations and backups.
    let migrationURL: String

    private let data: String
    private let socket: String
    private let tools: PostgresTools
    private let users: Int32
    private let starter: Int32

    /// The home folder when none is named.
    static var defaultHome: String {
        if let home = ProcessInfo.processInfo.environment["ABONO_HOME"], !home.isEmpty { return home }
        // User postgres, as whom the server must run for root, cannot enter root's home.
        return geteuid() == 0 ? "/var/lib/abono" : NSHomeDirectory() + "/.abono"
    }

    /// Makes the cluster if there is none, starts it if it does not run, and joins its users.
    ///
    /// `isThrowaway`: for the demo and benchmarks: a crash of the machine may lose what was committed last.
    static func join(home: String, isThrowaway: Bool = false) async throws -> PrivateCluster {
        let tools = try await PostgresTools.find()
        let cluster = try PrivateCluster(home: URL(fileURLWithPath: home).standardizedFileURL.path, tools: tools)
        do {
            // One at a time makes or starts it; being a user already keeps others from stopping it meanwhile.
            try await lock(cluster.starter, LOCK_EX)
            try await lock(cluster.users, LOCK_SH)
            try await cluster.make(isThrowaway: isThrowaway)
            try await cluster.start()
            flock(cluster.starter, LOCK_UN)
        } catch {
            await cluster.leave()
            throw error
        }
        return cluster
    }

    private init(home: String, tools: PostgresTools) throws {
        self.tools = tools
        data = home + "/postgres"
        try Self.makeFolder(home, tools)
        try Self.makeFolder(data, tools, mode: 0o700)
        socket = try Self.socketFolder(for: home, tools)
        users = unsafe open(home + "/postgres.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        starter = unsafe open(home + "/postgres.start.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard users >= 0, starter >= 0 else { throw ClusterError.folder(home, "the lock file cannot be written") }
        databaseURL = "postgresql:///abono?host=\(Self.percent(socket))&user=abono_app"
        migrationURL = "postgresql:///abono?host=\(Self.percent(socket))&user=postgres"
    }

    /// Leaves; the last user stops the server.
    func leave() async {
        flock(users, LOCK_UN)
        if flock(users, LOCK_EX | LOCK_NB) == 0 {
            let tools = tools
            let data = data
            // A task of its own: a command that was cancelled stops the server, too.
            await Task {
                _ = try? await tools.run("pg_ctl", ["-D", data, "-m", "fast", "-w", "-t", "60", "stop"])
            }.value
        }
        close(users)
        close(starter)
    }

    /// Kills the server outright and starts it again; says how many seconds it took until it answers: for benchmarks.
    func crash() async throws -> Double {
        let file = try String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)
        guard let pid = file.split(separator: "\n").first.flatMap({ pid_t($0) }) else {
            throw ClusterError.folder(data, "it names no server")
        }
        kill(pid, SIGKILL)
        let began = ContinuousClock.now
        // Its children notice that it is gone; only then can another begin.
        while true {
            do {
                try await start()
                return (ContinuousClock.now - began).inSeconds
            } catch  where (ContinuousClock.now - began).inSeconds < 120 {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Waits for a lock without holding a thread.
    private static func lock(_ file: Int32, _ kind: Int32) async throws {
        while flock(file, kind | LOCK_NB) != 0 { try await Task.sleep(for: .milliseconds(50)) }
    }

    private func make(isThrowaway: Bool) async throws {
        guard !FileManager.default.fileExists(atPath: data + "/PG_VERSION") else { return }
        // An interrupted initdb leaves a folder that it would refuse next time, so it works beside and is moved.
        let fresh = data + ".new"
        try? FileManager.default.removeItem(atPath: fresh)
        try? FileManager.default.removeItem(atPath: data)
        try Self.makeFolder(fresh, tools, mode: 0o700)
        try await tools.run(
            "initdb",
            ["-D", fresh, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
                + (isThrowaway ? ["--no-sync"] : [])
        )
        let settings = """
            listen_addresses = ''
            unix_socket_permissions = 0700
            max_connections = 100
            shared_buffers = 256MB
            checkpoint_timeout = 15min
            min_wal_size = 512MB
            max_wal_size = 6GB
            wal_buffers = 16MB
            wal_compression = \(await compression(fresh))
            timezone = 'UTC'
            log_timezone = 'UTC'
            \(isThrowaway ? "fsync = off\nfull_page_writes = off" : "fsync = on")

            """
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: fresh + "/postgresql.conf"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(settings.utf8))
        try handle.close()
        try FileManager.default.moveItem(atPath: fresh, toPath: data)
    }

    /// How whole pages are made smaller in the log: keys of random text touch many of them, and lz4 costs a fraction of
    /// the time where the server has it.
    private func compression(_ data: String) async -> String {
        let asked = ["-D", data, "-c", "wal_compression=lz4", "-C", "wal_compression"]
        return (try? await tools.run("postgres", asked)) == "lz4" ? "lz4" : "on"
    }

    private func start() async throws {
        if (try? await tools.run("pg_ctl", ["-D", data, "status"])) == nil {
            try await tools.run(
                "pg_ctl",
                ["-D", data, "-w", "-t", "60", "-l", data + "/server.log", "-o", "-k '\(socket)'", "start"]
            )
        }
        let psql = ["-h", socket, "-U", "postgres", "-d", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c"]
        try await tools.run(
            "psql",
            psql + [
                """
                DO $$ BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'abono_app') THEN
                        CREATE ROLE abono_app LOGIN NOINHERIT;
                    END IF;
                END $$
                """
            ]
        )
        let exists = try await tools.run("psql", psql + ["SELECT 1 FROM pg_database WHERE datname = 'abono'"])
        if exists != "1" { try await tools.run("psql", psql + ["CREATE DATABASE abono"]) }
    }

    private static func makeFolder(_ folder: String, _ tools: PostgresTools, mode: Int? = nil) throws {
        guard !FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: mode.map { [.posixPermissions: $0] }
            )
        } catch { throw ClusterError.folder(folder, error.localizedDescription) }
        // What was there before may be anybody's.
        if let user = tools.user { _ = unsafe chown(folder, user.id, user.group) }
    }

    /// A short folder for the socket, whose whole path may have 107 bytes only.
    private static func socketFolder(for home: String, _ tools: PostgresTools) throws -> String {
        var folder = home + "/run"
        if (folder + "/.s.PGSQL.5432").utf8.count > 100 {
            let hash = home.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
            let parent = unsafe access("/run", W_OK) == 0 ? "/run/" : NSTemporaryDirectory()
            folder = parent + "abono-" + String(hash, radix: 36)
        }
        try makeFolder(folder, tools, mode: 0o700)
        return folder
    }

    private static func percent(_ path: String) -> String {
        path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? path
    }
}

/// What can be wrong with the private cluster.
enum ClusterError: ProblemConvertible {
    case noServer(String)
    case folder(String, String)
    case tool(String, String)

    var problem: Problem {
        switch self {
        case .noServer(let why):
            Problem(.precondition, "no PostgreSQL server was found (\(why)); install postgresql 15 or newer")
        case .folder(let folder, let why): Problem(.precondition, "cannot use the folder \(folder): \(why)")
        case .tool(let name, let output): Problem(.unavailable, "\(name) failed: \(output)")
        }
    }
}
