import ArgumentParser
import Foundation
import Inference
import Values

/// The command `abono models`.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "The models that can be asked.",
        discussion: "  abono models add SmolLM2-135M-Instruct.Q4_1.gguf",
        subcommands: [Add.self, List.self, Show.self, Alias.self, Retire.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a GGUF file, by its hash; servers that start later run it.",
            discussion: "  abono models add SmolLM2-135M-Instruct.Q4_1.gguf --name smollm2 --alias auto"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The GGUF file.") var file: String
        @Option(help: "What requests name it by; made of the file's name unless given.") var name: String?
        @Option(help: "Its version; the first digits of its hash unless given.") var version: String?
        @Option(help: "Its licence; what the file says unless given.") var licence: String?
        @Option(help: "Another name for it; may be repeated.") var alias: [String] = []

        func run() async throws {
            let path = URL(fileURLWithPath: file).standardizedFileURL.path
            let draft = try ModelDraft(file: path, name: name, version: version, licence: licence)
            let model = try await Session.run(options) { session in
                try await session.administer { transaction in
                    let model = try await ModelOperations.add(draft, by: session.stamp, in: transaction)
                    for alias in alias {
                        try await ModelOperations.alias(alias, to: model.name, by: session.stamp, in: transaction)
                    }
                    return model
                }
            }
            ModelsCommand.print(model, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the models with their other names.",
            discussion: "  abono models list --retired"
        )

        @OptionGroup var options: GlobalOptions
        @Flag(help: "Also those that are retired.") var retired = false

        func run() async throws {
            let (models, aliases) = try await Session.run(options) { session in
                try await session.administer { transaction in
                    (
                        try await ModelQueries.list(includingRetired: retired, in: transaction),
                        try await ModelQueries.aliases(in: transaction)
                    )
                }
            }
            func names(_ model: Model) -> [String] { aliases.filter { $0.model == model.name }.map(\.alias) }
            Output(format: options.format).list(
                ["name", "version", "aliases", "tasks", "context", "parameters", "bytes", "retired_at", "file"],
                models.map {
                    [
                        $0.name, $0.version, names($0).joined(separator: " "), $0.tasks.joined(separator: " "),
                        String($0.context), String($0.parameters), String($0.bytes), $0.retiredAt?.text ?? "", $0.file,
                    ]
                },
                json: .array(models.map { ModelsCommand.json($0, aliases: names($0)) })
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a model, by name or alias.",
            discussion: "  abono models show auto"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The model's name or an alias.") var name: String

        func run() async throws {
            let model = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await ModelQueries.resolve(name, in: transaction).model
                }
            }
            ModelsCommand.print(model, options)
        }
    }

    struct Alias: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a model another name, or another model that name.",
            discussion: "  abono models alias fast smollm2-135m-instruct"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The other name.") var alias: String
        @Argument(help: "The model's own name.") var name: String

        func run() async throws {
            try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await ModelOperations.alias(alias, to: name, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(["alias": .string(alias), "model": .string(name)])
        }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a model out of use; nothing of it is deleted.",
            discussion: "  abono models retire smollm2-135m-instruct --yes",
            aliases: ["remove"]
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The model's name.") var name: String
        @Option(help: "Its version; the newest that is not retired unless given.") var version: String?

        func run() async throws {
            let model = try await Session.run(options) { session in
                let known = try await session.administer { transaction in
                    try await ModelQueries.find(name, version: version, in: transaction)
                }
                guard let known else { throw InferenceError.modelNotFound(version.map { "\(name)@\($0)" } ?? name) }
                try confirmation.require("Retire \(known.name)@\(known.version)? Requests for it are refused then.")
                return try await session.administer { transaction in
                    try await ModelOperations.retire(
                        known.name,
                        version: known.version,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            ModelsCommand.print(model, options)
        }
    }

    static func print(_ model: Model, _ options: GlobalOptions) {
        Output(format: options.format).object(json(model, aliases: nil))
    }

    /// What operators see beside what callers do: where the file lies.
    static func json(_ model: Model, aliases: [String]?) -> JSONValue {
        var object = model.json.object ?? JSONObject()
        object["file"] = .string(model.file)
        if let aliases { object["aliases"] = .array(aliases.map { .string($0) }) }
        return .object(object)
    }
}
