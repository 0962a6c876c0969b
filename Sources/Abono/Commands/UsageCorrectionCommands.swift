import ArgumentParser
import Metering
import Postgres
import Subscriptions
import Tenants
import Values

extension UsageCommand {
    struct TakeBack: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "void",
            abstract: "Takes an event back: it stays, and counts no more.",
            discussion: "  abono usage void order-4711 --tenant ten_01h455vb4pex5vsknk084sn02q --reason test --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The event's id.") var event: String
        @Option(help: "The tenant whose event it is.", transform: Parse.id) var tenant: TenantID
        @Option(help: "Why, in at most 500 characters.") var reason = ""

        func run() async throws {
            let stored = try await Session.run(options) { session in
                _ = try await session.tenant(tenant)
                try confirmation.require("Take the event \(event) of \(tenant) back?")
                return try await session.act(for: tenant) { _, transaction in
                    try await MeteringOperations.void(
                        event,
                        of: tenant,
                        reason: reason,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(stored.json)
        }
    }

    struct Amend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Amends an event: what it said stays in its history, what it says now counts.",
            discussion: """
                What is not named stays as it is. Periods that were billed are corrected on the next invoice.

                  abono usage amend order-4711 --tenant ten_01h455vb4pex5vsknk084sn02q --value 12.5 --reason typo --yes
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The event's id.") var event: String
        @Option(help: "The tenant whose event it is.", transform: Parse.id) var tenant: TenantID
        @Option(help: "How much.") var value: String?
        @Option(help: "When it happened: an instant, or a date for its midnight in the tenant's zone.") var at: String?
        @Option(help: "All of its properties, as a JSON object.") var properties: String?
        @Option(help: "The tenant's own end user.") var subject: String?
        @Option(help: "The subscription it is for.") var subscription: String?
        @Option(help: "Why, in at most 500 characters.") var reason: String?

        func run() async throws {
            var object: JSONObject = [:]
            for (name, text) in [
                ("value", value), ("at", at), ("subject", subject), ("subscription", subscription), ("reason", reason),
            ] {
                if let text { object[name] = .string(text) }
            }
            if let properties {
                guard let json = try? JSONValue(parsing: properties) else {
                    throw ValidationError("--properties: a JSON object like '{\"model\": \"small\"}' is expected")
                }
                object["properties"] = json
            }
            let json = JSONValue.object(object)
            let stored = try await Session.run(options) { session in
                let zone = try await session.tenant(tenant).timeZone
                let amendment = try UsageAmendment(json: json, in: zone)
                try confirmation.require("Amend the event \(event) of \(tenant)?")
                return try await session.act(for: tenant) { _, transaction in
                    try await SubscriptionUsageOperations.amend(
                        event,
                        of: tenant,
                        with: amendment,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(stored.json)
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stores the events that were kept because their meter was not there, if it is by now.",
            discussion: """
                A server does so by itself; this does it at once. Says how many still wait, and for which meters.

                  abono usage replay --meter tokens
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "Only events of this meter.") var meter: String?

        func run() async throws {
            let (replay, waiting) = try await Session.run(options) { session in
                var replay = UsageKeptOperations.Replay()
                var bar = ProgressBar()
                defer { bar.clear() }
                repeat {
                    replay.add(
                        try await session.database.transaction(as: .system) { transaction in
                            try await UsageKeptOperations.replay(meter: meter, by: session.stamp, in: transaction)
                        }
                    )
                    bar.show(replay.total, of: nil, "\(replay.total) events")
                } while replay.hasMore
                let waiting = try await session.read { transaction in
                    try await UsageKeptOperations.waiting(meter: meter, in: transaction)
                }
                return (replay, waiting)
            }
            var object: JSONObject = ["events": .int(replay.total)]
            for kind in IngestOutcome.Kind.allCases { object[kind.rawValue] = .int(replay.counts[kind] ?? 0) }
            object["waiting"] = .array(
                waiting.map { ["meter": .string($0.meter), "events": .int($0.events), "tenants": .int($0.tenants)] }
            )
            Output(format: options.format).object(.object(object))
        }
    }
}
