import ArgumentParser
import Billing
import Values

/// The command `abono billing`.
struct BillingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "billing",
        abstract: "The billing run.",
        discussion: "  abono billing run --until 2026-04-01",
        subcommands: [Run.self, Threshold.self, Corrections.self]
    )

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issues everything that is due; safe to run twice, or twice at once.",
            discussion: "  abono billing run --until 2026-04-01T00:00:00Z --format json"
        )

        @OptionGroup var options: GlobalOptions
        @Option(
            help: "Everything that falls due up to this business time; a date is midnight in UTC.",
            transform: Parse.instant
        )
        var until: Instant
        @Option(help: "How long an invoice stays a draft before it is put into the books, in seconds; 0 is at once.")
        var graceSeconds: Int64 = 0
        @Option(help: "How many subscriptions are billed in a transaction, 1 to 1000.")
        var batch = BillingRun.defaultBatch
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?

        func validate() throws {
            guard (1...1_000).contains(batch) else {
                throw ValidationError("--batch is \(batch); 1 to 1000 is expected")
            }
            guard graceSeconds >= 0 else {
                throw ValidationError("--grace-seconds is \(graceSeconds); 0 or more is expected")
            }
        }

        func run() async throws {
            let summary = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await BillingRun.run(
                    until: until,
                    database: session.database,
                    time: session.time,
                    author: .command,
                    graceSeconds: graceSeconds,
                    tenant: tenant,
                    batch: batch
                )
            }
            Output(format: options.format).object(summary.json)
            for failure in summary.failures { CommandFailure.say("\(failure.object): \(failure.message)") }
            if !summary.failures.isEmpty { throw ExitCode(1) }
        }
    }
}
