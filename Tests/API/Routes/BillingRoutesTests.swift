import Billing
import HTTPTypes
import HummingbirdTesting
import Testing
import Values

@testable import API

/// Plans, subscriptions, invoices, reports and forecasts over HTTP.
@Suite struct BillingRoutesTests {
    @Test func `a preview shows what would be invoiced, and changes nothing`() async throws {
        try await World.run { world, client in
            _ = try await world.invoice(of: world.acme)
            let preview = try await client.send(
                .post,
                "/v1/subscriptions?preview=true",
                as: world.acme.secret,
                body: ["plan": "bigger"]
            )
            #expect(preview.status == 200, "\(preview.text)")
            #expect(preview.json["subscription"]?["plan"] == "bigger")
            #expect(preview.json["invoices"]?[0]?["total"] == ["amount": "50.00", "currency": "USD"])
            let list = try await client.send(.get, "/v1/subscriptions", as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 1)
            let path = "/v1/subscriptions/\(world.acme.subscription)"
            let change = try await client.send(
                .post,
                path + "/changes?preview=true",
                as: world.acme.secret,
                body: ["plan": "bigger", "when": "immediately"]
            )
            #expect(change.json["subscription"]?["plan"] == "bigger", "\(change.text)")
            #expect(try await client.send(.get, path, as: world.acme.secret).json["plan"] == "basic")
            let invoices = try await client.send(.get, "/v1/invoices", as: world.acme.secret)
            #expect(invoices.json["data"]?.array?.count == 1)
        }
    }

    @Test func `the description has every member of subscriptions, invoices and their lines`() async throws {
        try await World.run { world, client in
            _ = try await world.invoice(of: world.acme)
            let preview = try await client.send(
                .post,
                "/v1/subscriptions/\(world.acme.subscription)/changes?preview=true",
                as: world.acme.secret,
                body: ["plan": "bigger", "when": "immediately"]
            )
            let invoices = try await client.send(.get, "/v1/invoices", as: world.acme.secret)
            let invoice = invoices.json["data"]?[0]
            let answers: [(name: String, value: JSONValue?)] = [
                ("SubscriptionPreview", preview.json), ("Subscription", preview.json["subscription"]),
                ("Invoice", invoice), ("InvoiceLine", invoice?["lines"]?[0]),
            ]
            let schemas = try await client.send(.get, "/openapi.json").json["components"]?["schemas"]
            for answer in answers {
                let described = Set(schemas?[answer.name]?["properties"]?.object?.keys.map(\.self) ?? [])
                let held = Set(try #require(answer.value?.object, "\(answer.name)").keys)
                #expect(held.isSubset(of: described), "\(answer.name): \(held.subtracting(described).sorted())")
            }
        }
    }

    @Test func `a subscription is changed, cancelled and explained`() async throws {
        try await World.run { world, client in
            let path = "/v1/subscriptions/\(world.acme.subscription)"
            let changed = try await client.send(
                .post,
                path + "/changes",
                as: world.acme.secret,
                body: ["plan": "bigger", "when": "period_end"]
            )
            #expect(changed.status == 200, "\(changed.text)")
            let scheduled = try await client.send(.get, path + "/scheduled-changes", as: world.acme.secret)
            #expect(scheduled.json["data"]?.array?.count == 1)
            #expect(scheduled.json["data"]?[0]?["kind"] == "plan")
            let cancelled = try await client.send(.post, path + "/cancel", as: world.acme.secret)
            #expect(cancelled.json["cancels_at"]?.string != nil, "\(cancelled.text)")
            let timeline = try await client.send(.get, path + "/timeline", as: world.acme.secret)
            #expect(timeline.json["changes"]?.array?.count == 3)
            let filtered = try await client.send(.get, "/v1/subscriptions?status=ended", as: world.acme.secret)
            #expect(filtered.json["data"] == [])
        }
    }

    @Test func `an invoice is foreseen, shown, and paid once`() async throws {
        try await World.run { world, client in
            let upcoming = try await client.send(
                .get,
                "/v1/invoices/upcoming?subscription=\(world.acme.subscription)",
                as: world.acme.secret
            )
            #expect(upcoming.status == 200, "\(upcoming.text)")
            // With one subscription it need not be named.
            let unnamed = try await client.send(.get, "/v1/invoices/upcoming", as: world.acme.secret)
            #expect(unnamed.json["total"] == upcoming.json["total"] && !upcoming.json.isNull, "\(unnamed.text)")
            let invoice = try await world.invoice(of: world.acme)
            let path = "/v1/invoices/\(invoice.id)"
            let shown = try await client.send(.get, path, as: world.acme.secret)
            #expect(shown.json["total"] == ["amount": "20.00", "currency": "USD"])
            #expect(shown.json["amount_due"] == ["amount": "15.00", "currency": "USD"])
            let page = try await client.send(.get, path + "/html", as: world.acme.secret)
            #expect(page.header("content-type") == "text/html; charset=utf-8")
            #expect(page.text.contains("15.00 USD"))
            #expect(page.text.contains("Acme"))
            let finance = world.secret(.finance)
            for _ in 0..<2 {
                let paid = try await client.send(
                    .post,
                    path + "/pay",
                    as: finance,
                    for: world.acme.tenant,
                    body: ["reference": "bank 1"]
                )
                #expect(paid.json["status"] == "paid", "\(paid.text)")
            }
            let other = try await client.send(
                .post,
                path + "/pay",
                as: finance,
                for: world.acme.tenant,
                body: ["reference": "bank 2"]
            )
            #expect(other.status == 409)
            let open = try await client.send(.get, "/v1/invoices?status=open", as: world.acme.secret)
            #expect(open.json["data"] == [])
        }
    }

    @Test func `what people wrote cannot become part of the page`() {
        #expect(InvoicePage.escaped("<b a=\"x\">&'") == "&lt;b a=&quot;x&quot;&gt;&amp;&#39;")
    }

    @Test func `plans are shown to who may see them`() async throws {
        try await World.run { world, client in
            let list = try await client.send(.get, "/v1/plans", as: world.acme.secret)
            #expect(Set(list.json["data"]?.array?.compactMap { $0["code"]?.string } ?? []) == ["basic", "bigger"])
            let one = try await client.send(.get, "/v1/plans/basic", as: world.acme.secret)
            #expect(one.json["name"] == "Basic")
            #expect(try await client.send(.get, "/v1/plans/none", as: world.acme.secret).status == 404)
        }
    }

    @Test func `finance's reports answer for an as-of, and refuse one that can still change`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let mrr = try await client.send(.get, "/v1/reports/mrr?from=2026-03&to=2026-03", as: finance)
            #expect(mrr.status == 200, "\(mrr.text)")
            #expect(mrr.text.contains("40.00"))
            let again = try await client.send(.get, "/v1/reports/mrr?from=2026-03&to=2026-03", as: finance)
            #expect(again.text == mrr.text)
            #expect(try await client.send(.get, "/v1/reports/trial-balance", as: finance).status == 200)
            #expect(try await client.send(.get, "/v1/reports/weather", as: finance).status == 404)
            for query in ["from=x", "as_of=2026-03-02T00:00:00Z", "currency=ZZZ", "from=2026-03&to=2026-02"] {
                let answer = try await client.send(.get, "/v1/reports/mrr?\(query)", as: finance)
                #expect(answer.status == 400, "\(query): \(answer.text)")
            }
        }
    }

    @Test func `a series is forecast, and a gap in it is named`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let body = try #require(RouteInputs.bodies["POST /v1/forecasts"])
            let forecast = try await client.send(.post, "/v1/forecasts", as: finance, body: body)
            #expect(forecast.json["forecast"]?.array?.count == 2, "\(forecast.text)")
            #expect(forecast.json["forecast"]?[0]?["month"] == "2025-10")
            let gap = try await client.send(
                .post,
                "/v1/forecasts",
                as: finance,
                body: ["series": [["month": "2025-01", "value": 1], ["month": "2025-03", "value": 2]]]
            )
            #expect(gap.status == 400)
            #expect(gap.fields == ["series[1].month"])
        }
    }

    @Test func `the book is forecast with scenarios, the same bytes for the same as-of`() async throws {
        try await World.run { world, client in
            _ = try await world.invoice(of: world.acme)
            let finance = world.secret(.finance)
            let body: JSONValue = [
                "horizon": 3, "paths": 100, "levels": [80],
                "scenarios": [["name": "dearer", "price": ["factor": 2]]],
            ]
            let forecast = try await client.send(.post, "/v1/forecasts", as: finance, body: body)
            #expect(forecast.status == 200, "\(forecast.text)")
            #expect(forecast.json["method"] == "contract_aware" && forecast.json["backtest"] == .null)
            #expect(forecast.json["forecast"]?.array?.count == 3)
            #expect(forecast.json["scenarios"]?[0]?["name"] == "dearer")
            let again = try await client.send(.post, "/v1/forecasts", as: finance, body: body)
            #expect(again.text == forecast.text)
            let refused: [(String, JSONValue)] = [("paths", 5), ("as_of", "2100-01-01"), ("currency", "EUR")]
            for (field, value) in refused {
                let answer = try await client.send(.post, "/v1/forecasts", as: finance, body: .object([field: value]))
                #expect(answer.status == 400 && answer.fields == [field], "\(field): \(answer.text)")
            }
            let named: JSONValue = ["scenarios": [["name": "x", "churn": ["factor": -1]]]]
            let wrong = try await client.send(.post, "/v1/forecasts", as: finance, body: named)
            #expect(wrong.fields == ["scenarios[0].churn.factor"], "\(wrong.text)")
        }
    }
}
