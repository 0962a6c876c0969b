import ArgumentParser
import Billing
import Metering
import Postgres
import Values

/// The command `abono meters`.
struct MetersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meters",
        abstract: "What usage is counted on.",
        discussion: "  abono meters put tokens.json",
        subcommands: [Put.self, List.self, Show.self, Backfill.self]
    )

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a meter into the catalogue; the same definition again is no work.",
            discussion: """
                FILE is a meter as JSON, or an array of them; - is standard input. A meter with a `source` counts the \
                events of that other meter, those that its `filter` lets through; it is computed over past events in \
                the background. With --replace a definition takes the place of another one that nothing was billed by.

                  echo '{"code": "tokens", "aggregation": "sum"}' | abono meters put -
                  echo '{"code": "tokens.large", "aggregation": "sum", "source": "tokens",
                         "filter": {"model": ["large", "huge"]}}' | abono meters put -
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String
        @Flag(help: "Takes the place of another definition, if no invoice was made of it.") var replace = false

        func run() async throws {
            let json = try InputFile.json(file)
            let meters =
                try json.array?.enumerated().map { try Meter(definition: $1, path: "[\($0)]") }
                ?? [Meter(definition: json)]
            let made = try await Session.run(options) { session in
                var billed: Set<String> = []
                if replace {
                    billed = try await session.read { transaction in
                        try await BilledMeterQueries.billed(meters.map(\.code), in: transaction)
                    }
                }
                return try await session.administer { transaction in
                    var made: [MeterOperations.Put] = []
                    for meter in meters {
                        made.append(try await put(meter, billed, session.stamp, in: transaction))
                    }
                    return made
                }
            }
            let results = zip(meters, made).map { meter, made -> JSONValue in
                var object = meter.json.object ?? JSONObject()
                object["created"] = .bool(made == .created)
                object["replaced"] = .bool(made == .replaced)
                return .object(object)
            }
            let output = Output(format: options.format)
            guard json.array != nil else { return output.object(results.first ?? [:]) }
            output.list(
                ["code", "aggregation", "outcome"],
                zip(meters, made).map { [$0.code, $0.aggregation.rawValue, $1.rawValue] },
                json: .array(results)
            )
        }

        private func put(
            _ meter: Meter,
            _ billed: Set<String>,
            _ stamp: Stamp,
            in transaction: borrowing Transaction
        ) async throws -> MeterOperations.Put {
            guard replace else {
                return try await MeterOperations.put(meter, by: stamp, in: transaction) ? .created : .unchanged
            }
            return try await MeterOperations.replace(
                meter,
                isBilled: billed.contains(meter.code),
                by: stamp,
                in: transaction
            )
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the meters.",
            discussion: "  abono meters list --format json"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "The last code of the page before.") var after: String?

        func run() async throws {
            let meters = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await MeterQueries.list(limit: page.limit, after: after, in: transaction)
                }
            }
            Output(format: options.format).list(
                ["code", "aggregation", "definition"],
                meters.map { [$0.code, $0.aggregation.rawValue, $0.json.text] },
                json: .array(meters.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a meter; of one that is computed over past events also how far that has come.",
            discussion: "  abono meters show tokens"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The meter's code.") var code: String

        func run() async throws {
            let (meter, backfill) = try await Session.run(options) { session in
                try await session.administer { transaction in
                    let meter = try await MeterQueries.require(code, in: transaction)
                    return (meter, try await MeterBackfillQueries.find(code, in: transaction))
                }
            }
            Output(format: options.format).object(MetersCommand.json(meter, backfill))
        }
    }

    struct Backfill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Computes a meter with a source over past events now, and waits for it.",
            discussion: """
                A server does so by itself, in the background. Meanwhile the meter is read from the events, exactly.

                  abono meters backfill tokens.large
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The meter's code.") var code: String

        func run() async throws {
            let (meter, backfill) = try await Session.run(options) { session in
                var bar = ProgressBar()
                defer { bar.clear() }
                while true {
                    let (next, progress) = try await session.database.transaction(as: .system) { transaction in
                        let next = try await MeterBackfillOperations.step(code, by: session.stamp, in: transaction)
                        return (next, try await MeterBackfillQueries.find(code, in: transaction))
                    }
                    if let progress { bar.show(progress.done, of: progress.total, "\(progress.done) events") }
                    if next == .none { break }
                    if next == .wait { try await Task.sleep(for: .milliseconds(100)) }
                }
                return try await session.administer { transaction in
                    let meter = try await MeterQueries.require(code, in: transaction)
                    return (meter, try await MeterBackfillQueries.find(code, in: transaction))
                }
            }
            Output(format: options.format).object(MetersCommand.json(meter, backfill))
        }
    }

    /// A meter with how far its computing has come.
    private static func json(_ meter: Meter, _ backfill: MeterBackfill?) -> JSONValue {
        var object = meter.json.object ?? JSONObject()
        object["computed"] = .bool(meter.isComputed)
        if let backfill { object["backfill"] = backfill.json }
        return .object(object)
    }
}
