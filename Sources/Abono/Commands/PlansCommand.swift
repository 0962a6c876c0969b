import ArgumentParser
import Plans
import Values

/// The command `abono plans`.
struct PlansCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plans",
        abstract: "What is sold, at which prices.",
        discussion: "  abono plans publish pro.json",
        subcommands: [Publish.self, List.self, Show.self, Archive.self]
    )

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publishes a plan; of a code that is there it makes a new version.",
            discussion: """
                FILE is a plan as `abono simulate invoices` reads it, plus name, features and visible; - is standard \
                input. Old subscriptions keep their version. The same content again makes none.

                  abono plans publish pro.json
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String

        func run() async throws {
            let draft = try PlanDraft(json: try InputFile.json(file))
            let version = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PlanOperations.publish(draft, by: session.stamp, in: transaction)
                }
            }
            PlansCommand.print(version, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the latest version of each plan.",
            discussion: "  abono plans list --archived"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Flag(help: "Also those that are archived.") var archived = false
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: PlanID?

        func run() async throws {
            let versions = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PlanQueries.list(
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
                versions.map {
                    [
                        $0.code, $0.name, String($0.version), $0.plan.currency.code, $0.plan.interval.description,
                        $0.isVisible ? "yes" : "no", $0.publishedAt.text, $0.archivedAt?.text ?? "", $0.planID.text,
                    ]
                },
                json: .array(versions.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a plan's latest version, or all of them.",
            discussion: "  abono plans show pro --history --format json"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The plan's code.") var code: String
        @Flag(help: "All versions, the oldest first.") var history = false

        func run() async throws {
            let versions = try await Session.run(options) { session in
                try await session.administer { transaction in
                    if history { return try await PlanQueries.history(code, in: transaction) }
                    return try await PlanQueries.latest(code, in: transaction).map { [$0] } ?? []
                }
            }
            guard let first = versions.first else { throw PlanError.notFound(code) }
            guard history else { return PlansCommand.print(first, options) }
            Output(format: options.format).list(
                ["code", "version", "name", "prices", "published_at", "version_id"],
                versions.map {
                    [
                        $0.code, String($0.version), $0.name, String($0.plan.prices.count), $0.publishedAt.text,
                        $0.id.text,
                    ]
                },
                json: .array(versions.map(\.json))
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

    static func print(_ version: PlanVersion, _ options: GlobalOptions) {
        Output(format: options.format).object(version.json)
    }
}
