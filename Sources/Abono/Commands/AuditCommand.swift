import ArgumentParser
import Jobs
import Values

/// The command `abono audit`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Who did what to which object.",
        discussion: "  abono audit list --tenant ten_01h455vb4pex5vsknk084sn02q",
        subcommands: [List.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists acts, newest first.",
            discussion: "  abono audit list --object sub_01h455vb4pex5vsknk084sn02q --format json"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only acts that concern this tenant.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Only acts on this object: an id, or a meter's or plan's code.") var object: String?
        @Option(help: "The last id of the page before.", transform: Parse.id) var before: ActivityID?

        func run() async throws {
            let entries = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await Activity.list(
                        tenant: tenant,
                        object: object,
                        limit: page.limit,
                        before: before,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["recorded_at", "author", "verb", "object", "id", "details"],
                entries.map {
                    [$0.recordedAt.text, $0.author, $0.verb, $0.object, $0.id.text, Self.short($0.details)]
                },
                json: .array(entries.map(\.json))
            )
        }

        /// A line of a table has no room for all of it; JSON has.
        private static func short(_ details: JSONValue) -> String {
            let text = details.text
            return text.count <= 60 ? text : text.prefix(57) + "…"
        }
    }
}
