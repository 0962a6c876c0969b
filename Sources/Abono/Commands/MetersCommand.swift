import ArgumentParser
import Metering
import Values

/// The command `abono meters`.
struct MetersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meters",
        abstract: "What usage is counted on.",
        discussion: "  abono meters put tokens.json",
        subcommands: [Put.self, List.self, Show.self]
    )

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a meter into the catalogue; the same definition again is no work.",
            discussion: """
                FILE is a meter as JSON, or an array of them; - is standard input.

                  echo '{"code": "tokens", "aggregation": "sum"}' | abono meters put -
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String

        func run() async throws {
            let json = try InputFile.json(file)
            let meters =
                try json.array?.enumerated().map { try Meter(json: $1, path: "[\($0)]") } ?? [Meter(json: json)]
            let made = try await Session.run(options) { session in
                try await session.administer { transaction in
                    var made: [Bool] = []
                    for meter in meters {
                        made.append(try await MeterOperations.put(meter, by: session.stamp, in: transaction))
                    }
                    return made
                }
            }
            let results = zip(meters, made).map { meter, isNew -> JSONValue in
                var object = meter.json.object ?? JSONObject()
                object["created"] = .bool(isNew)
                return .object(object)
            }
            let output = Output(format: options.format)
            guard json.array != nil else { return output.object(results.first ?? [:]) }
            output.list(
                ["code", "aggregation", "created"],
                zip(meters, made).map { [$0.code, $0.aggregation.rawValue, $1 ? "yes" : "no"] },
                json: .array(results)
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
            abstract: "Shows a meter.",
            discussion: "  abono meters show tokens"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The meter's code.") var code: String

        func run() async throws {
            let meter = try await Session.run(options) { session in
                try await session.administer { transaction in
                    try await MeterQueries.require(code, in: transaction)
                }
            }
            Output(format: options.format).object(meter.json)
        }
    }
}
