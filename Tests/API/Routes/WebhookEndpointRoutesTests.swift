import HTTPTypes
import HummingbirdTesting
import Testing
import Values

@testable import API

/// Endpoints over HTTP: what they can be told of.
@Suite struct WebhookEndpointRoutesTests {
    @Test func `an endpoint is told of events that there are, and of no others`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            func body(_ events: JSONValue) -> JSONValue { ["url": "https://hooks.example.com/", "events": events] }
            let bad = try await client.send(
                .post,
                "/v1/webhook-endpoints",
                as: secret,
                body: body(["invoice.paid", "bogus.*"])
            )
            #expect(bad.status == 400 && bad.fields == ["events[1]"], "\(bad.text)")
            let detail = try #require(bad.json["detail"]?.string)
            #expect(detail.contains("\"bogus.*\"") && detail.contains("subscription.*"), "\(detail)")
            let made = try await client.send(
                .post,
                "/v1/webhook-endpoints",
                as: secret,
                body: body(["invoice.paid", "credit.*"])
            )
            #expect(made.status == 201, "\(made.text)")
            let path = "/v1/webhook-endpoints/\(made.json["id"]?.string ?? "")"
            let worse = try await client.send(.patch, path, as: secret, body: ["events": ["invoice.payed"]])
            #expect(worse.status == 400 && worse.fields == ["events[0]"], "\(worse.text)")
            #expect(worse.json["detail"]?.string?.contains("invoice.paid") == true, "\(worse.text)")
            let kept = try await client.send(.get, path, as: secret)
            #expect(kept.json["events"] == ["invoice.paid", "credit.*"])
        }
    }
}
