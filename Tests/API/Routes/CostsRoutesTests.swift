import HTTPTypes
import TestSupport
import Testing
import Values

@testable import API

/// Costs, prices of compute and partners over HTTP.
@Suite struct CostsRoutesTests {
    @Test func `a cost is entered, found, and taken back once`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let body: JSONValue = [
                "category": "people", "amount": ["amount": "90.00", "currency": "USD"], "from": "2026-02-01",
                "to": "2026-02-28",
            ]
            let headers = ["Idempotency-Key": "cost 1"]
            let made = try await client.send(.post, "/v1/costs", as: finance, body: body, headers: headers)
            #expect(made.status == 201, "\(made.text)")
            let again = try await client.send(.post, "/v1/costs", as: finance, body: body, headers: headers)
            #expect(again.json == made.json)
            let id = try #require(made.json["id"]?.string)
            #expect(try await client.send(.get, "/v1/costs/\(id)", as: finance).json == made.json)
            let reason: JSONValue = ["reason": "entered twice"]
            let back = try await client.send(.post, "/v1/costs/\(id)/void", as: finance, body: reason)
            #expect(back.status == 201 && back.json["amount"]?["amount"] == "-90.00", "\(back.text)")
            let twice = try await client.send(.post, "/v1/costs/\(id)/void", as: finance, body: reason)
            #expect(twice.status == 409, "\(twice.text)")
            let list = try await client.send(.get, "/v1/costs?category=people", as: finance)
            #expect(list.json["data"]?.array?.count == 2)
            #expect(
                try await client.send(.get, "/v1/costs?category=compute", as: finance).json["data"]?.array?.isEmpty
                    == true
            )
            let none = try await client.send(.get, "/v1/costs/cst_01h455vb4pex5vsknk084sn02q", as: finance)
            #expect(none.status == 404)
            #expect(try await client.send(.get, "/v1/costs", as: world.acme.secret).status == 403)
            #expect(try await client.send(.get, "/v1/costs", as: world.secret(.support)).status == 403)
        }
    }

    @Test func `rules and prices are put and listed`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let rule = try await client.send(
                .post,
                "/v1/cost-rules",
                as: finance,
                body: ["category": "people", "basis": "revenue", "from": "2026-02"]
            )
            #expect(rule.status == 201 && rule.json["from"] == "2026-02", "\(rule.text)")
            #expect(try await client.send(.get, "/v1/cost-rules", as: finance).json["data"]?.array?.count == 1)
            let price = try await client.send(
                .post,
                "/v1/compute-prices",
                as: finance,
                body: ["price": "0.000012", "currency": "USD", "model": "small", "from": "2026-02-01T00:00:00Z"]
            )
            #expect(price.status == 201 && price.json["unit"] == "cpu_second", "\(price.text)")
            let negative = try await client.send(
                .post,
                "/v1/compute-prices",
                as: finance,
                body: ["price": "-1", "currency": "USD"]
            )
            #expect(negative.status == 400 && negative.fields == ["price"])
            let list = try await client.send(.get, "/v1/compute-prices?model=small", as: finance)
            #expect(list.json["data"]?[0]?["price"] == "0.000012", "\(list.text)")
        }
    }

    @Test func `a partner is made, has a tenant, a statement and nothing to be paid`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let body: JSONValue = [
                "code": "north", "tiers": [["up_to": "10000", "rate": "0.2"], ["rate": "0.25"]], "term_months": 12,
            ]
            let made = try await client.send(.post, "/v1/partners", as: finance, body: body)
            #expect(made.status == 201, "\(made.text)")
            #expect(try await client.send(.post, "/v1/partners", as: finance, body: body).json == made.json)
            let other = try await client.send(
                .post,
                "/v1/partners",
                as: finance,
                body: ["code": "north", "rate": "0.3"]
            )
            #expect(other.status == 409, "\(other.text)")
            let attributed = try await client.send(
                .post,
                "/v1/partners/north/attributions",
                as: finance,
                body: ["tenant": world.acme.tenant.json]
            )
            #expect(attributed.status == 201, "\(attributed.text)")
            let found = try await client.send(.get, "/v1/partners/north", as: finance)
            #expect(found.json["tenants"]?[0]?["tenant"] == world.acme.tenant.json, "\(found.text)")
            let statement = try await client.send(.get, "/v1/partners/north/statement?month=2026-02", as: finance)
            #expect(statement.status == 200 && statement.json["lines"]?.array?.isEmpty == true, "\(statement.text)")
            let late = try await client.send(
                .get,
                "/v1/partners/north/statement?as_of=2030-01-01T00:00:00Z",
                as: finance
            )
            #expect(late.status == 400 && late.fields == ["as_of"])
            let unpaid = try await client.send(
                .post,
                "/v1/partners/north/payouts",
                as: finance,
                body: ["month": "2026-01", "reference": "bank 7"]
            )
            #expect(unpaid.text.contains("nothing_payable"), "\(unpaid.text)")
            #expect(try await client.send(.get, "/v1/partners/south", as: finance).status == 404)
            #expect(try await client.send(.get, "/v1/partners", as: world.acme.secret).status == 403)
        }
    }
}
