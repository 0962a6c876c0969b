import HTTPTypes
import HummingbirdTesting
import Testing
import Values

@testable import API

/// Payment methods over HTTP, with bank transfers.
@Suite struct PaymentMethodsRoutesTests {
    private func add(_ reference: String, _ world: World, _ client: any TestClientProtocol) async throws -> Answer {
        try await client.send(
            .post,
            "/v1/payment-methods",
            as: world.acme.secret,
            body: ["gateway": "manual", "reference": .string(reference)]
        )
    }

    @Test func `bank transfers are saved, chosen and removed`() async throws {
        try await World.run { world, client in
            let first = try await add("DE01", world, client)
            #expect(first.status == 201, "\(first.text)")
            #expect(first.json["kind"] == "bank_transfer")
            #expect(first.json["default"] == true)
            let second = try await add("DE02", world, client)
            #expect(second.json["default"] == false)
            let path = "/v1/payment-methods/\(second.json["id"]?.string ?? "")"
            let chosen = try await client.send(.post, path + "/default", as: world.acme.secret)
            #expect(chosen.status == 200, "\(chosen.text)")
            #expect(chosen.json["default"] == true)
            let page = try await client.send(.get, "/v1/payment-methods?limit=1", as: world.acme.secret)
            #expect(page.json["has_more"] == true)
            #expect(page.json["data"]?.array?.count == 1)
            let removed = try await client.send(.delete, path, as: world.acme.secret)
            #expect(removed.json["removed_at"]?.string != nil, "\(removed.text)")
            let again = try await client.send(.post, path + "/default", as: world.acme.secret)
            #expect(again.status == 409)
            let list = try await client.send(.get, "/v1/payment-methods", as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 1)
        }
    }

    @Test func `another tenant's methods are not found, and scopes are asked for`() async throws {
        try await World.run { world, client in
            let saved = try await add("DE01", world, client)
            let path = "/v1/payment-methods/\(saved.json["id"]?.string ?? "")"
            #expect(try await client.send(.delete, path, as: world.globex.secret).status == 404)
            #expect(try await client.send(.post, path + "/default", as: world.globex.secret).status == 404)
            #expect(try await client.send(.delete, "/v1/payment-methods/pm_1", as: world.acme.secret).status == 404)
            let others = try await client.send(.get, "/v1/payment-methods", as: world.globex.secret)
            #expect(others.json["data"] == [])
            let reader = try await world.key(of: world.acme, scopes: [.billingRead])
            #expect(try await client.send(.get, "/v1/payment-methods", as: reader).status == 200)
            #expect(try await client.send(.delete, path, as: reader).status == 403)
        }
    }

    @Test func `what is wrong is named by its field`() async throws {
        try await World.run { world, client in
            let wrong: [(JSONValue, String)] = [
                ([:], "gateway"), (["gateway": "paypal"], "gateway"), (["gateway": "manual"], "reference"),
                (["gateway": "stripe"], "payment_method"), (["gateway": "manual", "reference": ""], "reference"),
                (["gateway": "manual", "reference": "x", "iban": "y"], "iban"),
            ]
            for (body, field) in wrong {
                let answer = try await client.send(.post, "/v1/payment-methods", as: world.acme.secret, body: body)
                #expect(answer.status == 400, "\(answer.text)")
                #expect(answer.fields == [field])
            }
        }
    }

    @Test func `a gateway that is not set up is said to be so`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/payment-methods",
                as: world.acme.secret,
                body: ["gateway": "stripe", "payment_method": "pm_1"]
            )
            #expect(answer.status == 409)
            #expect(answer.text.contains("gateway_not_set_up"), "\(answer.text)")
        }
    }
}
