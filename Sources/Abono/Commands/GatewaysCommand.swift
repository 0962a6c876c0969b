import ArgumentParser
import Billing
import Values

/// The command `abono payments gateways`.
struct GatewaysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateways",
        abstract: "How payment gateways are reached; their secrets are sealed with ABONO_SECRET_KEY and never shown.",
        discussion: "  abono payments gateways set stripe --api-key-file key.txt --webhook-secret-file whsec.txt",
        subcommands: [Put.self, List.self, Remove.self]
    )

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Sets a gateway up; running servers use it from the next payment on.",
            discussion: """
                Secrets are read from files, or from standard input for `-`, so that no list of processes shows them. \
                A webhook secret that is left out stays as it was. Stripe sends its events to /v1/gateways/stripe.

                  abono payments gateways set stripe --api-key-file key.txt --webhook-secret-file whsec.txt
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The gateway: stripe.", transform: Parse.word) var name: GatewayName
        @Option(help: "A file with the secret API key.") var apiKeyFile: String
        @Option(help: "A file with the secret that signs the gateway's events.") var webhookSecretFile: String?
        @Option(help: "The address of an imitation to try things with, instead of the gateway's own.") var url: String?

        func validate() throws {
            if apiKeyFile == "-", webhookSecretFile == "-" {
                throw ValidationError("--api-key-file and --webhook-secret-file cannot both be standard input")
            }
        }

        func run() async throws {
            let draft = try GatewayDraft(
                name: name,
                apiKey: String(decoding: try InputFile.read(apiKeyFile), as: UTF8.self),
                webhookSecret: try webhookSecretFile.map { String(decoding: try InputFile.read($0), as: UTF8.self) },
                url: url
            )
            let settings = try await Session.run(options) { session in
                let box = session.secretBox
                let stamp = session.stamp
                return try await session.administer { transaction in
                    try await GatewayOperations.set(draft, sealedIn: box, by: stamp, in: transaction)
                }
            }
            Output(format: options.format).object(settings.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the gateways that are or were set up, without their secrets.",
            discussion: "  abono payments gateways list"
        )

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let all = try await Session.run(options) { session in
                try await session.administer { transaction in try await GatewayQueries.list(in: transaction) }
            }
            Output(format: options.format).list(
                ["name", "url", "webhooks", "updated_at", "removed_at"],
                all.map {
                    [
                        $0.name.rawValue, $0.url ?? "", $0.hasWebhookSecret ? "yes" : "no", $0.updatedAt.text,
                        $0.removedAt?.text ?? "",
                    ]
                },
                json: .array(all.map(\.json))
            )
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forgets a gateway's secrets: nothing is collected with it any more.",
            discussion: "  abono payments gateways remove stripe --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The gateway: stripe.", transform: Parse.word) var name: GatewayName

        func run() async throws {
            let settings = try await Session.run(options) { session in
                try confirmation.require("Forget the secrets of \(name.rawValue)?")
                let stamp = session.stamp
                return try await session.administer { transaction in
                    try await GatewayOperations.remove(name, by: stamp, in: transaction)
                }
            }
            Output(format: options.format).object(settings.json)
        }
    }
}
