import ArgumentParser
import Jobs
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

            --explain lists the ids behind a figure: what names its row, then a colon and its column, like 2025-06:tax or
            2025-06/stripe:fees. --xlsx and --svg write the report to a file, too.

              abono reports mrr --from 2025-01 --to 2025-12 --format csv
              abono reports mrr --from 2025-01 --to 2025-12 --explain 2025-06:churn
              abono reports mrr --from 2025-01 --to 2025-12 --by plan --in EUR
              abono reports billings --from 2025-01 --to 2025-12 --xlsx billings.xlsx --svg billings.svg
            """,
        subcommands: [
            MRR.self, Movements.self, ARR.self, Churn.self, Cohorts.self, LifetimeValue.self, Bookings.self,
            Billings.self, Recognized.self, Deferred.self, Usage.self, Tax.self, Cash.self, Aging.self, Journals.self,
            TrialBalance.self, Margin.self, Profit.self, Partners.self,
        ]
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

    /// By what recurring revenue is told apart, and what it is brought to.
    struct Told: ParsableArguments {
        @Option(help: "By what rows are told apart: currency, plan, partner or tenant; by default currency.")
        var by: String?
        @Option(
            name: .customLong("in"),
            help: "Brings all amounts to this currency, at the rates of abono rates; what those change is exchange."
        )
        var target: String?

        /// What was asked for, read.
        struct Parsed {
            var by = MRRDimension.currency
            var target: Currency?
        }

        func parsed() throws(Problem) -> Parsed {
            var parsed = Parsed()
            if let by {
                guard let named = MRRDimension(rawValue: by) else {
                    let words = MRRDimension.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .invalid("by", "is \"\(by.prefix(20))\"; one of \(words) is expected")
                }
                parsed.by = named
            }
            if let target { parsed.target = try RevenueOptions.currency(target) }
            return parsed
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
}

/// What commands on revenue share.
enum RevenueOptions {
    static func currency(_ code: String) throws(Problem) -> Currency {
        guard let currency = Currency(code: code.uppercased()) else {
            throw .invalid("currency", "is \"\(code.prefix(20))\"; a code of ISO 4217 like USD is expected")
        }
        return currency
    }

    /// Reads a share like 0.75.
    static func share(_ text: String) throws -> Exact {
        guard let share = Decimal12(text)?.exact, share >= .zero, share <= .one else {
            throw ValidationError("\"\(text.prefix(20))\" is no share; from 0 to 1, like 0.75, is expected")
        }
        return share
    }
}
