import Jobs
import Postgres
import Tenants
import TestSupport
import Values

@testable import Webhooks

/// What tests of endpoints and deliveries begin with.
enum WebhookFixture {
    static let stamp = Stamp(now: testNow, author: .command)

    static func box() throws -> SecretBox { try SecretBox(key: String(repeating: "k", count: 40)) }

    static func tenant(_ name: String = "Acme", in database: Database) async throws -> TenantID {
        try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(try TenantDraft(name: name), by: stamp, in: transaction).id
        }
    }

    /// The scope in which an owner's endpoints are changed.
    static func scope(_ owner: TenantID?) -> Scope { owner.map { .tenant($0) } ?? .admin }

    @discardableResult
    static func endpoint(
        _ events: [String] = ["*"],
        for owner: TenantID?,
        url: String = "https://example.com/hooks",
        in database: Database
    ) async throws -> WebhookEndpoint {
        try await database.transaction(as: scope(owner)) { transaction in
            try await WebhookEndpointOperations.create(
                try WebhookEndpointDraft(
                    url: try WebhookURL(url, reach: .anywhere),
                    events: try events.map { try WebhookFilter($0, at: "events") }
                ),
                for: owner,
                sealing: try box(),
                by: stamp,
                in: transaction
            ).endpoint
        }
    }

    static func act(
        _ verb: String,
        _ object: String,
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(verb, object: object, tenant: tenant, details: [:], by: stamp, in: transaction)
    }

    static func act(_ verb: String, _ object: String, of tenant: TenantID?, in database: Database) async throws {
        try await database.transaction(as: .system) { transaction in
            try await act(verb, object, of: tenant, in: transaction)
        }
    }

    /// Reads the outbox to its end, as far as other transactions of the cluster let it.
    static func dispatch(limit: Int = 1000, in database: Database) async throws {
        while try await database.transaction(
            as: .system,
            { transaction in
                try await WebhookOutboxOperations.dispatch(limit: limit, now: testNow, in: transaction)
            }
        ) {}
    }

    /// An owner's deliveries in the order of what they tell.
    static func deliveries(of owner: TenantID?, in database: Database) async throws -> [WebhookDelivery] {
        try await database.transaction(as: .system) { transaction in
            try await transaction.query(
                """
                SELECT \(fragment: WebhookDeliveryQueries.columns) FROM app.webhook_deliveries
                WHERE tenant_id = \(WebhookEndpointQueries.key(owner)) ORDER BY ordinal, endpoint_id
                """,
                WebhookDeliveryQueries.delivery
            )
        }
    }

    /// Dispatches until so many deliveries of an owner are there: other tests' transactions hold the horizon back.
    static func dispatched(_ count: Int, of owner: TenantID?, in database: Database) async throws -> [WebhookDelivery] {
        for _ in 0..<600 {
            try await dispatch(in: database)
            let found = try await deliveries(of: owner, in: database)
            if found.count >= count { return found }
            try await Task.sleep(for: .milliseconds(50))
        }
        return try await deliveries(of: owner, in: database)
    }
}
