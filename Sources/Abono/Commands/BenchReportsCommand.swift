import ArgumentParser

extension BenchCommand {
    struct Reports: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Movements of recurring revenue, beside one sequential scan of a row a subscription and month.",
            discussion: """
                The report must take at most six times as long as the scan. What it comes to is compared with the few \
                customers that all others are copies of.

                  abono bench reports --subscription-months 1000000 --format json
                """
        )

        @Option(help: "How many months all subscriptions have brought something in, 10000 to 20000000.")
        var subscriptionMonths = 1_000_000
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func validate() throws {
            try BenchCommand.check(subscriptionMonths, in: 10_000...20_000_000, "--subscription-months")
        }

        func run() async throws {
            let bench = ReportsBench(subscriptionMonths: subscriptionMonths)
            try await BenchDatabase.run { try await bench.run(on: $0) }.print(to: Output(format: format))
        }
    }
}
