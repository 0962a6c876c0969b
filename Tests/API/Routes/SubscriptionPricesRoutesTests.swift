import HTTPTypes
import HummingbirdTesting
import Plans
import Postgres
import Testing
import Values

@testable import API

/// Currencies, add-ons, own prices and features over HTTP.
@Suite struct SubscriptionPricesRoutesTests {
    private static func publish(_ world: World) async throws {
        try await world.database.transaction(as: .admin) { transaction in
            let plan: JSONValue = [
                "code": "basic", "currency": "EUR", "interval": ["unit": "month"],
                "prices": [["code": "base", "model": "flat", "amount": "18.00"]],
            ]
            _ = try await PlanOperations.publish(PlanDraft(json: plan), by: World.stamp, in: transaction)
            for (code, visible) in [("storage", true), ("secret", false)] {
                let addOn: JSONValue = [
                    "code": .string(code), "currency": "USD", "interval": ["unit": "month"], "visible": .bool(visible),
                    "prices": [["model": "flat", "amount": "5.00"]],
                ]
                _ = try await AddOnOperations.publish(AddOnDraft(json: addOn), by: World.stamp, in: transaction)
            }
        }
    }

    @Test func `plans are shown in all their currencies, or in the one asked for`() async throws {
        try await World.run { world, client in
            try await Self.publish(world)
            let secret = world.acme.secret
            let one = try await client.send(.get, "/v1/plans/basic", as: secret)
            #expect(one.json["currency"] == "USD", "\(one.text)")
            #expect(one.json["currencies"] == ["USD", "EUR"])
            #expect(one.json["versions"]?[1]?["prices"]?[0]?["amount"] == "18.00")
            let euros = try await client.send(.get, "/v1/plans?currency=EUR", as: secret)
            #expect(euros.json["data"]?.array?.map { $0["code"] } == ["basic"])
            #expect(euros.json["data"]?[0]?["currency"] == "EUR")
            #expect(try await client.send(.get, "/v1/plans/bigger?currency=EUR", as: secret).status == 404)
            let wrong = try await client.send(.get, "/v1/plans?currency=euro", as: secret)
            #expect(wrong.status == 400)
            #expect(wrong.json["errors"]?[0]?["field"] == "currency")
        }
    }

    @Test func `customers see visible add-ons, and staff all`() async throws {
        try await World.run { world, client in
            try await Self.publish(world)
            let seen = try await client.send(.get, "/v1/add-ons", as: world.acme.secret)
            #expect(seen.json["data"]?.array?.map { $0["code"] } == ["storage"], "\(seen.text)")
            let all = try await client.send(.get, "/v1/add-ons", as: world.staff[.support] ?? "")
            #expect(all.json["data"]?.array?.count == 2, "\(all.text)")
            let none = try await client.send(.get, "/v1/add-ons?currency=EUR", as: world.acme.secret)
            #expect(none.json["data"] == [])
        }
    }

    @Test func `a customer adds an add-on, but lowers no price of its own`() async throws {
        try await World.run { world, client in
            try await Self.publish(world)
            let path = "/v1/subscriptions/\(world.acme.subscription)/changes"
            let added = try await client.send(
                .post,
                path,
                as: world.acme.secret,
                body: ["add_ons": ["storage": "2"]]
            )
            #expect(added.status == 200, "\(added.text)")
            #expect(added.json["add_ons"] == ["storage": "2"])
            #expect(added.json["quantities"] == [:])
            let own: JSONValue = ["overrides": [["code": "base", "model": "flat", "amount": "1.00"]]]
            for path in [path, path + "?preview=true"] {
                let refused = try await client.send(.post, path, as: world.acme.secret, body: own)
                #expect(refused.status == 403, "\(refused.text)")
            }
            let created = try await client.send(
                .post,
                "/v1/subscriptions",
                as: world.acme.secret,
                body: ["plan": "bigger", "overrides": [["code": "base", "model": "flat", "amount": "1.00"]]]
            )
            #expect(created.status == 403, "\(created.text)")
            let wrong = try await client.send(
                .post,
                path,
                as: world.acme.secret,
                body: ["add_ons": ["none": "2"]]
            )
            #expect(wrong.status == 400)
            #expect(wrong.json["errors"]?[0]?["field"] == "add_ons.none")
        }
    }

    @Test func `a customer takes no hidden plan, and says of nothing that it was billed elsewhere`() async throws {
        try await World.run { world, client in
            try await world.database.transaction(as: .admin) { transaction in
                let plan: JSONValue = [
                    "code": "friends", "currency": "USD", "interval": ["unit": "month"], "visible": false,
                    "prices": [["code": "base", "model": "flat", "amount": "1.00"]],
                ]
                _ = try await PlanOperations.publish(PlanDraft(json: plan), by: World.stamp, in: transaction)
            }
            let changes = "/v1/subscriptions/\(world.acme.subscription)/changes"
            for path in ["/v1/subscriptions", "/v1/subscriptions?preview=true", changes] {
                let hidden = try await client.send(.post, path, as: world.acme.secret, body: ["plan": "friends"])
                #expect(hidden.status == 400, "\(hidden.text)")
                #expect(hidden.json["errors"]?[0]?["field"] == "plan")
            }
            let staff = try await client.send(
                .post,
                changes,
                as: world.staff[.finance] ?? "",
                for: world.acme.tenant,
                body: ["plan": "friends"]
            )
            #expect(staff.status == 200, "\(staff.text)")
            let free = try await client.send(
                .post,
                "/v1/subscriptions",
                as: world.acme.secret,
                body: ["plan": "bigger", "billed_until": "2030-01-01"]
            )
            #expect(free.status == 403, "\(free.text)")
        }
    }

    @Test func `staff gives a subscription prices of its own`() async throws {
        try await World.run { world, client in
            let path = "/v1/subscriptions/\(world.acme.subscription)/changes"
            let secret = world.staff[.finance] ?? ""
            let wrong = try await client.send(
                .post,
                path,
                as: secret,
                for: world.acme.tenant,
                body: ["overrides": [["code": "base", "model": "flat", "amount": "-1"]]]
            )
            #expect(wrong.status == 400, "\(wrong.text)")
            #expect(wrong.json["errors"]?[0]?["field"] == "overrides[0].amount")
            let changed = try await client.send(
                .post,
                path,
                as: secret,
                for: world.acme.tenant,
                body: ["overrides": [["code": "base", "model": "flat", "amount": "12.00"]], "when": "immediately"]
            )
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed.json["overrides"]?[0]?["amount"] == "12.00")
        }
    }

    @Test func `features of all kinds are listed, and only metered ones are used up`() async throws {
        let features: JSONValue = [
            "sso": true, "projects": 5, "exports": ["meter": "requests", "limit": "3", "hard": true],
        ]
        try await World.run(features: features) { world, client in
            let secret = world.acme.secret
            let list = try await client.send(.get, "/v1/entitlements", as: secret)
            #expect(list.json["data"]?.array?.map { $0["kind"] } == ["metered", "static", "boolean"], "\(list.text)")
            #expect(list.json["data"]?[0]?["limit"] == "3")
            #expect(try await client.send(.get, "/v1/entitlements/sso", as: secret).json["value"] == true)
            let refused = try await client.send(.post, "/v1/entitlements/sso/consume", as: secret)
            #expect(refused.status == 400, "\(refused.text)")
            #expect(refused.json["errors"]?[0]?["field"] == "feature")
            let used = try await client.send(.post, "/v1/entitlements/exports/consume", as: secret)
            #expect(used.status == 200, "\(used.text)")
            #expect(used.json["balance"]?["remaining"] == "2")
        }
    }
}
