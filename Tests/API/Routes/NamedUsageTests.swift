import HTTPTypes
import HummingbirdTesting
import Testing
import Values

@testable import API

/// Events that say of which subscription they are.
@Suite struct NamedUsageTests {
    private static func event(_ id: String, of subscription: SubscriptionID?) -> JSONValue {
        var event: JSONObject = ["id": .string(id), "meter": "calls", "at": "2026-03-01T10:00:00Z"]
        if let subscription { event["subscription"] = .string(subscription.text) }
        return .object(event)
    }

    @Test func `one that names a subscription that the tenant does not have is rejected by that field`() async throws {
        try await World.run { world, client in
            let strange = [SubscriptionID.make(at: World.now), world.globex.subscription]
            let events: JSONValue = [
                Self.event("1", of: world.acme.subscription), Self.event("2", of: strange[0]),
                Self.event("3", of: nil), Self.event("4", of: strange[1]), Self.event("5", of: strange[0]),
                Self.event("6", of: world.acme.subscription), ["id": "7"],
            ]
            let expected = ["accepted", "rejected", "accepted", "rejected", "rejected", "accepted", "rejected"]
            // Together with other requests, and by itself under a key.
            for headers in [[:], ["Idempotency-Key": "one"]] {
                let answer = try await client.send(
                    .post,
                    "/v1/events",
                    as: world.acme.secret,
                    body: events,
                    headers: headers
                )
                let outcomes = answer.json["events"]?.array ?? []
                let kinds = outcomes.compactMap { $0["outcome"]?.string }
                #expect(kinds == (headers.isEmpty ? expected : expected.map { $0 == "accepted" ? "duplicate" : $0 }))
                #expect(outcomes.map { $0["id"]?.string } == (1...7).map { "\($0)" })
                for place in [1, 3, 4] {
                    #expect(outcomes[place]["errors"]?[0]?["field"] == "subscription", "\(answer.text)")
                }
                #expect(outcomes[1]["errors"]?[0]?["message"]?.string?.contains(strange[0].text) == true)
            }
            let path = "/v1/events/1/amend"
            let gone = try await client.send(
                .post,
                path,
                as: world.acme.secret,
                body: ["subscription": .string(strange[1].text)]
            )
            #expect(gone.status == 400 && gone.json["errors"]?[0]?["field"] == "subscription", "\(gone.text)")
            let stored = try await client.send(.get, "/v1/events/1", as: world.acme.secret)
            #expect(stored.json["subscription"]?.string == world.acme.subscription.text, "\(stored.text)")
            let amended = try await client.send(.post, path, as: world.acme.secret, body: ["value": "3"])
            #expect(amended.status == 200, "\(amended.text)")
        }
    }
}
