import ArgumentParser
import Revenue
import Values

/// The command `abono rates`.
struct RatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rates",
        abstract: "Rates of exchange, by which reports of recurring revenue are brought to one currency.",
        discussion: """
            On a day counts the rate of the latest day up to it; the other direction is its inverse.

              abono rates put 1.08 --from EUR --to USD --day 2026-01-31 --source ECB
              abono reports mrr --from 2026-01 --to 2026-06 --in USD
            """,
        subcommands: [Put.self, List.self]
    )

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enters what one of a currency is worth in another from a day on, which may be past.",
            discussion: "  abono rates put 1.08 --from EUR --to USD --day 2026-01-31 --source ECB"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "How much one is worth, with up to 12 fraction digits.") var rate: String
        @Option(help: "One of this currency…", transform: Parse.currency) var from: Currency
        @Option(help: "…is so much of that.", transform: Parse.currency) var to: Currency
        @Option(help: "From which day on, like 2026-01-31; by default today, in UTC.") var day: String?
        @Option(help: "Who says so, like a bank.") var source: String?

        func run() async throws {
            var object: JSONObject = [
                "rate": .string(rate), "from": .string(from.code), "to": .string(to.code),
            ]
            if let day { object["day"] = .string(day) }
            if let source { object["source"] = .string(source) }
            var fields = try JSONFields(.object(object))
            let draft = try ExchangeRateDraft(json: &fields)
            let rate = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await ExchangeRateOperations.put(draft, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(rate.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the rates, what was written last first.",
            discussion: "  abono rates list --currency EUR"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only those from or to this currency.", transform: Parse.currency) var currency: Currency?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: ExchangeRateID?

        func run() async throws {
            let rates = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await ExchangeRateQueries.list(
                        currency: currency,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["from", "to", "rate", "day", "source", "recorded_at", "id"],
                rates.map {
                    [
                        $0.from.code, $0.to.code, $0.rate.text, $0.day.text, $0.source, $0.recordedAt.text, $0.id.text,
                    ]
                },
                json: .array(rates.map(\.json))
            )
        }
    }
}
