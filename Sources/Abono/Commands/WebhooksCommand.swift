import ArgumentParser
import Postgres
import Tenants
import Values
import Webhooks

/// The command `abono webhooks`.
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Endpoints that are told of what happens, and what they were told.",
        discussion: """
              abono webhooks create https://example.com/hooks --tenant ten_01h455vb4pex5vsknk084sn02q \
            --events 'invoice.*'
              abono webhooks deliveries --endpoint whe_01h455vb4pex5vsknk084sn02q --status failed
            """,
        subcommands: [
            Create.self, List.self, Show.self, Change.self, Remove.self, Rotate.self, Test.self, Deliveries.self,
            Delivery.self, Redeliver.self, Replay.self, Events.self,
        ]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an endpoint and prints its secret, this once.",
            discussion: """
                Without --tenant it is the installation's own and told of what happens to all tenants.

                  abono webhooks create https://example.com/hooks --tenant ten_01h455vb4pex5vsknk084sn02q
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "Where events are sent; https, unless private networks are allowed.") var url: String
        @Option(help: "The tenant whose endpoint it is.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "What it is told of, as `events` lists it: invoice.paid,credit.* for instance; * is the default.")
        var events: String?
        @Option(help: "What people keep about it.") var description = ""

        func run() async throws {
            let made = try await Session.run(options) { session in
                let draft = try WebhookEndpointDraft(
                    url: try WebhookURL(url, reach: session.webhookReach),
                    events: try events.map(WebhooksCommand.filters) ?? [.all],
                    description: description
                )
                return try await session.act(forOwner: tenant) { transaction in
                    try await WebhookEndpointOperations.create(
                        draft,
                        for: tenant,
                        sealing: session.secretBox,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            WebhooksCommand.print(made.endpoint, made.secret, options)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists endpoints: a tenant's, or all.",
            discussion: "  abono webhooks list --tenant ten_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: WebhookEndpointID?

        func run() async throws {
            let endpoints = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    guard let tenant else {
                        return try await WebhookEndpointQueries.listAll(
                            limit: page.limit,
                            after: after,
                            in: transaction
                        )
                    }
                    return try await WebhookEndpointQueries.list(
                        of: tenant,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["id", "tenant", "url", "events", "status", "failing_since"],
                endpoints.map {
                    [
                        $0.id.text, $0.tenant?.text ?? "all", $0.url.text,
                        $0.events.map(\.text).joined(separator: " "),
                        $0.disabledReason.map { "disabled: \($0.rawValue)" } ?? $0.status.rawValue,
                        $0.failingSince?.text ?? "",
                    ]
                },
                json: .array(endpoints.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an endpoint.",
            discussion: "  abono webhooks show whe_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The endpoint's id.", transform: Parse.id) var id: WebhookEndpointID

        func run() async throws {
            let endpoint = try await Session.run(options) { session in try await session.webhookEndpoint(id) }
            Output(format: options.format).object(endpoint.json)
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Changes an endpoint.",
            discussion: """
                One that is disabled is told nothing, and what it was still to be told is given up; one that is enabled \
                is told of what happens from then on (`abono webhooks replay` sends what it missed).

                  abono webhooks set whe_01h455vb4pex5vsknk084sn02q --enabled true --events invoice.paid,credit.*
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The endpoint's id.", transform: Parse.id) var id: WebhookEndpointID
        @Option(help: "Where events are sent.") var url: String?
        @Option(help: "What it is told of, separated by commas.") var events: String?
        @Option(help: "What people keep about it.") var description: String?
        @Option(help: "Whether it is told anything: true or false.") var enabled: Bool?

        func validate() throws {
            guard url != nil || events != nil || description != nil || enabled != nil else {
                throw ValidationError("say what is to change: --url, --events, --description or --enabled")
            }
        }

        func run() async throws {
            let endpoint = try await Session.run(options) { session in
                let changes = try WebhookEndpointChanges(
                    url: try url.map { try WebhookURL($0, reach: session.webhookReach) },
                    events: try events.map(WebhooksCommand.filters),
                    description: description,
                    isEnabled: enabled
                )
                let known = try await session.webhookEndpoint(id)
                return try await session.act(forOwner: known.tenant) { transaction in
                    try await WebhookEndpointOperations.update(
                        id,
                        of: known.tenant,
                        changes,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(endpoint.json)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes an endpoint for good; its deliveries stay readable.",
            discussion: "  abono webhooks remove whe_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The endpoint's id.", transform: Parse.id) var id: WebhookEndpointID

        func run() async throws {
            let endpoint = try await Session.run(options) { session in
                let known = try await session.webhookEndpoint(id)
                try confirmation.require("Remove the endpoint \(known.url.text)? It cannot be taken back.")
                return try await session.act(forOwner: known.tenant) { transaction in
                    try await WebhookEndpointOperations.remove(
                        id,
                        of: known.tenant,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(endpoint.json)
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an endpoint a new secret and prints it, this once.",
            discussion: """
                The one before stays valid for a day or --overlap, and both sign meanwhile.

                  abono webhooks rotate whe_01h455vb4pex5vsknk084sn02q --overlap 3600
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The endpoint's id.", transform: Parse.id) var id: WebhookEndpointID
        @Option(help: "How many seconds the secret before stays valid.")
        var overlap = WebhookEndpointOperations.overlap

        func run() async throws {
            let rotated = try await Session.run(options) { session in
                let known = try await session.webhookEndpoint(id)
                return try await session.act(forOwner: known.tenant) { transaction in
                    try await WebhookEndpointOperations.rotate(
                        id,
                        of: known.tenant,
                        overlap: overlap,
                        sealing: session.secretBox,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            WebhooksCommand.print(rotated.endpoint, rotated.secret, options)
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a running server send an endpoint the event webhook_endpoint.tested.",
            discussion: "  abono webhooks test whe_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The endpoint's id.", transform: Parse.id) var id: WebhookEndpointID

        func run() async throws {
            let delivery = try await Session.run(options) { session in
                let known = try await session.webhookEndpoint(id)
                return try await session.act(forOwner: known.tenant) { transaction in
                    try await WebhookDeliveryOperations.test(
                        id,
                        of: known.tenant,
                        by: session.stamp,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(delivery.json)
        }
    }

    /// Filters from the command line.
    static func filters(_ text: String) throws -> [WebhookFilter] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let word = part.drop { $0 == " " }
            return try WebhookFilter(known: String(word).trimmedRight, at: "--events")
        }
    }

    fileprivate static func print(_ endpoint: WebhookEndpoint, _ secret: WebhookSecret?, _ options: GlobalOptions) {
        let json = secret.map { endpoint.json(secret: $0) } ?? endpoint.json
        Output(format: options.format).object(json)
        if secret != nil, options.format == .table {
            CommandFailure.say("Keep the secret: it is stored sealed and cannot be shown again.")
        }
    }
}

extension Session {
    /// An endpoint, whosever it is; it must be there.
    func webhookEndpoint(_ id: WebhookEndpointID) async throws -> WebhookEndpoint {
        let found = try await read { transaction in try await WebhookEndpointQueries.find(id, in: transaction) }
        guard let found else { throw WebhookError.endpointNotFound(id) }
        return found
    }

    /// Acts for a tenant, which must be there, or for the installation.
    func act<Value>(
        forOwner owner: TenantID?,
        _ body: (borrowing Transaction) async throws -> Value
    ) async throws -> Value {
        guard let owner else { return try await administer(body) }
        return try await act(for: owner) { _, transaction in try await body(transaction) }
    }
}
