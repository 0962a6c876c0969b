import Jobs
import Logging
import Postgres
import Synchronization
import Tenants
import TestSupport
import Values

@testable import Webhooks

/// A database with a tenant, and services that send its events.
struct WebhookWorld: Sendable {
    let database: Database
    let tenant: TenantID
    let time: ManualTime
    let logger: Logger

    static let box = Result { try SecretBox(key: String(repeating: "k", count: 40)) }

    static func run(_ body: @escaping @Sendable (WebhookWorld) async throws -> Void) async throws {
        try await withDatabase(connections: 8) { database in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let tenant = try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.create(
                    try TenantDraft(name: "Acme"),
                    by: Stamp(now: testNow, author: .command),
                    in: transaction
                ).id
            }
            try await body(
                WebhookWorld(database: database, tenant: tenant, time: ManualTime(testNow), logger: logger)
            )
        }
    }

    var stamp: Stamp { Stamp(now: time.now(), author: .command) }

    /// Runs a node that sends, while something happens.
    func sending(
        _ configuration: WebhookConfiguration = WebhookWorld.quick,
        resolve: @escaping WebhookSender.Resolve = { _ in throw HostResolver.Failure("no names in tests") },
        connecting: @escaping WebhookSender.Connecting = { _ in },
        _ body: @escaping @Sendable (WebhookService) async throws -> Void
    ) async throws {
        let keeper = NodeKeeper(url: database.url, name: "node", time: time, logger: logger)
        try await keeper.register()
        let service = WebhookService(
            database: database,
            keeper: keeper,
            time: time,
            box: try Self.box.get(),
            configuration: configuration,
            resolve: resolve,
            connecting: connecting,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keeper.run() }
            group.addTask { await service.run() }
            do { try await body(service) } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
    }

    static let quick = WebhookConfiguration(reach: .anywhere, pause: .milliseconds(20))

    @discardableResult
    func endpoint(
        _ url: String,
        events: [String] = ["thing.*"]
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            let made = try await WebhookEndpointOperations.create(
                try WebhookEndpointDraft(
                    url: try WebhookURL(url, reach: .anywhere),
                    events: try events.map { try WebhookFilter($0, at: "events") }
                ),
                for: tenant,
                sealing: try Self.box.get(),
                by: stamp,
                in: transaction
            )
            guard let secret = made.secret else { throw Problem(.internal, "no secret") }
            return (made.endpoint, secret)
        }
    }

    func act(_ verb: String, _ object: String, details: JSONValue = [:]) async throws {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await Activity.record(
                verb,
                object: object,
                tenant: tenant,
                details: details,
                by: stamp,
                in: transaction
            )
        }
    }

    func deliveries(_ selection: WebhookDeliveryQueries.Selection = .init()) async throws -> [WebhookDelivery] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await WebhookDeliveryQueries.list(of: tenant, selection, limit: 1000, in: transaction)
        }
    }

    func attempts(of delivery: WebhookDelivery) async throws -> [WebhookAttempt] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await WebhookDeliveryQueries.attempts(of: delivery, in: transaction)
        }
    }

    func endpoint(_ id: WebhookEndpointID) async throws -> WebhookEndpoint? {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await WebhookEndpointQueries.find(id, of: tenant, in: transaction)
        }
    }

    /// Waits until deliveries are as a test wants them; returns them, wanted or not.
    func deliveries(
        until isReached: ([WebhookDelivery]) -> Bool,
        seconds: Int = 60
    ) async throws -> [WebhookDelivery] {
        for _ in 0..<(seconds * 50) {
            let found = try await deliveries()
            if isReached(found) { return found }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await deliveries()
    }
}
