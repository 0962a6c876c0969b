import Billing
import HTTPTypes
import HummingbirdTesting
import Jobs
import Testing
import Values

@testable import API

/// Test clocks over HTTP.
@Suite struct ClocksRoutesTests {
    @Test func `a tenant in test mode lives by its clock, and is billed as that is moved`() async throws {
        try await World.run { world, client in
            let made = try await client.send(
                .post,
                "/v1/test-clocks",
                as: world.secret(.admin),
                body: ["name": "Renewals", "at": "2027-01-05T00:00:00Z"]
            )
            #expect(made.status == 201 && made.json["status"] == "ready", "\(made.text)")
            let clock = try #require(made.json["id"]?.string)
            let tenant = try await client.send(
                .post,
                "/v1/tenants",
                as: world.secret(.admin),
                body: ["name": "Test Inc.", "currency": "USD", "test_clock": .string(clock)]
            )
            #expect(tenant.status == 201 && tenant.json["test_clock"]?.string == clock, "\(tenant.text)")
            let id = try #require(tenant.json["id"]?.string)
            let key = try await client.send(
                .post,
                "/v1/tenants/\(id)/keys",
                as: world.secret(.admin),
                body: ["name": "all"]
            )
            let secret = try #require(key.json["secret"]?.string, "\(key.text)")
            let subscription = try await client.send(
                .post,
                "/v1/subscriptions",
                as: secret,
                body: ["plan": "basic"]
            )
            #expect(subscription.json["starts_at"] == "2027-01-05T00:00:00Z", "\(subscription.text)")
            let moving = try await client.send(
                .post,
                "/v1/test-clocks/\(clock)/advance",
                as: world.secret(.admin),
                body: ["to": "2027-02-10T00:00:00Z"]
            )
            #expect(moving.status == 202 && moving.json["status"] == "advancing", "\(moving.text)")
            // What a running server's worker does.
            try await ClockRun.advance(
                #require(ClockID(clock)),
                database: world.services.database,
                time: world.time
            )
            let shown = try await client.send(.get, "/v1/test-clocks/\(clock)", as: world.secret(.admin))
            #expect(shown.json["status"] == "ready" && shown.json["at"] == "2027-02-10T00:00:00Z", "\(shown.text)")
            let invoices = try await client.send(.get, "/v1/invoices", as: secret)
            #expect(invoices.json["data"]?.array?.count == 2, "\(invoices.text)")
        }
    }

    @Test func `a clock is staff's, and refuses to go back`() async throws {
        try await World.run { world, client in
            let refused = try await client.send(.get, "/v1/test-clocks", as: world.acme.secret)
            #expect(refused.status == 403)
            let made = try await client.send(
                .post,
                "/v1/test-clocks",
                as: world.secret(.admin),
                body: ["name": "Renewals", "at": "2027-01-05T00:00:00Z"]
            )
            let clock = try #require(made.json["id"]?.string)
            let back = try await client.send(
                .post,
                "/v1/test-clocks/\(clock)/advance",
                as: world.secret(.admin),
                body: ["to": "2027-01-04T00:00:00Z"]
            )
            #expect(back.status == 400 && back.json["errors"]?[0]?["field"] == "to", "\(back.text)")
            let far = try await client.send(
                .post,
                "/v1/test-clocks/\(clock)/advance",
                as: world.secret(.admin),
                body: ["to": "2037-01-04T00:00:00Z"]
            )
            #expect(far.status == 400, "\(far.text)")
        }
    }
}
