import Billing
import HTTPTypes
import Testing
import Values

@testable import API

/// Coupons, taxes and legal entities over HTTP.
@Suite struct AdjustmentRoutesTests {
    @Test func `a coupon is made, redeemed once, shown and taken away`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let body: JSONValue = ["code": "LAUNCH", "percent": "20", "duration": "repeating", "periods": 3]
            let made = try await client.send(.post, "/v1/coupons", as: finance, body: body)
            #expect(made.status == 201 && made.json["redemptions"] == 0, "\(made.text)")
            let code = try await client.send(
                .post,
                "/v1/coupons/LAUNCH/codes",
                as: finance,
                body: ["code": "Summer26", "max_redemptions": 5]
            )
            #expect(code.status == 201 && code.json["kind"] == "promotion", "\(code.text)")
            let path = "/v1/subscriptions/\(world.acme.subscription)/coupons"
            let redeemed = try await client.send(.post, path, as: world.acme.secret, body: ["code": "summer26"])
            #expect(redeemed.status == 201 && redeemed.json["coupon"] == "LAUNCH", "\(redeemed.text)")
            let again = try await client.send(.post, path, as: world.acme.secret, body: ["code": "LAUNCH"])
            #expect(again.status == 409 && again.fields == ["code"], "\(again.text)")
            let unknown = try await client.send(.post, path, as: world.acme.secret, body: ["code": "NOPE"])
            #expect(unknown.status == 400 && unknown.fields == ["code"], "\(unknown.text)")
            let invoice = try await world.invoice(of: world.acme)
            let shown = try await client.send(.get, "/v1/invoices/\(invoice.id)", as: world.acme.secret)
            #expect(shown.json["discount"] == ["amount": "4.00", "currency": "USD"], "\(shown.text)")
            let removed = try await client.send(.delete, path + "/LAUNCH", as: world.acme.secret)
            #expect(removed.status == 200 && removed.json["ended_at"]?.string != nil, "\(removed.text)")
            let list = try await client.send(.get, path, as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 1)
            let foreign = try await client.send(.delete, path + "/LAUNCH", as: world.globex.secret)
            #expect(foreign.status == 404)
            let archived = try await client.send(.post, "/v1/coupons/Summer26/archive", as: finance)
            #expect(archived.json["archived_at"]?.string != nil, "\(archived.text)")
            #expect(try await client.send(.get, "/v1/coupons/NONE", as: finance).status == 404)
        }
    }

    @Test func `a subscription comes with its coupons, or not at all`() async throws {
        try await World.run { world, client in
            let refused = try await client.send(
                .post,
                "/v1/subscriptions",
                as: world.acme.secret,
                body: ["plan": "bigger", "coupons": ["NOPE"]]
            )
            #expect(refused.status == 400, "\(refused.text)")
            let preview = try await client.send(
                .post,
                "/v1/subscriptions?preview=true",
                as: world.acme.secret,
                body: ["plan": "bigger", "coupons": ["welcome"]]
            )
            #expect(
                preview.json["invoices"]?[0]?["discount"] == ["amount": "2.50", "currency": "USD"],
                "\(preview.text)"
            )
            let list = try await client.send(.get, "/v1/subscriptions", as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 1)
        }
    }

    @Test func `a tax of the customer's country is on its invoice, and is changed by a version`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            let put = try await client.send(
                .post,
                "/v1/taxes",
                as: finance,
                body: ["code": "de", "name": "VAT", "rate": "0.19", "country": "DE"]
            )
            #expect(put.status == 201 && put.json["rate"] == "0.19", "\(put.text)")
            let details = try await client.send(
                .patch,
                "/v1/tenant/tax",
                as: world.acme.secret,
                body: ["country": "DE", "tax_ids": ["DE 683 361 910"]]
            )
            #expect(details.json["tax_ids"]?[0]?["type"] == "eu_vat", "\(details.text)")
            let wrong = try await client.send(
                .patch,
                "/v1/tenant/tax",
                as: world.acme.secret,
                body: ["tax_ids": ["DE683361911"]]
            )
            #expect(wrong.status == 400 && wrong.fields == ["tax_ids[0]"], "\(wrong.text)")
            let exempt = try await client.send(
                .patch,
                "/v1/tenant/tax",
                as: world.acme.secret,
                body: ["tax_exempt": true]
            )
            #expect(exempt.status == 403, "\(exempt.text)")
            let invoice = try await world.invoice(of: world.acme)
            let shown = try await client.send(.get, "/v1/invoices/\(invoice.id)", as: world.acme.secret)
            #expect(shown.json["tax"] == ["amount": "3.80", "currency": "USD"], "\(shown.text)")
            let early = try await client.send(
                .post,
                "/v1/taxes",
                as: finance,
                body: ["code": "de", "rate": "0.16", "country": "DE", "from": "2020-01-01"]
            )
            #expect(early.status == 400 && early.fields == ["from"], "\(early.text)")
            let later = try await client.send(
                .post,
                "/v1/taxes",
                as: finance,
                body: ["code": "de", "rate": "0.16", "country": "DE"]
            )
            #expect(later.json["from"]?.string != nil, "\(later.text)")
            let versions = try await client.send(.get, "/v1/taxes/de", as: finance)
            #expect(versions.json["data"]?.array?.count == 2)
            for (method, path, body) in [
                (.post, "/v1/tenant/taxes", ["tax": "de"]), (.delete, "/v1/tenant/taxes/de", nil),
                (.post, "/v1/taxes/de/archive", nil),
            ] as [(HTTPRequest.Method, String, JSONValue?)] {
                let answer = try await client.send(method, path, as: finance, for: world.acme.tenant, body: body)
                #expect((200..<300).contains(answer.status), "\(path): \(answer.text)")
            }
        }
    }

    @Test func `a legal entity is made and changed`() async throws {
        try await World.run { world, client in
            let admin = world.secret(.admin)
            let made = try await client.send(
                .post,
                "/v1/entities",
                as: admin,
                body: ["name": "Acme GmbH", "country": "DE", "address": ["Hauptstr. 1", "10115 Berlin"]]
            )
            let id = try #require(made.json["id"]?.string, "\(made.text)")
            let changed = try await client.send(
                .patch,
                "/v1/entities/\(id)",
                as: admin,
                body: ["country": "FR", "tax_id": "FR11278681226"]
            )
            #expect(changed.json["country"] == "FR" && changed.json["tax_id"] == "FR11278681226", "\(changed.text)")
            #expect(try await client.send(.get, "/v1/entities/\(id)", as: admin).json == changed.json)
            let list = try await client.send(.get, "/v1/entities", as: admin)
            #expect(list.json["data"]?.array?.contains(changed.json) == true)
        }
    }
}
