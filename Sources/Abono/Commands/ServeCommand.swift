import ArgumentParser
import Foundation
import Logging
import Tenants
import Values

/// What commands that stay up can be told.
struct ServerOptions: ParsableArguments {
    @Option(help: "The port to listen on, 0 for any (ABONO_PORT; 8080).") var port: Int?
    @Option(help: "The address to listen on (ABONO_HOST; 127.0.0.1).") var host: String?
    @OptionGroup var engine: EngineSettings

    /// As settings, which come before environment and file.
    var flags: [String: String] {
        var flags = engine.flags
        flags["port"] = port.map { String($0) }
        flags["host"] = host
        return flags
    }

    func validate() throws {
        if let port, !(0...65535).contains(port) {
            throw ValidationError("--port is \(port); a whole number from 0 to 65535 is expected")
        }
    }
}

/// How the models are run.
struct EngineSettings: ParsableArguments {
    @Option(help: "Engine processes, 0 for none (ABONO_WORKERS; 1).") var workers: Int?
    @Option(help: "The model to run, by name or alias (ABONO_MODEL).") var model: String?
    @Option(help: "What is logged: trace, debug, info, notice, warning, error or critical (ABONO_LOG_LEVEL; info).")
    var logLevel: String?

    var flags: [String: String] {
        var flags: [String: String] = [:]
        flags["workers"] = workers.map { String($0) }
        flags["model"] = model
        flags["log.level"] = logLevel
        return flags
    }
}

/// The command `abono up`.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs everything on this machine with no configuration.",
        discussion: """
            A private PostgreSQL under the home folder, migrations, the API, background work and the models. Prints \
            the addresses, and on the first start an admin key, this once. Ctrl-C ends it in order.

              abono up --port 8080
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let settings = try await Settings.read(options, flags: server.flags)
        try LogOutput.install(level: settings.logLevel)
        if settings.databaseURL != nil, let url = settings.migrationURL {
            try await Schema.migrate(url)
        }
        try await Session.run(
            options,
            flags: server.flags,
            connections: settings.connections,
            handlesSignals: true
        ) { session in
            let logger = Logger(label: "abono")
            try await ModelFolder.register(session, logger)
            let secret = try await FirstKey.make(session)
            let format = options.format
            try await ServerAssembly(session: session, role: .server, logger: logger).run { port in
                Greeting(host: session.settings.host, port: port, secret: secret).print(format)
            }
        }
    }
}

/// The command `abono serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the API, background work and the models.",
        discussion: """
            For production: set ABONO_DATABASE_URL, and migrate with `abono migrate` before.

              ABONO_DATABASE_URL=postgresql://abono_app@db/abono abono serve --host 0.0.0.0 --port 8080
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let settings = try await Settings.read(options, flags: server.flags)
        try LogOutput.install(level: settings.logLevel)
        try await Session.run(
            options,
            flags: server.flags,
            connections: settings.connections,
            handlesSignals: true
        ) { session in
            let format = options.format
            try await ServerAssembly(session: session, role: .server, logger: Logger(label: "abono")).run { port in
                Greeting(host: session.settings.host, port: port, secret: nil).print(format)
            }
        }
    }
}

/// The command `abono worker`.
struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Runs background work and the models without HTTP, on any number of nodes.",
        discussion: "  ABONO_DATABASE_URL=postgresql://abono_app@db/abono abono worker --workers 2"
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var engine: EngineSettings

    func run() async throws {
        let settings = try await Settings.read(options, flags: engine.flags)
        try LogOutput.install(level: settings.logLevel)
        try await Session.run(
            options,
            flags: engine.flags,
            connections: settings.connections,
            handlesSignals: true
        ) { session in
            let logger = Logger(label: "abono")
            try await ServerAssembly(session: session, role: .worker, logger: logger).run { _ in
                logger.info("the worker works")
            }
        }
    }
}

/// The first key of an installation, without which nobody could make others over HTTP.
enum FirstKey {
    /// Makes a staff key with the role admin if there never was one; returns its secret.
    static func make(_ session: Session) async throws -> String? {
        let stamp = session.stamp
        return try await session.administer { transaction in
            let keys = try await KeyQueries.listStaff(limit: 10_000, in: transaction)
            guard !keys.contains(where: { $0.staffRole == .admin }) else { return nil }
            let draft = try KeyDraft(name: "first admin key")
            return try await KeyOperations.createStaff(draft, role: .admin, by: stamp, in: transaction).secret
        }
    }
}

/// What is printed once a server listens.
struct Greeting: Sendable {
    let host: String
    let port: Int
    let secret: String?

    private var base: String {
        let name = ["0.0.0.0", "::", ""].contains(host) ? "localhost" : host
        return "http://\(name.contains(":") ? "[\(name)]" : name):\(port)"
    }

    func print(_ format: OutputFormat) {
        let output = Output(format: format)
        if format == .json {
            return output.object([
                "url": .string(base), "openapi": .string(base + "/openapi.json"), "admin_key": .optional(secret),
            ])
        }
        var text = """
            Abono is up.

              API            \(base)
              OpenAPI        \(base)/openapi.json
              Ready          \(base)/readyz
              Metrics        \(base)/metrics

            """
        if let secret {
            text += """
                  Admin key      \(secret)
                                 It is shown this once. Try it:
                                 curl -H 'Authorization: Bearer \(secret)' \(base)/v1/tenants

                """
        }
        output.write(text + "\nCtrl-C stops it.\n")
    }
}
