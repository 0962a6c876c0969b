import ArgumentParser
import Jobs
import Ledger
import Postgres
import Revenue
import Values

/// The command `abono reports`.
struct ReportsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reports",
        abstract: "Finance's reports, as of an instant.",
        discussion: """
            The same --as-of gives the same bytes, whatever is written later. Months are those of UTC.

              abono reports mrr --from 2025-01 --to 2025-12 --format csv
              abono reports mrr --from 2025-01 --to 2025-12 --explain 2025-06:churn
            """,
        subcommands: [MRR.self, Movements.self, ARR.self, Usage.self, TrialBalance.self]
    )

    /// What every report over months is asked for.
    struct Span: ParsableArguments {
        @Option(help: "The first month, like 2025-01.") var from: String
        @Option(help: "The last month, that included.") var to: String
        @Option(help: "Only this currency.") var currency: String?
        @OptionGroup var known: Known

        /// What was asked for, read.
        struct Parsed {
            let from: Month
            let to: Month
            let asOf: Instant
            let currency: Currency?
        }

        func parsed(now: Instant) throws -> Parsed {
            Parsed(
                from: try Month(parsing: from, field: "from"),
                to: try Month(parsing: to, field: "to"),
                asOf: try known.instant(now: now),
                currency: try currency.map { try RevenueOptions.currency($0) }
            )
        }

        /// Recurring revenue, read in one snapshot.
        func mrr(in session: Session) async throws -> MRRReport {
            let asked = try parsed(now: session.now)
            return try await session.database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await RevenueReports.mrr(
                    from: asked.from,
                    to: asked.to,
                    asOf: asked.asOf,
                    currency: asked.currency,
                    in: transaction
                )
            }
        }
    }

    /// Up to when a report knows.
    struct Known: ParsableArguments {
        @Option(help: "What was known then: an instant, or a date for its first; by default a minute ago.")
        var asOf: String?

        func instant(now: Instant) throws -> Instant {
            guard let asOf else { return AsOf.latest(at: now) }
            guard let instant = Instant(asOf) ?? CalendarDate(asOf).map({ Zone.utc.instant($0) }) else {
                throw Problem.invalid(
                    "as_of",
                    "is \"\(asOf.prefix(40))\"; an instant like 2026-01-31T12:00:00Z is right"
                )
            }
            try AsOf.check(instant, now: now)
            return instant
        }
    }

    struct MRR: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "mrr",
            abstract: "Monthly recurring revenue: opening, movements, closing."
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @Option(help: "The customers behind one cell, with ids: MONTH:COLUMN, like 2025-06:churn.")
        var explain: String?

        func run() async throws {
            let report = try await Session.run(options) { try await span.mrr(in: $0) }
            let output = Output(format: options.format)
            guard let explain else {
                output.list(MRRReport.columns, report.cells, json: report.json)
                return RevenueOptions.note(report, output)
            }
            let (month, cell) = try RevenueOptions.cell(explain, in: report)
            output.list(
                MRREntry.columns,
                report.entries(behind: cell, in: month).map(\.cells),
                json: report.json(behind: cell, in: month)
            )
        }
    }

    struct Movements: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every customer's movement in every month, with the ids behind it."
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span

        func run() async throws {
            let report = try await Session.run(options) { try await span.mrr(in: $0) }
            let output = Output(format: options.format)
            output.list(MRREntry.columns, report.movements.map(\.cells), json: report.movementsJSON)
            RevenueOptions.note(report, output)
        }
    }

    struct ARR: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "arr",
            abstract: "Annual recurring revenue: twelve times a month's closing, a run rate."
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span

        func run() async throws {
            let report = try await Session.run(options) { try await span.mrr(in: $0) }
            let output = Output(format: options.format)
            let document = try report.arrJSON()
            output.list(MRRReport.arrColumns, try report.arrCells(), json: document)
            RevenueOptions.note(report, output)
        }
    }

    struct Usage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What usage earned by month, from the books.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span

        func run() async throws {
            let report = try await Session.run(options) { session in
                let asked = try span.parsed(now: session.now)
                return try await session.database.transaction(as: .finance, isolation: .snapshot) { transaction in
                    try await RevenueReports.usage(
                        from: asked.from,
                        to: asked.to,
                        asOf: asked.asOf,
                        currency: asked.currency,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(UsageRevenueReport.columns, report.cells, json: report.json)
        }
    }

    struct TrialBalance: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What stands on each account of the books.")

        @OptionGroup var options: GlobalOptions
        @OptionGroup var known: Known

        func run() async throws {
            let (asOf, balances) = try await Session.run(options) { session in
                let asOf = try known.instant(now: session.now)
                let database = session.database
                let balances = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                    try await RevenueReports.trialBalance(asOf: asOf, in: transaction)
                }
                return (asOf, balances)
            }
            Output(format: options.format).list(
                ["account", "currency", "debits", "credits", "balance"],
                balances.map { line in
                    [
                        line.account.rawValue, line.balance.currency.code, line.debits.text, line.credits.text,
                        line.balance.text,
                    ]
                },
                json: RevenueReports.json(ofTrialBalance: balances, asOf: asOf)
            )
        }
    }
}

/// What commands on revenue share.
enum RevenueOptions {
    static func currency(_ code: String) throws(Problem) -> Currency {
        guard let currency = Currency(code: code.uppercased()) else {
            throw .invalid("currency", "is \"\(code.prefix(20))\"; a code of ISO 4217 like USD is expected")
        }
        return currency
    }

    /// Reads `2025-06:churn`.
    static func cell(_ text: String, in report: MRRReport) throws(Problem) -> (Month, MRRCell) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let month = Month(parts[0]), let cell = MRRCell(rawValue: parts[1]) else {
            let names = MRRCell.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("explain", "is \"\(text.prefix(40))\"; MONTH:COLUMN is expected, with one of \(names)")
        }
        guard report.months.from <= month, month <= report.months.to else {
            throw .invalid("explain", "names \(month), outside \(report.months.from) to \(report.months.to)")
        }
        return (month, cell)
    }

    /// What the numbers mean: under a table, and beside CSV on standard error; in JSON it is a member.
    static func note(_ report: MRRReport, _ output: Output) {
        let text = "as of \(report.months.asOf), months of \(report.months.zone)\n\(MRRReport.definitionText)"
        switch output.format {
        case .table: output.write("\n\(text)\n")
        case .csv: CommandFailure.say(text)
        case .json: break
        }
    }
}
