import ArgumentParser
import Revenue
import Values

/// Each report as a command.
extension ReportsCommand {
    struct MRR: MovementsReportCommand {
        static let configuration = CommandConfiguration(
            commandName: "mrr",
            abstract: "Monthly recurring revenue: opening, movements, closing.",
            discussion: "  abono reports mrr --from 2025-01 --to 2025-12 --svg mrr.svg"
        )
        static let report = ReportName.mrr

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var grouping: Told
        @OptionGroup var exports: Exports
    }

    struct Movements: MovementsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every customer's movement in every month, with the ids behind it.",
            discussion: "  abono reports movements --from 2025-06 --to 2025-06 --by plan"
        )
        static let report = ReportName.movements

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var grouping: Told
        @OptionGroup var exports: Exports
    }

    struct ARR: MovementsReportCommand {
        static let configuration = CommandConfiguration(
            commandName: "arr",
            abstract: "Annual recurring revenue: twelve times what a month has, a run rate.",
            discussion: "  abono reports arr --from 2025-01 --to 2025-12"
        )
        static let report = ReportName.arr

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var grouping: Told
        @OptionGroup var exports: Exports
    }

    struct Churn: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "Churn and retention by month: logos, gross, net, NRR, GRR, quick ratio, revenue a customer.",
            discussion: "  abono reports churn --from 2025-01 --to 2025-12 --reactivation include"
        )
        static let report = ReportName.churn

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
        @Option(help: "Whether who comes back counts as retained: exclude or include.", transform: Parse.word)
        var reactivation: RetentionReport.Reactivation = .exclude
    }

    struct Cohorts: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What becomes of the customers that began in the same month.",
            discussion: "  abono reports cohorts --from 2025-01 --to 2025-12 --explain 2025-03:6"
        )
        static let report = ReportName.cohorts

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct LifetimeValue: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            commandName: "ltv",
            abstract: "What a customer is worth over its life, of what was seen so far.",
            discussion: "  abono reports ltv --from 2024-01 --to 2025-12 --gross-margin 0.75 --discount 0.10"
        )
        static let report = ReportName.ltv

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
        @Option(help: "What of revenue is left after its cost, 0 to 1.", transform: RevenueOptions.share)
        var grossMargin: Exact = 1
        @Option(help: "The discount of a year, 0 to 1.", transform: RevenueOptions.share)
        var discount: Exact = Exact(1, 10)
        @Option(help: "The oldest age that counts, in months.") var horizon = 60

        func terms() throws(Problem) -> LifetimeValueReport.Terms? {
            try LifetimeValueReport.Terms(grossMargin: grossMargin, discount: discount, horizon: horizon)
        }
    }

    struct Bookings: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What was signed by month: the value of the committed term.",
            discussion: "  abono reports bookings --from 2025-01 --to 2025-12"
        )
        static let report = ReportName.bookings

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Billings: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What was invoiced by month: subtotal, discount, tax, total, credits, credit notes.",
            discussion: "  abono reports billings --from 2025-01 --to 2025-12 --explain 2025-06:tax"
        )
        static let report = ReportName.billings

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Recognized: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recognised revenue by month and kind, straight by day, and what was taken off.",
            discussion: "  abono reports recognized --from 2025-01 --to 2025-12 --explain 2025-06"
        )
        static let report = ReportName.recognized

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Deferred: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "The waterfall of deferred revenue: opening, billed, recognised, closing, and what is to come.",
            discussion: "  abono reports deferred --from 2025-01 --to 2025-12 --explain 2025-06:closing"
        )
        static let report = ReportName.deferred

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Usage: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What usage earned by month, from the books.",
            discussion: "  abono reports usage --from 2025-01 --to 2025-12"
        )
        static let report = ReportName.usage

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Tax: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tax by month, code, rate and country: base, tax, credited.",
            discussion: "  abono reports tax --from 2025-01 --to 2025-03 --format csv"
        )
        static let report = ReportName.tax

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Cash: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What money came and went by month and gateway.",
            discussion: "  abono reports cash --from 2025-01 --to 2025-12 --explain 2025-06/stripe:fees"
        )
        static let report = ReportName.cash

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Margin: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revenue, its cost and what is left, by tenant, plan, model or feature.",
            discussion: """
                  abono reports margin --from 2025-01 --to 2025-12 --by model
                  abono reports margin --from 2025-06 --to 2025-06 --by plan --explain 2025-06/pro:inference
                """
        )
        static let report = ReportName.margin

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
        @Option(help: "tenant, plan, model or feature.", transform: Parse.word)
        var by: MarginReport.Dimension = .tenant
    }

    struct Profit: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "Profit by kind of business: direct, indirect, and what partners bring.",
            discussion: "  abono reports profit --from 2025-01 --to 2025-12 --explain 2025-06/direct:gross_margin"
        )
        static let report = ReportName.profit

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Partners: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What partners brought, had a share in, and were paid.",
            discussion: "  abono reports partners --from 2025-01 --to 2025-12 --explain 2025-06/north:shares"
        )
        static let report = ReportName.partners

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Journals: MonthsReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "All journals of a span, a line an entry, ready for accounting software.",
            discussion: "  abono reports journals --from 2025-06 --to 2025-06 --format csv"
        )
        static let report = ReportName.journals

        @OptionGroup var options: GlobalOptions
        @OptionGroup var span: Span
        @OptionGroup var exports: Exports
    }

    struct Aging: InstantReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What customers owe, by how long it has been due.",
            discussion: "  abono reports aging --as-of 2025-06-30 --explain all:90+"
        )
        static let report = ReportName.aging

        @OptionGroup var options: GlobalOptions
        @OptionGroup var known: Known
        @Option(help: "Only this currency.") var currency: String?
        @OptionGroup var exports: Exports
    }

    struct TrialBalance: InstantReportCommand {
        static let configuration = CommandConfiguration(
            abstract: "What stands on each account of the books.",
            discussion: "  abono reports trial-balance --as-of 2025-06-30 --explain receivable"
        )
        static let report = ReportName.trialBalance

        @OptionGroup var options: GlobalOptions
        @OptionGroup var known: Known
        @Option(help: "Only this currency.") var currency: String?
        @OptionGroup var exports: Exports
    }
}
