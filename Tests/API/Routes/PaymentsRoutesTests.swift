import Billing
import HTTPTypes
import Testing
import Values

@testable import API

/// Payments over HTTP.
@Suite struct PaymentsRoutesTests {
    private func dollars(_ amount: String) -> JSONValue { ["amount": .string(amount), "currency": "USD"] }

    @Test func `staff record, match and give back; the tenant sees it`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            let finance = world.secret(.finance)
            func post(_ path: String, _ body: JSONValue) async throws -> Answer {
                try await client.send(.post, path, as: finance, for: world.acme.tenant, body: body)
            }
            let transfer: JSONValue = ["amount": dollars("20.00"), "reference": "bank 1"]
            let payment = try await post("/v1/payments", transfer)
            #expect(payment.status == 201 && payment.json["unapplied"] == dollars("20.00"), "\(payment.text)")
            #expect(try await post("/v1/payments", transfer).json["id"] == payment.json["id"])
            let id = try #require(payment.json["id"]?.string)
            let matched = try await post("/v1/payments/\(id)/match", ["invoice": .string(invoice.id.text)])
            #expect(matched.json["applied"] == dollars("15.00"), "\(matched.text)")
            let paid = try await client.send(.get, "/v1/invoices/\(invoice.id)", as: world.acme.secret)
            #expect(paid.json["status"] == "paid" && paid.json["amount_remaining"] == dollars("0.00"))
            let refund = try await post("/v1/payments/\(id)/refund", ["reason": "too much", "amount": dollars("5.00")])
            #expect(refund.status == 201 && refund.json["state"] == "succeeded", "\(refund.text)")
            let tooMuch = try await post("/v1/payments/\(id)/refund", ["reason": "more", "amount": dollars("15.01")])
            #expect(tooMuch.status == 400 && tooMuch.fields == ["amount"], "\(tooMuch.text)")
            let list = try await client.send(.get, "/v1/payments?invoice=\(invoice.id)", as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 1)
            #expect(list.json["data"]?[0]?["refunded"] == dollars("5.00"), "\(list.text)")
        }
    }

    @Test func `an invoice is paid in parts by staff, and by a tenant only with a card`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            let path = "/v1/invoices/\(invoice.id)/pay"
            let part = try await client.send(
                .post,
                path,
                as: world.secret(.finance),
                for: world.acme.tenant,
                body: ["reference": "bank 1", "amount": dollars("5.00")]
            )
            #expect(part.json["status"] == "open" && part.json["amount_remaining"] == dollars("10.00"), "\(part.text)")
            let none = try await client.send(.post, path, as: world.acme.secret)
            #expect(none.status == 409 && none.text.contains("no payment method"), "\(none.text)")
            _ = try await client.send(
                .post,
                "/v1/payment-methods",
                as: world.acme.secret,
                body: ["gateway": "manual", "reference": "DE02 1203 0000"]
            )
            #expect(try await client.send(.post, path, as: world.acme.secret).status == 409)
            let rest = try await client.send(
                .post,
                path,
                as: world.secret(.finance),
                for: world.acme.tenant,
                body: ["reference": "bank 2"]
            )
            #expect(rest.json["status"] == "paid", "\(rest.text)")
            // What is paid already needs no card.
            #expect(try await client.send(.post, path, as: world.acme.secret).json["status"] == "paid")
        }
    }
}
