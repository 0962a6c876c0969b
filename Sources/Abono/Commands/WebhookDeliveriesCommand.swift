import ArgumentParser
import Jobs
import Tenants
import Values
import Webhooks

extension WebhooksCommand {
    struct Deliveries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what endpoints were told or are to be told, the newest events first.",
            discussion: """
                Of an endpoint, of a tenant's endpoints, or without either of the installation's own.

                  abono webhooks deliveries --endpoint whe_01h455vb4pex5vsknk084sn02q --status failed
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only those of this tenant's endpoints.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Only those of this endpoint.", transform: Parse.id) var endpoint: WebhookEndpointID?
        @Option(help: "Only those so far: waiting, pending, sending, delivered or failed.", transform: Parse.word)
        var status: WebhookDeliveryStatus?
        @Option(help: "Only those of this event, like invoice.paid.") var type: String?
        @Option(help: "Only those about this id.") var object: String?
        @Option(help: "The last id of the page before.", transform: Parse.id) var before: WebhookDeliveryID?

        func run() async throws {
            let selection = WebhookDeliveryQueries.Selection(
                endpoint: endpoint,
                status: status,
                type: type,
                object: object
            )
            let found = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                let known: WebhookEndpoint? =
                    if let endpoint { try await session.webhookEndpoint(endpoint) } else { nil }
                let owner = known.map(\.tenant) ?? tenant
                return try await session.read { transaction in
                    try await WebhookDeliveryQueries.list(
                        of: owner,
                        selection,
                        limit: page.limit,
                        before: before,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["id", "type", "object", "status", "attempts", "response", "ms", "next_attempt_at", "error"],
                found.map {
                    [
                        $0.id.text, $0.type, $0.object, $0.status.rawValue, "\($0.attempts)",
                        $0.responseStatus.map { "\($0)" } ?? "", $0.durationMilliseconds.map { "\($0)" } ?? "",
                        $0.status == .pending ? $0.nextAt.text : "", $0.error ?? "",
                    ]
                },
                json: .array(found.map(\.json))
            )
        }
    }

    struct Delivery: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the log of a delivery: every attempt, and what was answered.",
            discussion: "  abono webhooks delivery whd_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The delivery's id.", transform: Parse.id) var id: WebhookDeliveryID

        func run() async throws {
            let found = try await Session.run(options) { session in
                try await session.read { transaction in
                    guard let delivery = try await WebhookDeliveryQueries.find(id, in: transaction) else {
                        throw WebhookError.deliveryNotFound(id)
                    }
                    let log = try await WebhookDeliveryQueries.attempts(of: delivery, in: transaction)
                    return (delivery: delivery, log: log)
                }
            }
            var json = found.delivery.json.object ?? JSONObject()
            json["log"] = .array(found.log.map(\.json))
            Output(format: options.format).list(
                ["attempt", "at", "ms", "address", "response", "error", "body"],
                found.log.map {
                    [
                        "\($0.number)", $0.at.text, "\($0.durationMilliseconds)", $0.address ?? "",
                        $0.responseStatus.map { "\($0)" } ?? "", $0.error ?? "", Self.short($0.responseBody ?? ""),
                    ]
                },
                json: .object(json)
            )
        }

        /// A line of a table has no room for all of it; JSON has.
        private static func short(_ text: String) -> String {
            let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            return line.count <= 60 ? line : line.prefix(57) + "…"
        }
    }

    struct Redeliver: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a delivery that has ended sent again, with the same webhook-id and body.",
            discussion: "  abono webhooks redeliver whd_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The delivery's id.", transform: Parse.id) var id: WebhookDeliveryID

        func run() async throws {
            let delivery = try await Session.run(options) { session in
                let known = try await session.read { transaction in
                    try await WebhookDeliveryQueries.find(id, in: transaction)
                }
                guard let known else { throw WebhookError.deliveryNotFound(id) }
                return try await session.act(forOwner: known.owner) { transaction in
                    try await WebhookDeliveryOperations.redeliver(
                        id,
                        of: known.owner,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(delivery.json)
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has what was recorded in a stretch of time sent to an endpoint, sent before or not.",
            discussion: """
                What the endpoint's filters leave out is left out. A running server sends it, an object's events in \
                their order.

                  abono webhooks replay --endpoint whe_01h455vb4pex5vsknk084sn02q --from 2026-03-01 --to 2026-03-02
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The endpoint.", transform: Parse.id) var endpoint: WebhookEndpointID
        @Option(help: "What was recorded from here on.", transform: Parse.instant) var from: Instant
        @Option(help: "Up to here, exclusive.", transform: Parse.instant) var to: Instant
        @Flag(help: "Leaves out what was delivered.") var undeliveredOnly = false

        func run() async throws {
            let count = try await Session.run(options) { session in
                let known = try await session.webhookEndpoint(endpoint)
                var total = 0
                var after: ActivityID?
                repeat {
                    let replay = try await session.act(forOwner: known.tenant) { transaction in
                        try await WebhookDeliveryOperations.replay(
                            to: endpoint,
                            of: known.tenant,
                            from: from,
                            until: to,
                            undeliveredOnly: undeliveredOnly,
                            after: after,
                            by: session.stamp,
                            in: transaction
                        )
                    }
                    total += replay.count
                    after = replay.next
                } while after != nil
                return total
            }
            Output(format: options.format).object(["endpoint": endpoint.json, "events": .int(count)])
        }
    }
}
