import ArgumentParser
import Billing
import Jobs
import Values

/// The command `abono clocks`.
struct ClocksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clocks",
        abstract: "Test clocks: tenants that have a time of their own.",
        discussion: """
            A tenant made with a clock is in test mode: it is billed by the clock's time, and finance's reports leave it \
            out.

              abono clocks create "Renewals" --at 2026-01-31
              abono tenants create "Test Inc." --currency USD --test-clock clk_01h455vb4pex5vsknk084sn02q
              abono clocks advance clk_01h455vb4pex5vsknk084sn02q --to 2026-03-01
            """,
        subcommands: [Create.self, List.self, Show.self, Advance.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a clock.",
            discussion: "  abono clocks create \"Renewals\" --at 2026-01-31"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "What people call it.") var name: String
        @Option(help: "The time it shows at first; now, unless given.", transform: Parse.instant) var at: Instant?

        func run() async throws {
            let clock = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await ClockOperations.create(
                        name: name,
                        at: at ?? session.now,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(clock.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists clocks in the order they were made.",
            discussion: "  abono clocks list --format json"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: ClockID?

        func run() async throws {
            let clocks = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await ClockOperations.list(limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["id", "name", "at", "status", "target", "error"],
                clocks.map {
                    [$0.id.text, $0.name, $0.at.text, $0.status.rawValue, $0.target?.text ?? "", $0.error ?? ""]
                },
                json: .array(clocks.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a clock.",
            discussion: "  abono clocks show clk_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The clock's id.", transform: Parse.id) var id: ClockID

        func run() async throws {
            let clock = try await Session.run(options) { session in
                try await session.read { transaction in
                    guard let clock = try await ClockOperations.find(id, in: transaction) else {
                        throw ClockError.notFound(id)
                    }
                    return clock
                }
            }
            Output(format: options.format).object(clock.json)
        }
    }

    struct Advance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves a clock forward; everything due for its tenants on the way happens before it returns.",
            discussion: "  abono clocks advance clk_01h455vb4pex5vsknk084sn02q --to 2026-03-01"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The clock's id.", transform: Parse.id) var id: ClockID
        @Option(help: "The time it is to show.", transform: Parse.instant) var to: Instant

        func run() async throws {
            let clock = try await Session.run(options) { session in
                _ = try await session.administer { transaction in
                    try await ClockOperations.beginAdvance(id, to: to, by: session.stamp, in: transaction)
                }
                return try await ClockRun.advance(
                    id,
                    database: session.database,
                    time: session.time,
                    author: .command
                )
            }
            Output(format: options.format).object(clock.json)
            if let error = clock.error {
                throw Problem(.conflict, code: "clock_failed", "the clock stopped at \(clock.at): \(error)")
            }
        }
    }
}
