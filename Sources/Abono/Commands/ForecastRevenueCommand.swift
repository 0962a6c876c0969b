import ArgumentParser
import Forecasting
import Foundation
import Postgres
import Revenue
import Values

extension ForecastCommand {
    /// What forecasts of the whole book are asked for.
    struct Book: ParsableArguments {
        @Option(help: "The currency; needed where there are several.") var currency: String?
        @OptionGroup var known: ReportsCommand.Known
        @Option(help: "How many months, that of the as-of included, 1 to 60.") var horizon = 12
        @Option(help: "Interval levels in percent, separated by commas.") var levels = "80,95"
        @Option(help: "How many futures, 100 to 20000.") var paths = 5_000
        @Option(help: "Repeats what is random.") var seed: UInt64 = 1

        func options() throws(Problem) -> RevenueForecastOptions {
            try RevenueForecastOptions(
                horizon: horizon,
                levels: ForecastOptions.levels(parsing: levels),
                paths: paths,
                seed: seed
            )
        }

        /// The currency asked for, if one is.
        func only() throws(Problem) -> Currency? {
            try currency.map { text throws(Problem) in try RevenueOptions.currency(text) }
        }

        /// The book as it was known at the as-of, and at earlier ends of months.
        func sources(in session: Session) async throws -> (now: ForecastSources, earlier: [ForecastSources]) {
            let asOf = try known.instant(now: session.now)
            return try await session.read { transaction in
                try await RevenueReports.forecastSources(
                    asOf: asOf,
                    earlier: RevenueBook.origins(before: asOf),
                    in: transaction
                )
            }
        }
    }

    struct OfRevenue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revenue",
            abstract: "Forecasts the revenue of all subscriptions: committed, renewals, usage and new business.",
            discussion: """
                Every subscription goes on or not at each end of its term, on 5000 paths with shared shocks; what it \
                brings until then is committed. The back-test beside it was made from what was known at earlier ends of months. \
                The same --as-of gives the same bytes.

                A scenario is a JSON file: factors of price, churn, growth and cost over the same book with the same luck.

                  {"name": "dearer", "price": {"factor": 1.1, "from": "2026-07"}, "churn": {"factor": 1.2},
                   "growth": {"new": {"factor": 0.9}, "usage": {"factor": 1.05}},
                   "cost": {"inference": {"factor": 0.8}}, "partners": {"percent_of_revenue": 5}}

                  abono forecast revenue --currency USD --scenario dearer.json cheaper.json --svg forecast.svg
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var book: Book
        @Option(parsing: .upToNextOption, help: "Files of scenarios to compare.") var scenario: [String] = []
        @Option(help: "Also draw it to this file.") var svg: String?

        func run() async throws {
            let wanted = try book.options()
            let currency = try book.only()
            let scenarios = try scenario.map { try Self.scenario($0) }
            try Scenario.check(scenarios)
            let (now, earlier) = try await Session.run(options) { try await book.sources(in: $0) }
            let outlook = try RevenueOutlook.run(
                now,
                earlier: earlier,
                currency: currency,
                scenarios: scenarios,
                options: wanted
            )
            if let svg {
                let bytes = Data(SVGDrawing.text(outlook.picture).utf8)
                guard FileManager.default.createFile(atPath: svg, contents: bytes) else {
                    throw Problem.invalid("--svg", "\(svg) cannot be written")
                }
            }
            ForecastCommand.write(outlook.page(asOf: now.asOf), Output(format: options.format))
        }

        private static func scenario(_ file: String) throws -> Scenario {
            let json = try InputFile.json(file)
            do throws(Problem) {
                return try Scenario(json: json)
            } catch {
                let field = error.errors.first?.field ?? "scenario"
                throw Problem.invalid(field, "\(file): \(error.errors.first?.message ?? error.message)")
            }
        }
    }

    struct OfBacktest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backtest",
            abstract: "Shows how the forecast of revenue would have gone, from what was known then.",
            discussion: """
                Origins are the ends of every other month before the as-of, at most six; what was recorded later is not \
                in their forecasts.

                  abono forecast backtest --currency USD
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var book: Book

        func run() async throws {
            let wanted = try book.options()
            let currency = try book.only()
            let (now, earlier) = try await Session.run(options) { try await book.sources(in: $0) }
            let result = try RevenueBacktest.run(now, earlier: earlier, currency: currency, options: wanted)
            ForecastCommand.write(
                result.backtest.page(asOf: now.asOf, currency: result.currency),
                Output(format: options.format)
            )
        }
    }

    static func write(_ page: ReportPage, _ output: Output) {
        if output.format == .table, let trend = page.trend {
            output.list(page.table.columns + ["trend"], zip(page.table.rows, trend).map { $0 + [$1] }, json: .null)
        } else {
            output.list(page.table.columns, page.table.rows, json: page.json)
        }
        switch output.format {
        case .table:
            for table in page.more {
                output.write("\n\(table.title)\n")
                output.list(table.columns, table.rows, json: .null)
            }
            output.write("\n\(page.note)\n")
        case .csv: CommandFailure.say(page.note)
        case .json: break
        }
    }
}
