import HTTPTypes
import HummingbirdTesting
import Postgres
import Subscriptions
import Testing
import Values

@testable import API

/// Pausing, resuming, taking back and explaining over HTTP.
@Suite struct SubscriptionLifecycleTests {
    private static let chat: JSONValue = ["model": "tiny", "messages": [["role": "user", "content": "Hello"]]]

    @Test func `a subscription is paused and resumed, and a preview of it changes nothing`() async throws {
        try await World.run { world, client in
            _ = try await world.invoice(of: world.acme)
            let secret = world.acme.secret
            let path = "/v1/subscriptions/\(world.acme.subscription)"
            let preview = try await client.send(.post, path + "/pause?preview=true", as: secret)
            #expect(preview.status == 200, "\(preview.text)")
            #expect(preview.json["subscription"]?["status"] == "paused")
            #expect(preview.json["invoices"]?[0]?["lines"]?[0]?["kind"] == "credit")
            #expect(try await client.send(.get, path, as: secret).json["status"] == "active")
            let paused = try await client.send(.post, path + "/pause", as: secret)
            #expect(paused.status == 200, "\(paused.text)")
            #expect(paused.json["paused_at"]?.string == World.now.text)
            let again = try await client.send(.post, path + "/pause", as: secret)
            #expect(again.status == 409, "\(again.text)")
            let refused = try await client.send(.post, "/v1/chat/completions", as: secret, body: Self.chat)
            #expect(refused.status == 403)
            #expect(refused.json["error"]?["code"] == "subscription_paused", "\(refused.text)")
            #expect(try await client.send(.get, "/v1/entitlements", as: secret).json["data"] == [])
            let timeline = try await client.send(.get, path + "/timeline", as: secret)
            #expect(timeline.json["state"]?["status"] == "paused", "\(timeline.text)")
            let resumption = try await client.send(.post, path + "/resume?preview=true", as: secret)
            #expect(resumption.json["invoices"]?[0]?["reason"] == "change", "\(resumption.text)")
            let resumed = try await client.send(.post, path + "/resume", as: secret)
            #expect(resumed.json["status"] == "active", "\(resumed.text)")
            #expect(resumed.json["anchor"]?.string == World.now.text)
            let served = try await client.send(.post, "/v1/chat/completions", as: secret, body: Self.chat)
            #expect(served.status == 200, "\(served.text)")
        }
    }

    @Test func `a cancellation is taken back while it waits, and not once it is over`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let path = "/v1/subscriptions/\(world.acme.subscription)"
            let early = try await client.send(.post, path + "/reactivate", as: secret)
            #expect(early.status == 409, "\(early.text)")
            _ = try await client.send(.post, path + "/cancel", as: secret)
            let preview = try await client.send(.post, path + "/reactivate?preview=true", as: secret)
            #expect(preview.json["invoices"]?.array?.last?["reason"] == "renewal", "\(preview.text)")
            let back = try await client.send(.post, path + "/reactivate", as: secret)
            #expect(back.status == 200, "\(back.text)")
            #expect(back.json["cancels_at"] == .null)
            _ = try await client.send(.post, path + "/cancel", as: secret, body: ["when": "immediately"])
            let over = try await client.send(.post, path + "/reactivate", as: secret)
            #expect(over.status == 409)
            #expect(over.json["detail"]?.string?.contains("new subscription") == true, "\(over.text)")
        }
    }

    @Test func `scheduled changes are withdrawn, one or all`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let path = "/v1/subscriptions/\(world.acme.subscription)"
            _ = try await client.send(
                .post,
                path + "/changes",
                as: secret,
                body: ["plan": "bigger", "when": "period_end"]
            )
            _ = try await client.send(.post, path + "/pause", as: secret, body: ["when": "period_end"])
            let scheduled = try await client.send(.get, path + "/scheduled-changes", as: secret)
            #expect(scheduled.json["data"]?.array?.map { $0["kind"]?.string } == ["plan", "pause"])
            let ends = try await client.send(.get, path, as: secret).json["current_period"]?["end"]?.string
            for (place, plan) in [(0, "bigger"), (1, nil)] {
                #expect(scheduled.json["data"]?[place]?["plan"]?.string == plan, "\(scheduled.text)")
                #expect(scheduled.json["data"]?[place]?["takes_effect_at"]?.string == ends && ends != nil)
            }
            let change = try #require(scheduled.json["data"]?[0]?["id"]?.string)
            let one = try await client.send(.delete, path + "/scheduled-changes?change=\(change)", as: secret)
            #expect(one.status == 200, "\(one.text)")
            #expect(one.json["scheduled_changes"]?.array?.count == 1)
            let gone = try await client.send(.delete, path + "/scheduled-changes?change=\(change)", as: secret)
            #expect(gone.status == 404, "\(gone.text)")
            let bad = try await client.send(.delete, path + "/scheduled-changes?change=7", as: secret)
            #expect(bad.status == 400)
            let all = try await client.send(.delete, path + "/scheduled-changes", as: secret)
            #expect(all.json["scheduled_changes"] == [], "\(all.text)")
            let none = try await client.send(.delete, path + "/scheduled-changes", as: secret)
            #expect(none.status == 200)
        }
    }

    @Test func `a suspended subscription's inference and allowances are not had`() async throws {
        try await World.run { world, client in
            for (standing, status) in [(SubscriptionStanding.suspended, 402), (.pastDue, 200), (.current, 200)] {
                try await world.database.transaction(as: .tenant(world.acme.tenant)) { transaction in
                    _ = try await SubscriptionOperations.setStanding(
                        standing,
                        of: world.acme.subscription,
                        tenant: world.acme.tenant,
                        by: World.stamp,
                        in: transaction
                    )
                }
                let answer = try await client.send(
                    .post,
                    "/v1/chat/completions",
                    as: world.acme.secret,
                    body: Self.chat
                )
                #expect(answer.status == status, "\(answer.text)")
                if status == 402 { #expect(answer.json["error"]?["code"] == "subscription_suspended") }
                let had = try await client.send(.get, "/v1/entitlements", as: world.acme.secret).json["data"]
                #expect((had == []) == (status == 402))
            }
        }
    }

    @Test func `usage that events name belongs to the subscription they name`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let refused = try await client.send(.post, "/v1/subscriptions", as: secret, body: ["plan": "basic"])
            #expect(refused.status == 409)
            #expect(refused.json["detail"]?.string?.contains(world.acme.subscription.text) == true, "\(refused.text)")
            let made = try await client.send(
                .post,
                "/v1/subscriptions",
                as: secret,
                body: ["plan": "basic", "usage": "named"]
            )
            #expect(made.status == 201, "\(made.text)")
            let id = try #require(made.json["id"]?.string)
            let sent = try await client.send(
                .post,
                "/v1/events",
                as: secret,
                body: [
                    "id": "n1", "meter": "tokens.output", "at": .string(World.now.text), "value": "100",
                    "subscription": .string(id),
                ]
            )
            #expect(sent.json["events"]?[0]?["outcome"] == "accepted", "\(sent.text)")
            let upcoming = try await client.send(.get, "/v1/invoices/upcoming?subscription=\(id)", as: secret)
            #expect(upcoming.text.contains("\"quantity\":\"100\""), "\(upcoming.text)")
            let other = try await client.send(
                .get,
                "/v1/invoices/upcoming?subscription=\(world.acme.subscription)",
                as: secret
            )
            #expect(!other.text.contains("\"quantity\":\"100\""), "\(other.text)")
        }
    }
}
