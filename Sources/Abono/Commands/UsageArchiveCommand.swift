import ArgumentParser
import Foundation
import Metering
import Postgres
import Values

/// The command `abono usage archive`.
struct UsageArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Moves the events of whole months into files; what they add up to stays.",
        discussion: "  abono usage archive --to /srv/abono/archive --yes",
        subcommands: [Run.self, List.self],
        defaultSubcommand: Run.self
    )

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Archives a month, or all that the policy lets go; safe to run again where it was interrupted.",
            discussion: """
                A file holds an event a line as JSON, compressed by gzip, with a manifest beside it; it is read back \
                before the events go. Only months that are billed to their end are archived. An event of an archived \
                month that comes again is still a duplicate or a conflict; a new one is rejected.

                  abono usage archive --month 2025-01 --to /srv/abono/archive --yes
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Option(help: "The month, like 2025-01; all that may go unless given.", transform: UsageMonthArgument.month)
        var month: CalendarDate?
        @Option(help: "The folder for the files.") var to: String

        func run() async throws {
            let archives = try await Session.run(options) { session in
                var isFolder: ObjCBool = false
                guard unsafe FileManager.default.fileExists(atPath: to, isDirectory: &isFolder), isFolder.boolValue
                else { throw Problem.invalid("to", "\(to) is no folder") }
                let due = try await session.database.transaction(as: .system) { transaction in
                    try await UsageArchiveOperations.due(at: session.now, in: transaction)
                }
                let months = month.map { [$0] } ?? due
                if !months.isEmpty {
                    let names = months.map { String($0.text.prefix(7)) }.joined(separator: ", ")
                    try confirmation.require("Move the events of \(names) into \(to)?")
                }
                return try await UsageArchiver.with(session) { archiver in
                    var archives: [UsageArchive] = []
                    for month in months { archives.append(try await archiver.archive(month, in: to)) }
                    return archives
                }
            }
            UsageMonthArgument.show(archives, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the months that are archived or were, with what their files hold.",
            discussion: "  abono usage archive list"
        )

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let archives = try await Session.run(options) { session in
                try await session.read { transaction in try await UsageArchiveQueries.list(in: transaction) }
            }
            UsageMonthArgument.show(archives, options)
        }
    }
}

/// The command `abono usage restore`.
struct UsageRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Brings the events of an archived month back from its file.",
        discussion: """
            The file is known by its content; one that this database did not write is refused.

              abono usage restore /srv/abono/archive/usage-2025-01.ndjson.gz
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The file that `abono usage archive` wrote.") var file: String

    func run() async throws {
        let archive = try await Session.run(options) { session in
            try await UsageArchiver.with(session) { archiver in try await archiver.restore(file) }
        }
        guard let archive else {
            throw Problem(.conflict, code: "not_archived", "the events of \(file) are in the database")
        }
        Output(format: options.format).object(archive.json)
    }
}

/// The command `abono usage retention`.
struct UsageRetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "For how long events stay in the database.",
        discussion: "  abono usage retention set --months 24",
        subcommands: [Set.self, Show.self]
    )

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets months go that lie longer back; they go when `abono usage archive` is run.",
            discussion: "  abono usage retention set --months 24"
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "How many months stay beside the present one, 6 to 1200.") var months: Int

        func run() async throws {
            let retention = try UsageRetention(months: months)
            try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await UsageArchiveOperations.set(retention, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(["months": .int(retention.months)])
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the policy, and which months may go.",
            discussion: "  abono usage retention show"
        )

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let object: JSONValue = try await Session.run(options) { session in
                try await session.database.transaction(as: .system) { transaction in
                    let due = try await UsageArchiveOperations.due(at: session.now, in: transaction)
                    let retention = try await UsageArchiveQueries.retention(in: transaction)
                    return [
                        "months": retention.map { .int($0.months) } ?? .null,
                        "due": .array(due.map { .string(String($0.text.prefix(7))) }),
                    ]
                }
            }
            Output(format: options.format).object(object)
        }
    }
}

/// Months at the command line.
enum UsageMonthArgument {
    /// Reads `2025-01`.
    static func month(_ text: String) throws -> CalendarDate {
        guard let month = CalendarDate("\(text)-01") else { throw ValidationError("a month like 2025-01 is expected") }
        return month
    }

    static func show(_ archives: [UsageArchive], _ options: GlobalOptions) {
        Output(format: options.format).list(
            ["month", "state", "events", "from", "to", "file"],
            archives.map {
                [
                    String($0.month.text.prefix(7)), $0.state.rawValue, $0.manifest.map { String($0.rows) } ?? "",
                    $0.manifest?.minAt?.text ?? "", $0.manifest?.maxAt?.text ?? "", $0.file,
                ]
            },
            json: .array(archives.map(\.json))
        )
    }
}
