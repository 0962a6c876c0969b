import ArgumentParser
import Plans
import Values

/// The command `abono addons`.
struct AddOnsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "addons",
        abstract: "What can be had beside a plan, so many times.",
        discussion: "  abono addons put storage.json",
        subcommands: [Put.self, List.self, Show.self, Archive.self]
    )

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publishes an add-on; of a code that is there it makes a new version.",
            discussion: """
                FILE is {"code", "name", "currency", "interval", "prices", "visible"}; prices are as in plans, but \
                none is metered, and a flat amount is for each unit. - is standard input. An add-on goes with plans of its \
                currency and interval; publish the code once for each. Subscriptions keep the prices they have.

                  abono addons put storage.json
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String

        func run() async throws {
            let draft = try AddOnDraft(json: try InputFile.json(file))
            let version = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await AddOnOperations.publish(draft, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(version.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the latest version of each add-on by currency and interval.",
            discussion: "  abono addons list --currency EUR"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only what is sold in this currency.", transform: Parse.currency) var currency: Currency?
        @Flag(help: "Also those that are archived.") var archived = false
        @Option(help: "The last version_id of the page before.", transform: Parse.id) var after: AddOnVersionID?

        func run() async throws {
            let versions = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await AddOnQueries.list(
                        currency: currency,
                        onlyVisible: false,
                        includingArchived: archived,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            AddOnsCommand.print(versions, options)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an add-on's latest versions, or all of them.",
            discussion: "  abono addons show storage --history"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The add-on's code.") var code: String
        @Flag(help: "All versions, the newest first.") var history = false

        func run() async throws {
            let versions = try await Session.run(options) { session in
                try await session.administer { transaction in
                    history
                        ? try await AddOnQueries.history(code, in: transaction)
                        : try await AddOnQueries.current(code, in: transaction)
                }
            }
            guard let first = versions.first else { throw AddOnError.notFound(code) }
            let output = Output(format: options.format)
            if !history, options.format == .json {
                var object = first.json.object ?? JSONObject()
                object["versions"] = .array(versions.map(\.json))
                return output.object(.object(object))
            }
            guard versions.count > 1 || history else { return output.object(first.json) }
            AddOnsCommand.print(versions, options)
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes an add-on off the market; who has it keeps it.",
            discussion: "  abono addons archive storage --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The add-on's code.") var code: String

        func run() async throws {
            let version = try await Session.run(options) { session in
                let known = try await session.administer { transaction in
                    try await AddOnQueries.current(code, in: transaction).last
                }
                guard let known else { throw AddOnError.notFound(code) }
                try confirmation.require("Archive the add-on \(code) (\(known.draft.name))? Nobody can add it then.")
                return try await session.administer { transaction in
                    try await AddOnOperations.archive(code, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(version.json)
        }
    }

    private static func print(_ versions: [AddOnVersion], _ options: GlobalOptions) {
        Output(format: options.format).list(
            ["code", "name", "version", "currency", "interval", "prices", "visible", "published_at", "version_id"],
            versions.map {
                [
                    $0.draft.code, $0.draft.name, String($0.version), $0.draft.currency.code,
                    $0.draft.interval.description, String($0.draft.terms.prices.count),
                    $0.draft.isVisible ? "yes" : "no", $0.publishedAt.text, $0.id.text,
                ]
            },
            json: .array(versions.map(\.json))
        )
    }
}
