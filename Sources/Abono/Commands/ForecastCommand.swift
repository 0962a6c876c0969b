import ArgumentParser
import Forecasting
import Values

/// The command `abono forecast`.
struct ForecastCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecast",
        abstract: "Forecasts with intervals and their back-test.",
        discussion: """
              abono forecast series revenue.csv --horizon 12
              abono forecast revenue --currency USD --scenario dearer.json
            """,
        subcommands: [Series.self, OfRevenue.self, OfBacktest.self]
    )

    struct Series: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forecasts one monthly series, with no database.",
            discussion: """
                FILE is CSV with a header and the columns month (2024-01) and value; - reads standard input.

                  abono forecast series revenue.csv --horizon 12
                """
        )

        @Argument(help: "The file; - is standard input.") var file: String
        @Option(help: "How many months, 1 to 60.") var horizon = 12
        @Option(help: "Interval levels in percent, separated by commas.") var levels = "80,95"
        @Option(
            help: "auto (by back-test), naive, snaive, drift, ses, holt, damped, ets, theta, dtheta, arima or comb."
        ) var method = "auto"
        @Option(help: "Repeats what is random.") var seed: UInt64 = 1
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func run() async throws {
            let options = try ForecastOptions(horizon: horizon, levels: levels, method: method, seed: seed)
            let series = try MonthlySeries(csv: try InputFile.read(file))
            ForecastCommand.write(try SeriesForecast.run(series, options: options), Output(format: format))
        }
    }

    static func write(_ forecast: SeriesForecast, _ output: Output) {
        switch output.format {
        case .json: output.write(forecast.json.prettyText + "\n")
        case .csv: output.write(forecast.csv)
        case .table: output.write(forecast.table)
        }
    }
}
