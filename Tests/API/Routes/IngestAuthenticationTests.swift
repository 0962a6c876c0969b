import HTTPTypes
import HummingbirdTesting
import Postgres
import Tenants
import Testing
import Values

@testable import API

/// Who may send events, when many requests are authenticated together.
@Suite struct IngestAuthenticationTests {
    private static func event(_ id: String) -> JSONValue {
        ["id": .string(id), "meter": "calls", "at": "2026-03-01T10:00:00Z", "value": "1"]
    }

    @Test func `requests at once are each refused or stored by their own key`() async throws {
        try await World.run { world, client in
            let reading = try await world.key(of: world.acme, scopes: [.usageRead])
            let unknown = "abk_" + String(repeating: "x", count: 43)
            let secrets = [world.acme.secret, world.globex.secret, reading, unknown, "nonsense", world.secret(.admin)]
            let answers = try await atOnce(60) { number in
                try await client.send(.post, "/v1/events", as: secrets[number % 6], body: Self.event("a\(number)"))
            }
            for (number, answer) in answers.enumerated() {
                // Staff who name no tenant are told to.
                #expect(answer.status == [200, 200, 403, 401, 401, 400][number % 6], "\(number): \(answer.text)")
            }
            for (customer, count) in [(world.acme, "12"), (world.globex, "12")] {
                let usage = try await client.send(
                    .get,
                    "/v1/usage?meter=calls&from=2026-03-01&to=2026-03-02",
                    as: customer.secret
                )
                #expect(usage.json["data"]?[0]?["quantity"]?.string == count)
            }
        }
    }

    @Test func `a revoked key is refused with the next request`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let first = try await client.send(.post, "/v1/events", as: secret, body: Self.event("1"))
            #expect(first.status == 200)
            try await world.database.transaction(as: .tenant(world.acme.tenant)) { transaction in
                _ = try await KeyOperations.revoke(
                    world.acme.key,
                    of: world.acme.tenant,
                    by: World.stamp,
                    in: transaction
                )
            }
            let second = try await client.send(.post, "/v1/events", as: secret, body: Self.event("2"))
            #expect(second.status == 401)
        }
    }

    @Test func `staff store for the tenant that they name`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/events",
                as: world.secret(.admin),
                for: world.globex.tenant,
                body: Self.event("1")
            )
            #expect(answer.status == 200)
            #expect(answer.json["events"]?[0]?["outcome"] == "accepted")
        }
    }
}
