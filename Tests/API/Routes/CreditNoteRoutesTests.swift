import Billing
import HTTPTypes
import HummingbirdTesting
import Testing
import Values

@testable import API

/// Credit notes, documents, thresholds and credit packages over HTTP.
@Suite struct CreditNoteRoutesTests {
    private let dollar: JSONValue = ["amount": "1.00", "currency": "USD"]

    @Test func `an invoice is credited, once under a key, and both documents say so`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            let path = "/v1/invoices/\(invoice.id)/credit-notes"
            let finance = world.secret(.finance)
            var notes: [Answer] = []
            for _ in 0..<2 {
                notes.append(
                    try await client.send(
                        .post,
                        path,
                        as: finance,
                        for: world.acme.tenant,
                        body: ["reason": "late <delivery>", "amount": dollar],
                        headers: ["Idempotency-Key": "one"]
                    )
                )
            }
            #expect(notes.map(\.status) == [201, 201] && notes[0].text == notes[1].text, "\(notes[0].text)")
            let note = notes[0].json
            #expect(note["number"] == "CN-2026-000001" && note["total"] == dollar && note["receivable"] == dollar)
            let over = try await client.send(
                .post,
                path,
                as: finance,
                for: world.acme.tenant,
                body: ["reason": "x", "amount": ["amount": "19.01", "currency": "USD"]]
            )
            #expect(over.status == 409 && over.text.contains("19.00 USD before tax"), "\(over.text)")
            let refused = try await client.send(.post, path, as: world.acme.secret, body: ["reason": "x"])
            #expect(refused.status == 403)
            let list = try await client.send(.get, "/v1/credit-notes", as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 1)
            let id = note["id"]?.string ?? ""
            let page = try await client.send(.get, "/v1/credit-notes/\(id)/html", as: world.acme.secret)
            #expect(page.text.contains("late &lt;delivery&gt;") && page.text.contains("CN-2026-000001"))
            let shown = try await client.send(.get, "/v1/invoices/\(invoice.id)/html", as: world.acme.secret)
            #expect(shown.text.contains("Reduced by credit note CN-2026-000001"))
            #expect(shown.text.contains("14.00 USD"))
            let policy = try #require(shown.header("content-security-policy"))
            #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"))
        }
    }

    @Test func `a PDF is bytes of a PDF, or says what is missing`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            let pdf = try await client.send(.get, "/v1/invoices/\(invoice.id)/pdf", as: world.acme.secret)
            if pdf.status == 503 {
                #expect(pdf.json["detail"]?.string?.contains("WeasyPrint") == true)
            } else {
                #expect(pdf.status == 200 && pdf.header("content-type") == "application/pdf")
                #expect(pdf.text.hasPrefix("%PDF-"))
                #expect(pdf.header("content-disposition") == "inline; filename=\"INV-2026-000001.pdf\"")
            }
        }
    }

    @Test func `an invoice that is given up is so for its tenant, too`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            let lost = try await client.send(
                .post,
                "/v1/invoices/\(invoice.id)/uncollectible",
                as: world.secret(.finance),
                for: world.acme.tenant
            )
            #expect(lost.status == 200 && lost.json["status"] == "uncollectible", "\(lost.text)")
            let seen = try await client.send(.get, "/v1/invoices?status=uncollectible", as: world.acme.secret)
            #expect(seen.json["data"]?.array?.count == 1)
        }
    }

    @Test func `packages are sold for a payment method, and rules buy them`() async throws {
        try await World.run { world, client in
            let made = try await client.send(
                .post,
                "/v1/credit-packages",
                as: world.secret(.admin),
                body: [
                    "code": "big", "price": ["amount": "80.00", "currency": "USD"],
                    "credit": ["amount": "100.00", "currency": "USD"],
                ]
            )
            #expect(made.status == 201, "\(made.text)")
            let acme = world.acme.secret
            let packages = try await client.send(.get, "/v1/credit-packages", as: acme)
            #expect(packages.json["data"]?[0]?["code"] == "big")
            let poor = try await client.send(.post, "/v1/credits", as: acme, body: ["package": "big"])
            #expect(poor.status == 409 && poor.text.contains("payment method"), "\(poor.text)")
            let gift = try await client.send(
                .post,
                "/v1/credits",
                as: acme,
                body: ["amount": dollar]
            )
            #expect(gift.status == 403)
            _ = try await client.send(
                .post,
                "/v1/payment-methods",
                as: acme,
                body: ["gateway": "manual", "reference": "account 1"]
            )
            let bought = try await client.send(.post, "/v1/credits", as: acme, body: ["package": "big"])
            #expect(bought.status == 201 && bought.json["status"] == "pending", "\(bought.text)")
            let rule: JSONValue = [
                "threshold": ["amount": "5.00", "currency": "USD"], "package": "big",
                "monthly_limit": ["amount": "100.00", "currency": "USD"],
            ]
            let set = try await client.send(.put, "/v1/credits/top-up", as: acme, body: rule)
            #expect(set.status == 200 && set.json["rule"] == rule, "\(set.text)")
            let credits = try await client.send(.get, "/v1/credits", as: acme)
            #expect(credits.json["data"]?.array?.count == 1 && credits.json["purchases"]?.array?.count == 1)
            #expect(credits.json["available"] == ["amount": "5.00", "currency": "USD"], "\(credits.text)")
            #expect(credits.json["balance"] == ["amount": "0.00", "currency": "USD"])
            let ended = try await client.send(.delete, "/v1/credits/top-up", as: acme)
            #expect(ended.json["rule"] == .null)
        }
    }

    @Test func `a threshold is set by staff, in the subscription's currency`() async throws {
        try await World.run { world, client in
            let path = "/v1/subscriptions/\(world.acme.subscription)/threshold"
            let finance = world.secret(.finance)
            let set = try await client.send(.post, path, as: finance, for: world.acme.tenant, body: ["amount": dollar])
            #expect(set.status == 200 && set.json["threshold"] == dollar, "\(set.text)")
            let other = try await client.send(
                .post,
                path,
                as: finance,
                for: world.acme.tenant,
                body: ["amount": ["amount": "1.00", "currency": "EUR"]]
            )
            #expect(other.status == 400 && other.fields == ["amount.currency"], "\(other.text)")
            let none = try await client.send(.post, path, as: finance, for: world.acme.tenant)
            #expect(none.status == 200 && none.json["threshold"] == .null)
        }
    }

    @Test func `numbers are grouped, and nothing that people wrote is markup`() {
        #expect(DocumentPage.grouped("1234567.89") == "1,234,567.89")
        #expect(DocumentPage.grouped("-1000") == "-1,000" && DocumentPage.grouped("999") == "999")
        // A combining mark makes one character of it and the bracket; it is escaped all the same.
        #expect(DocumentPage.escaped("<\u{338}b>") == "&lt;\u{338}b&gt;")
    }
}
