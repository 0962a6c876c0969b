import ArgumentParser
import Ledger
import Revenue
import Values

/// The command `abono ledger`.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "The books.",
        discussion: "  abono ledger verify",
        subcommands: [Balances.self, Entries.self, Verify.self, Recognize.self]
    )

    struct Recognize: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Moves what was delivered from deferred revenue to revenue, month by month; safe to run twice.",
            discussion: """
                A running server does it by itself once a month is over. A month that is posted stays; what comes late \
                for it is in the next.

                  abono ledger recognize --through 2026-02
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The last month, which must be over.") var through: String

        func run() async throws {
            let month = try Month(parsing: through, field: "through")
            let posted = try await Session.run(options) { session in
                try await RecognitionRun.run(through: month, database: session.database, by: session.stamp)
            }
            Output(format: options.format).object(["through": .string(month.text), "journals": .int(posted)])
        }
    }

    struct Balances: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What stands on each account: the trial balance, or a tenant's part of it.",
            discussion: "  abono ledger balances --as-of 2026-03-31T23:59:59Z"
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Up to this business time.", transform: Parse.instant) var asOf: Instant?

        func run() async throws {
            let balances = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    let bound = LedgerAsOf(at: asOf)
                    if let tenant {
                        return try await LedgerQueries.balances(of: tenant, asOf: bound, in: transaction)
                    }
                    return try await LedgerQueries.trialBalance(asOf: bound, withTests: false, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["account", "kind", "currency", "debits", "credits", "balance"],
                balances.map {
                    [
                        $0.account.rawValue, $0.account.kind.rawValue, $0.balance.currency.code, $0.debits.text,
                        $0.credits.text, $0.balance.text,
                    ]
                },
                json: .array(balances.map(\.json))
            )
        }
    }

    struct Entries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists a tenant's journals, newest first.",
            discussion: "  abono ledger entries --tenant ten_01h455vb4pex5vsknk084sn02q --account receivable"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "Only journals that touch this account.", transform: Parse.word) var account: Account?
        @Option(help: "Only journals that this id caused, like an invoice's.") var reference: String?
        @Option(help: "The last id of the page before.", transform: Parse.id) var before: JournalID?

        func run() async throws {
            let journals = try await Session.run(options) { session in
                _ = try await session.tenant(tenant)
                return try await session.read { transaction in
                    try await LedgerQueries.journals(
                        of: tenant,
                        account: account,
                        reference: reference,
                        limit: page.limit,
                        before: before,
                        in: transaction
                    )
                }
            }
            let rows = journals.flatMap { posted in
                posted.journal.entries.map { entry in
                    [
                        posted.journal.at.text, posted.journal.id.text, entry.account.rawValue,
                        Money(minor: entry.amount, currency: posted.journal.currency).text,
                        posted.journal.currency.code, posted.journal.reference, posted.journal.memo,
                    ]
                }
            }
            Output(format: options.format).list(
                ["at", "journal", "account", "amount", "currency", "reference", "memo"],
                rows,
                json: .array(journals.map(\.json))
            )
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recomputes all books from their rows; exits 1 if anything is wrong.",
            discussion: "  abono ledger verify --format json"
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "Up to this business time.", transform: Parse.instant) var asOf: Instant?

        func run() async throws {
            let audit = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await LedgerVerification.verify(asOf: LedgerAsOf(at: asOf), in: transaction)
                }
            }
            let output = Output(format: options.format)
            let rows = audit.findings.map { [$0.tenant?.text ?? "", $0.object, $0.message] }
            if options.format == .table, rows.isEmpty {
                output.write("The books are sound: \(audit.journals) journals.\n")
            } else {
                output.list(
                    ["tenant", "object", "finding"],
                    rows,
                    json: [
                        "journals": .int(audit.journals), "sound": .bool(rows.isEmpty),
                        "findings": .array(audit.findings.map(\.json)),
                    ]
                )
            }
            if !rows.isEmpty { throw ExitCode(1) }
        }
    }
}
