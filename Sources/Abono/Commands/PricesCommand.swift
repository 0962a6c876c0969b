import ArgumentParser
import Revenue
import Values

/// The command `abono prices`.
struct PricesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prices",
        abstract: "The price book of compute: what a second of a processor costs us, and a million tokens.",
        discussion: """
            Measured usage costs the price in force at its instant: the model's own, else the one of all models.

              abono prices put 0.000012 --currency USD
              abono prices put 0.40 --currency USD --unit input_mtok --model smollm2 --from 2026-02-01
            """,
        subcommands: [Put.self, List.self, Show.self]
    )

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a price into the book from an instant on, which may be past; 0 ends one.",
            discussion: "  abono prices put 0.000012 --currency USD --model smollm2 --from 2026-02-01"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "What one costs, with up to 12 fraction digits.") var price: String
        @Option(help: "The currency.", transform: Parse.currency) var currency: Currency
        @Option(help: "cpu_second, or a million tokens: input_mtok, cached_mtok, output_mtok.", transform: Parse.word)
        var unit: ComputeUnit = .cpuSecond
        @Option(help: "Only of this model; by default of all that have no price of their own.") var model: String?
        @Option(help: "From when on; by default from now on.", transform: Parse.instant) var from: Instant?

        func run() async throws {
            var object: JSONObject = [
                "price": .string(price), "currency": .string(currency.code), "unit": .string(unit.rawValue),
            ]
            if let model { object["model"] = .string(model) }
            if let from { object["from"] = from.json }
            var fields = try JSONFields(.object(object))
            let draft = try ComputePriceDraft(json: &fields)
            let price = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await PriceBookOperations.put(draft, by: session.stamp, in: transaction)
                }
            }
            Output(format: options.format).object(price.json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the prices, what was written last first.",
            discussion: "  abono prices list --model smollm2"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only the model's own.") var model: String?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: ComputePriceID?

        func run() async throws {
            let prices = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await PriceBookQueries.list(
                        model: model,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["model", "unit", "price", "currency", "from", "recorded_at", "id"],
                prices.map {
                    [
                        $0.model ?? "", $0.unit.rawValue, $0.price.text, $0.currency.code, $0.from.text,
                        $0.recordedAt.text, $0.id.text,
                    ]
                },
                json: .array(prices.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a price.",
            discussion: "  abono prices show prc_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Its id.", transform: Parse.id) var id: ComputePriceID

        func run() async throws {
            let price = try await Session.run(options) { session in
                try await session.read { transaction in
                    guard let price = try await PriceBookQueries.find(id, in: transaction) else {
                        throw Problem.notFound("price", id.text)
                    }
                    return price
                }
            }
            Output(format: options.format).object(price.json)
        }
    }
}
