import ArgumentParser
import Configuration
import Foundation
import SystemPackage
import Values

/// What every command can be told.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "The database to work on, instead of the private one (ABONO_DATABASE_URL)."
    )
    var databaseURL: String?

    @Option(name: .long, help: "The folder of the private PostgreSQL (ABONO_HOME).")
    var home: String?

    @Option(name: .long, help: "A JSON file of settings (ABONO_CONFIG).")
    var config: String?

    @Option(name: .long, help: "How data is printed: table, json or csv.")
    var format: OutputFormat = .table
}

/// The settings, read once: flags before environment (`ABONO_*`) before file.
struct Settings: Sendable {
    /// Where the five roles are taken on; nil means the private cluster.
    var databaseURL: String?
    /// Where migrations run.
    var migrationURL: String?
    /// The home folder.
    var home: String
    /// Where to listen.
    var host: String
    var port: Int
    /// The folder of GGUF files.
    var models: String
    /// The model to run, by name or alias; nil is the one in the registry.
    var model: String?
    /// How many engine processes, and how many sequences each works on at once.
    var workers: Int
    var sequences: Int
    /// Tokens of context for each sequence.
    var context: Int
    /// Compute threads of each engine process.
    var threads: Int
    /// Megabytes that all models in memory may take together.
    var memory: Int
    /// The most connections to the database at once.
    var connections: Int
    /// What secrets in the database are sealed with; nil is the key that the private database's home keeps.
    var secretKey: String?
    /// Whether webhooks may be sent into private networks, and by http.
    var allowsPrivateWebhooks: Bool
    /// How much is logged.
    var logLevel: String

    /// Reads them.
    ///
    /// - Throws: a setting that cannot be right, by name.
    static func read(_ options: GlobalOptions, flags: [String: String] = [:]) async throws -> Settings {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, value) in flags {
            let parts = ["abono"] + key.split(separator: ".").map(String.init)
            values[AbsoluteConfigKey(parts)] = .init(.string(value), isSecret: false)
        }
        if let url = options.databaseURL { values[["abono", "database", "url"]] = .init(.string(url), isSecret: true) }
        if let home = options.home { values[["abono", "home"]] = .init(.string(home), isSecret: false) }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(values: values),
            EnvironmentVariablesProvider(
                secretsSpecifier: .specific(["ABONO_DATABASE_URL", "ABONO_MIGRATION_URL", "ABONO_SECRET_KEY"])
            ),
        ]
        if let file = options.config ?? ProcessInfo.processInfo.environment["ABONO_CONFIG"] {
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
            } catch { throw Problem.invalid("config", "\(file) is not a readable JSON file of settings") }
        }
        let reader = ConfigReader(providers: providers).scoped(to: "abono")
        return Settings(
            databaseURL: reader.string(forKey: "database.url", isSecret: true),
            migrationURL: reader.string(forKey: "migration.url", isSecret: true),
            home: reader.string(forKey: "home", default: PrivateCluster.defaultHome),
            host: reader.string(forKey: "host", default: "127.0.0.1"),
            port: try number(reader, "port", default: 8080, in: 0...65535),
            models: reader.string(forKey: "models", default: defaultModels),
            model: reader.string(forKey: "model"),
            workers: try number(reader, "workers", default: 1, in: 0...64),
            sequences: try number(reader, "sequences", default: 8, in: 1...64),
            context: try number(reader, "context", default: 2048, in: 256...131_072),
            threads: try number(reader, "threads", default: 1, in: 1...256),
            memory: try number(reader, "memory", default: defaultMemory, in: 64...16_777_216),
            connections: try number(reader, "connections", default: 16, in: 2...1000),
            secretKey: reader.string(forKey: "secret.key", isSecret: true).flatMap { $0.isEmpty ? nil : $0 },
            allowsPrivateWebhooks: try flag(reader, "webhooks.private"),
            logLevel: reader.string(forKey: "log.level", default: "info")
        )
    }

    private static func number(
        _ reader: ConfigReader,
        _ key: String,
        default value: Int,
        in range: ClosedRange<Int>
    ) throws -> Int {
        guard let text = reader.string(forKey: .init(key)) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw Problem.invalid(
                key,
                "is \(text); a whole number from \(range.lowerBound) to \(range.upperBound) is expected"
            )
        }
        return number
    }

    private static func flag(_ reader: ConfigReader, _ key: String) throws -> Bool {
        switch reader.string(forKey: .init(key)) {
        case nil, "", "false": return false
        case "true": return true
        case .some(let text): throw Problem.invalid(key, "is \(text); true or false is expected")
        }
    }

    /// Half of the machine's; the other half is PostgreSQL's and everything else's.
    private static var defaultMemory: Int {
        max(Int(ProcessInfo.processInfo.physicalMemory >> 21), 64)
    }

    private static var defaultModels: String {
        let cache = ProcessInfo.processInfo.environment["ABONO_CACHE"] ?? NSHomeDirectory() + "/.cache/abono"
        return cache + "/models"
    }
}
