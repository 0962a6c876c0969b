import HTTPTypes
import HummingbirdTesting
import Jobs
import Plans
import Postgres
import Testing
import Values

@testable import API

/// What a tenant's own key may not have, and staff may give.
@Suite struct CustomerLimitsTests {
    private func publish(_ world: World) async throws {
        let trial: JSONValue = [
            "code": "tried", "currency": "USD", "interval": ["unit": "month"], "trial_days": 14,
            "prices": [["code": "base", "model": "flat", "amount": "9.00"]],
        ]
        try await world.database.transaction(as: .admin) { transaction in
            for version in 1...2 {
                var plan = trial.object ?? JSONObject()
                plan["name"] = .string("Tried \(version)")
                try await PlanOperations.publish(
                    try PlanDraft(json: .object(plan)),
                    by: World.stamp,
                    in: transaction
                )
            }
            for (code, isVisible) in [("hidden", false), ("shown", true)] {
                let addOn = try AddOnDraft(json: [
                    "code": .string(code), "currency": "USD", "interval": ["unit": "month"],
                    "prices": [["model": "flat", "amount": "5.00"]], "visible": .bool(isVisible),
                ])
                try await AddOnOperations.publish(addOn, by: World.stamp, in: transaction)
            }
        }
    }

    private func field(_ answer: Answer) -> String? { answer.json["errors"]?[0]?["field"]?.string }

    @Test func `a hidden add-on is not known to customers, until staff has given it`() async throws {
        try await World.run { world, client in
            try await publish(world)
            let (secret, tenant) = (world.acme.secret, world.acme.tenant)
            let path = "/v1/subscriptions/\(world.acme.subscription)"
            func change(
                _ code: String,
                _ count: String,
                as secret: String,
                for tenant: TenantID? = nil
            ) async throws
                -> Answer
            {
                try await client.send(
                    .post,
                    path + "/changes",
                    as: secret,
                    for: tenant,
                    body: ["add_ons": [code: .string(count)], "when": "immediately"]
                )
            }
            let hidden = try await change("hidden", "1", as: secret)
            let missing = try await change("nobody", "1", as: secret)
            #expect(hidden.status == 400 && field(hidden) == "add_ons.hidden", "\(hidden.text)")
            let words = missing.json["detail"]?.string?.replacing("nobody", with: "hidden")
            #expect(hidden.json["detail"]?.string == words && words?.isEmpty == false)
            let made = try await client.send(
                .post,
                "/v1/subscriptions",
                as: secret,
                body: ["plan": "bigger", "add_ons": ["hidden": "1"]]
            )
            #expect(made.status == 400 && field(made) == "add_ons.hidden", "\(made.text)")
            #expect(try await change("shown", "1", as: secret).status == 200)
            #expect(try await change("hidden", "1", as: world.secret(.admin), for: tenant).status == 200)
            let more = try await change("hidden", "2", as: secret)
            #expect(more.status == 200 && more.json["add_ons"]?["hidden"] == "2", "\(more.text)")
            #expect(try await change("hidden", "0", as: secret).status == 200)
            #expect(field(try await change("hidden", "1", as: secret)) == "add_ons.hidden")
        }
    }

    @Test func `a customer has a plan's trial once, then begins without, and staff may give another`() async throws {
        try await World.run { world, client in
            try await publish(world)
            let secret = world.acme.secret
            func subscribe(
                _ more: JSONObject = [:],
                as secret: String,
                for tenant: TenantID? = nil
            ) async throws
                -> Answer
            {
                try await client.send(
                    .post,
                    "/v1/subscriptions",
                    as: secret,
                    for: tenant,
                    body: .object((["plan": "tried"] as JSONObject).merging(more))
                )
            }
            let first = try await subscribe(as: secret)
            #expect(first.json["status"] == "trialing", "\(first.text)")
            let id = first.json["id"]?.string ?? ""
            world.time.set(World.now.adding(seconds: 3_600))
            let over = try await client.send(
                .post,
                "/v1/subscriptions/\(id)/cancel",
                as: secret,
                body: ["when": "immediately"]
            )
            #expect(over.status == 200, "\(over.text)")
            for path in ["/v1/subscriptions", "/v1/subscriptions?preview=true"] {
                let again = try await client.send(.post, path, as: secret, body: ["plan": "tried"])
                #expect(again.status == 400 && field(again) == "trial", "\(again.text)")
                #expect(again.json["detail"]?.string?.contains(id) == true)
            }
            let without = try await subscribe(["trial": false], as: secret)
            #expect(without.status == 201 && without.json["status"] == "active", "\(without.text)")
            let second = without.json["id"]?.string ?? ""
            let timeline = try await client.send(.get, "/v1/subscriptions/\(second)/timeline", as: secret)
            #expect(timeline.json["phases"]?.array?.map { $0["status"]?.string } == ["active"], "\(timeline.text)")
            #expect(timeline.json["changes"]?[0]?["trial"] == false)
            let upcoming = try await client.send(
                .get,
                "/v1/invoices/upcoming?subscription=\(second)",
                as: secret
            )
            #expect(upcoming.json["total"] == ["amount": "9.00", "currency": "USD"], "\(upcoming.text)")
            #expect(try await subscribe(as: world.globex.secret).json["status"] == "trialing")
            let staff = try await subscribe(as: world.secret(.admin), for: world.acme.tenant)
            #expect(staff.json["status"] == "trialing", "\(staff.text)")
        }
    }

    @Test func `a customer begins today or later`() async throws {
        try await World.run { world, client in
            // It is midnight of 2 March.
            for (start, isPast) in [
                ("2026-03-01", true), ("2026-03-01T23:58:59Z", true), ("2020-01-01T00:00:00Z", true),
                ("2026-03-02", false), ("2026-03-01T23:59:30Z", false), ("2026-04-01", false),
            ] {
                let body: JSONValue = ["plan": "bigger", "starts_at": .string(start)]
                let own = try await client.send(.post, "/v1/subscriptions", as: world.acme.secret, body: body)
                #expect(own.status == (isPast ? 400 : 201), "\(start): \(own.text)")
                if isPast { #expect(field(own) == "starts_at") }
                let staff = try await client.send(
                    .post,
                    "/v1/subscriptions",
                    as: world.secret(.finance),
                    for: world.acme.tenant,
                    body: body
                )
                #expect(staff.status == 201, "\(start): \(staff.text)")
            }
        }
    }
}
