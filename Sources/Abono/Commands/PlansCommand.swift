import ArgumentParser
import Plans
import Values

/// The command `abono plans`.
struct PlansCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plans",
        abstract: "What is sold, at which prices.",
        discussion: "  abono plans publish pro.json",
        subcommands: [Publish.self, Draft.self, Drafts.self, List.self, Show.self, Archive.self]
    )

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publishes a plan; of a code that is there it makes a new version.",
            discussion: """
                FILE is a plan as `abono simulate invoices` reads it, plus name, features and visible; - is standard \
                input. Old subscriptions keep their version. The same content again makes none. Publishing a code in \
                another currency adds that currency to the plan.

                  abono plans publish pro.json
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String?
        @Option(help: "Publishes the draft of this code instead of a file.") var draft: String?

        func validate() throws {
            guard (file == nil) != (draft == nil) else {
                throw ValidationError("either a FILE or --draft CODE is expected")
            }
        }

        func run() async throws {
            let read = try file.map { try PlansCommand.read($0) }
            let version = try await Session.run(options) { session in
                try await session.administer { transaction in
                    if let read { return try await PlanOperations.publish(read, by: session.stamp, in: transaction) }
                    return try await PlanDraftOperations.publish(draft ?? "", by: session.stamp, in: transaction)
                }
            }
            PlansCommand.print(version, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the latest version of each plan in each of its currencies.",
            discussion: "  abono plans list --archived"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only what is sold in this currency.", transform: Parse.currency) var currency: Currency?
        @Flag(help: "Also those that are archived.") var archived = false
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: PlanID?

        func run() async throws {
            let offers = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PlanQueries.list(
                        currency: currency,
                        onlyVisible: false,
                        includingArchived: archived,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["code", "name", "version", "currency", "interval", "visible", "published_at", "archived_at", "id"],
                offers.flatMap(\.versions).map {
                    [
                        $0.code, $0.name, String($0.version), $0.plan.currency.code, $0.plan.interval.description,
                        $0.isVisible ? "yes" : "no", $0.publishedAt.text, $0.archivedAt?.text ?? "", $0.planID.text,
                    ]
                },
                json: .array(offers.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a plan's latest version in each currency, or one version, or all of them.",
            discussion: "  abono plans show pro --history --format json"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The plan's code.") var code: String
        @Option(help: "The number of the version.") var version: Int?
        @Flag(help: "All versions, the newest first.") var history = false

        func validate() throws {
            if version != nil, history { throw ValidationError("--version and --history exclude each other") }
        }

        func run() async throws {
            try await Session.run(options) { session in
                try await session.administer { transaction in
                    if history {
                        let versions = try await PlanQueries.history(code, in: transaction)
                        guard !versions.isEmpty else { throw PlanError.notFound(code) }
                        return print(versions, json: .array(versions.map(\.json)))
                    }
                    if let version {
                        guard let found = try await PlanQueries.version(version, of: code, in: transaction) else {
                            throw PlanError.noVersion(version, of: code)
                        }
                        return PlansCommand.print(found, options)
                    }
                    guard let offer = try await PlanQueries.offer(code, in: transaction) else {
                        throw PlanError.notFound(code)
                    }
                    guard options.format == .json || offer.versions.count > 1 else {
                        return PlansCommand.print(offer.main, options)
                    }
                    print(offer.versions, json: offer.json)
                }
            }
        }

        private func print(_ versions: [PlanVersion], json: JSONValue) {
            Output(format: options.format).list(
                ["code", "version", "currency", "name", "prices", "published_at", "version_id"],
                versions.map {
                    [
                        $0.code, String($0.version), $0.plan.currency.code, $0.name, String($0.plan.prices.count),
                        $0.publishedAt.text, $0.id.text,
                    ]
                },
                json: json
            )
        }
    }

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes a plan off the market; who has it keeps it.",
            discussion: "  abono plans archive pro --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The plan's code.") var code: String

        func run() async throws {
            let version = try await Session.run(options) { session in
                let known = try await session.administer { transaction in
                    try await PlanQueries.latest(code, in: transaction)
                }
                guard let known else { throw PlanError.notFound(code) }
                try confirmation.require("Archive the plan \(code) (\(known.name))? Nobody can subscribe to it then.")
                return try await session.administer { transaction in
                    try await PlanOperations.archive(code, by: session.stamp, in: transaction)
                }
            }
            PlansCommand.print(version, options)
        }
    }

    /// Reads a plan's file; everything that is wrong with it is said at once.
    private static func read(_ file: String) throws -> PlanDraft {
        let json = try InputFile.json(file)
        let errors = PlanDraft.errors(in: json)
        guard let first = errors.first else { return try PlanDraft(json: json) }
        throw Problem(.invalid, "\(first.field): \(first.message)", errors: errors)
    }

    static func print(_ version: PlanVersion, _ options: GlobalOptions) {
        Output(format: options.format).object(version.json)
    }
}
