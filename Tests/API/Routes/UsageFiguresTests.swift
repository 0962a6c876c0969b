import HTTPTypes
import Jobs
import TestSupport
import Testing
import Values

@testable import API

/// Cost beside price over HTTP.
@Suite struct UsageFiguresTests {
    @Test func `price is everyone's, cost is finance's`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let price = try await client.send(
                .post,
                "/v1/compute-prices",
                as: finance,
                body: ["price": "4", "currency": "USD", "unit": "output_mtok", "from": "2026-02-01T00:00:00Z"]
            )
            #expect(price.status == 201, "\(price.text)")
            let events: [JSONValue] = [("a", "50"), ("b", "150")].map { model, value in
                [
                    "id": .string("u \(model)"), "meter": "tokens.output", "at": "2026-03-01T10:00:00Z",
                    "value": .string(value), "properties": ["model": .string(model)],
                ]
            }
            let sent = try await client.send(.post, "/v1/events", as: world.acme.secret, body: .array(events))
            #expect(sent.status == 200, "\(sent.text)")
            let path = "/v1/usage?meter=tokens.output&from=2026-03-01&to=2026-03-03&window=day"
            let own = try await client.send(.get, path, as: world.acme.secret)
            let first = own.json["data"]?[0]
            #expect(
                first?["quantity"] == "200" && first?["price"] == ["amount": "2", "currency": "USD"],
                "\(own.text)"
            )
            #expect(first?["cost"] == .null && first?["undefined"]?["cost"]?.string?.contains("seller") == true)
            let grouped = try await client.send(
                .get,
                path + "&group_by=model",
                as: finance,
                for: world.acme.tenant
            )
            let rows = grouped.json["data"]?.array ?? []
            #expect(rows.map { $0["group"]?["model"]?.string } == ["a", "b"], "\(grouped.text)")
            #expect(rows.map { $0["price"]?["amount"]?.string } == ["0.5", "1.5"])
            #expect(rows.map { $0["cost"]?["amount"]?.string } == ["0.0002", "0.0006"])
            // Support staff act for a tenant, and do not see what it costs.
            let support = try await client.send(.get, path, as: world.secret(.support), for: world.acme.tenant)
            #expect(support.json["data"]?[0]?["cost"] == .null, "\(support.text)")
            let other = try await client.send(
                .get,
                "/v1/usage?meter=calls&from=2026-03-01&to=2026-03-02",
                as: finance,
                for: world.acme.tenant
            )
            let calls = other.json["data"]?[0]
            #expect(calls?["price"] == .null && calls?["cost"] == .null)
            #expect(calls?["undefined"]?["price"] == "no subscription has a price of the meter then", "\(other.text)")
        }
    }

    @Test func `rates are entered, and reports brought to a currency`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let path = "/v1/reports/mrr?from=2026-03&to=2026-03&in=EUR&by=plan"
            let missing = try await client.send(.get, path, as: finance)
            #expect(missing.status >= 400 && missing.text.contains("no rate of exchange from USD"), "\(missing.text)")
            let rate = try await client.send(
                .post,
                "/v1/exchange-rates",
                as: finance,
                body: ["from": "EUR", "to": "USD", "rate": "1.25", "day": "2026-02-01"]
            )
            #expect(rate.status == 201 && rate.json["rate"] == "1.25", "\(rate.text)")
            // An as-of is at least a minute ago.
            world.time.set(World.now.adding(seconds: 120))
            let list = try await client.send(.get, "/v1/exchange-rates?currency=USD", as: finance)
            #expect(list.json["data"]?.array?.count == 1)
            let march = try await client.send(.get, path, as: finance)
            let row = march.json["rows"]?[0]
            // Two customers at 20.00 USD.
            #expect(row?["plan"] == "basic" && row?["currency"] == "EUR" && row?["closing"] == "32.00", "\(march.text)")
            let link = try #require(row?["explain"]?.string)
            let behind = try await client.send(.get, link, as: finance)
            #expect(behind.json["rows"]?.array?.compactMap { $0["amount"]?.string } == ["16.00", "16.00"], "\(link)")
            let refused = try await client.send(.get, "/v1/reports/cash?in=EUR", as: finance)
            #expect(refused.status == 400 && refused.fields == ["in"], "\(refused.text)")
            #expect(try await client.send(.get, "/v1/exchange-rates", as: world.acme.secret).status == 403)
        }
    }

    @Test func `a tenant leaves its partner, and shares are accrued on request`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            for code in ["north", "south"] {
                let body: JSONValue = ["code": .string(code), "rate": "0.2"]
                _ = try await client.send(.post, "/v1/partners", as: finance, body: body)
            }
            let tenant: JSONValue = ["tenant": world.acme.tenant.json]
            let since: JSONValue = ["tenant": world.acme.tenant.json, "from": "2026-01-15"]
            let brought = try await client.send(.post, "/v1/partners/north/attributions", as: finance, body: since)
            #expect(brought.status == 201, "\(brought.text)")
            let accrued = try await client.send(.post, "/v1/partner-accruals", as: finance)
            #expect(accrued.status == 200 && accrued.json["accruals"] == 0, "\(accrued.text)")
            let wrong = try await client.send(.post, "/v1/partners/south/detachments", as: finance, body: tenant)
            #expect(wrong.status == 409, "\(wrong.text)")
            let left = try await client.send(.post, "/v1/partners/north/detachments", as: finance, body: tenant)
            #expect(left.status == 201 && left.json["partner"] == .null, "\(left.text)")
            let partner = try await client.send(.get, "/v1/partners/north", as: finance)
            #expect(partner.json["tenants"]?.array?.isEmpty == true, "\(partner.text)")
            let statement = try await client.send(.get, "/v1/partners/north/statement?month=2026-02", as: finance)
            #expect(statement.status == 200 && statement.json["lines"]?.array?.isEmpty == true, "\(statement.text)")
        }
    }
}
