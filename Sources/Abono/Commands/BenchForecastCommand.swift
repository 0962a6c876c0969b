import ArgumentParser

extension BenchCommand {
    /// The command `abono bench forecast`.
    struct Forecast: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Monthly series forecast with auto and its back-test, beside fitting the models once.",
            discussion: """
                Series are made from seeds; each is forecast twelve months ahead, on as many threads as are asked for. \
                With --accuracy also measures the error (MASE) and the coverage of the bands on the last twelve \
                months of files with the columns month and value, which are held out. No database is needed.

                  abono bench forecast --series 10000 --months 60 --threads 2
                  abono bench forecast --series 100 --accuracy sales.csv orders.csv
                  abono bench forecast --books 200
                """
        )

        @Option(help: "How many series, 10 to 1000000.") var series = 10_000
        @Option(help: "Months of history in each, 36 to 600.") var months = 60
        @Option(help: "Series at once, 1 to 64.") var threads = 2
        @Option(parsing: .upToNextOption, help: "Files to measure the accuracy on.") var accuracy: [String] = []
        @Option(help: "Forecast so many made-up books of subscriptions instead, 1 to 10000.") var books: Int?
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func validate() throws {
            try BenchCommand.check(series, in: 10...1_000_000, "--series")
            try BenchCommand.check(months, in: 36...600, "--months")
            try BenchCommand.check(threads, in: 1...64, "--threads")
            if let books { try BenchCommand.check(books, in: 1...10_000, "--books") }
        }

        func run() async throws {
            if let books {
                return try BenchForecastBooks(books: books, paths: 1_000).run().print(to: Output(format: format))
            }
            let bench = ForecastBench(series: series, months: months, threads: threads, files: accuracy)
            try await bench.run().print(to: Output(format: format))
        }
    }
}
