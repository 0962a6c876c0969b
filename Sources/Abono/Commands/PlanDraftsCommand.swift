import ArgumentParser
import Plans
import Values

extension PlansCommand {
    /// The command `abono plans draft`.
    struct Draft: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keeps a plan that is being prepared; it may have errors, which are shown.",
            discussion: """
                There is one draft of a code; keeping another replaces it. `abono plans publish --draft CODE` \
                publishes it.

                  abono plans draft pro.json
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String

        func run() async throws {
            let document = try InputFile.json(file)
            let draft = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PlanDraftOperations.save(document, by: session.stamp, in: transaction)
                }
            }
            PlansCommand.print(draft, options)
        }
    }

    /// The command `abono plans drafts`.
    struct Drafts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Plans that are being prepared.",
            discussion: "  abono plans drafts list",
            subcommands: [ListDrafts.self, ShowDraft.self, Drop.self],
            defaultSubcommand: ListDrafts.self
        )
    }

    struct ListDrafts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "Lists drafts.",
            discussion: "  abono plans drafts list"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "The last code of the page before.") var after: String?

        func run() async throws {
            let drafts = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PlanDraftQueries.list(limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["code", "name", "currency", "saved_at", "errors"],
                drafts.map {
                    [
                        $0.code, $0.document["name"]?.string ?? "", $0.document["currency"]?.string ?? "",
                        $0.savedAt.text, String($0.errors.count),
                    ]
                },
                json: .array(drafts.map(\.json))
            )
        }
    }

    struct ShowDraft: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Shows a draft with everything that is wrong with it.",
            discussion: "  abono plans drafts show pro"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The plan's code.") var code: String

        func run() async throws {
            let draft = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PlanDraftOperations.show(code, in: transaction)
                }
            }
            PlansCommand.print(draft, options)
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives a draft up.",
            discussion: "  abono plans drafts drop pro --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The plan's code.") var code: String

        func run() async throws {
            let dropped = try await Session.run(options) { session in
                let draft = try await session.administer { transaction in
                    try await PlanDraftOperations.show(code, in: transaction)
                }
                try confirmation.require("Drop the draft of \(code), saved at \(draft.savedAt)?")
                try await session.administer { transaction in
                    try await PlanDraftOperations.drop(code, by: session.stamp, in: transaction)
                }
                return draft
            }
            Output(format: options.format).object(["code": .string(dropped.code), "dropped": true])
        }
    }

    private static func print(_ draft: StoredPlanDraft, _ options: GlobalOptions) {
        let output = Output(format: options.format)
        guard options.format == .table else { return output.object(draft.json) }
        output.write("Draft of \(draft.code), saved at \(draft.savedAt).\n")
        guard !draft.errors.isEmpty else {
            return output.write("It can be published: abono plans publish --draft \(draft.code)\n")
        }
        output.list(["field", "message"], draft.errors.map { [$0.field, $0.message] }, json: .null)
    }
}
