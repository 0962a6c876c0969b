import HTTPTypes
import HummingbirdTesting
import Jobs
import Postgres
import Testing
import Values

@testable import API
@testable import Billing

/// Cards, charges, refunds and events over HTTP, with localstripe at the other end.
@Suite(.timeLimit(.minutes(10))) struct LocalStripeTests {
    /// Lends a server that has localstripe for its gateway.
    private func run(
        isLive: Bool = false,
        _ body: @escaping @Sendable (World, any TestClientProtocol, LocalStripe) async throws -> Void
    ) async throws {
        try await LocalStripe.run { local in
            try await World.run(isLive: isLive) { world, client in
                try await world.setStripe(url: local.url)
                try await body(world, client, local)
            }
        }
    }

    private func save(
        _ method: String,
        in world: World,
        _ client: any TestClientProtocol
    ) async throws -> Answer {
        try await client.send(
            .post,
            "/v1/payment-methods",
            as: world.acme.secret,
            body: ["gateway": "stripe", "payment_method": .string(method)],
            headers: ["Idempotency-Key": "save \(method)"]
        )
    }

    @Test func `a saved card pays an invoice, and money goes back to it`() async throws {
        try await run { world, client, local in
            let card = try await local.card("4242424242424242")
            let saved = try await save(card, in: world, client)
            #expect(saved.status == 201, "\(saved.text)")
            #expect(saved.json["kind"] == "card")
            #expect(saved.json["brand"] == "visa")
            #expect(saved.json["last4"] == "4242")
            #expect(saved.json["expires"] == "2035-06")
            #expect(saved.json["default"] == true)
            let invoice = try await world.invoice(of: world.acme)
            let attempt = try #require(try await world.collect(invoice))
            #expect(attempt.state == .succeeded, "\(attempt)")
            #expect(try await world.current(invoice)?.status == .paid)
            let reference = try #require(attempt.reference)
            let intent = try await local.get("/v1/payment_intents/\(reference)")
            #expect(intent["amount"] == .int(invoice.amountDue.minor))
            #expect(intent["payment_method"] == .string(card))
            #expect(intent["metadata"]?["invoice"] == .string(invoice.id.text))
            let customer = try await local.get("/v1/customers/\(intent["customer"]?.string ?? "")")
            #expect(customer["metadata"]?["tenant"] == .string(world.acme.tenant.text))
            #expect(customer["name"] == "Acme")
            // A second collection finds nothing to do.
            #expect(try await world.collect(invoice) == nil)
            try await refund(attempt, in: world, local)
        }
    }

    private func refund(_ attempt: PaymentAttempt, in world: World, _ local: LocalStripe) async throws {
        let payment = try #require(attempt.payment)
        let refund = try await world.database.transaction(as: .tenant(attempt.tenant)) { transaction in
            try await PaymentOperations.refund(
                payment,
                amount: Money(minor: 500, currency: .usd),
                reason: "too much",
                of: attempt.tenant,
                by: World.stamp,
                in: transaction
            )
        }
        let sent = try await PaymentCollection.sendRefund(
            refund.id,
            of: attempt.tenant,
            database: world.database,
            gateways: world.services.gateways,
            time: world.time
        )
        #expect(sent?.state == .succeeded)
        let there = try await local.get("/v1/refunds/\(sent?.reference ?? "")")
        #expect(there["amount"] == 500)
        #expect(there["payment_intent"] == .optional(attempt.reference))
        #expect(there["metadata"]?["refund"] == .string(refund.id.text))
    }

    @Test func `saving again under one key is one method; a second card belongs to the same customer`() async throws {
        try await run { world, client, local in
            let card = try await local.card("4242424242424242")
            let first = try await save(card, in: world, client)
            let again = try await save(card, in: world, client)
            #expect(again.json == first.json)
            #expect(again.header("Idempotent-Replayed") == "true")
            let other = try await local.card("5555555555554444")
            let second = try await save(other, in: world, client)
            #expect(second.json["default"] == false, "\(second.text)")
            let customers = try await local.get("/v1/customers")
            #expect(customers["data"]?.array?.count == 1)
            let list = try await client.send(.get, "/v1/payment-methods", as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 2)
        }
    }

    @Test func `a card that is declined is not saved, and one that does not exist is named`() async throws {
        try await run { world, client, local in
            let declined = try await save(try await local.card("4000000000000002"), in: world, client)
            #expect(declined.status == 402, "\(declined.text)")
            #expect(declined.json["type"]?.string?.contains("payment_method_declined") == true, "\(declined.text)")
            let missing = try await save("pm_missing", in: world, client)
            #expect(missing.status == 400)
            #expect(missing.fields == ["payment_method"])
            let odd = try await save("../customers/cus_1", in: world, client)
            #expect(odd.fields == ["payment_method"])
            let list = try await client.send(.get, "/v1/payment-methods", as: world.acme.secret)
            #expect(list.json["data"] == [])
        }
    }

    @Test func `a charge that is declined leaves the invoice open`() async throws {
        try await run { world, client, local in
            _ = try await save(try await local.card("4000000000000341"), in: world, client)
            let invoice = try await world.invoice(of: world.acme)
            let attempt = try #require(try await world.collect(invoice))
            #expect(attempt.state == .declined)
            #expect(attempt.errorCode == "card_declined")
            #expect(try await world.current(invoice)?.status == .open)
            #expect(try await world.payments(of: world.acme.tenant) == [])
        }
    }

    @Test func `what the customer confirms later is told by an event, which pays the invoice`() async throws {
        try await run(isLive: true) { world, client, local in
            let port = try #require(client.port)
            try await local.sendEvents(
                to: "http://127.0.0.1:\(port)/v1/gateways/stripe",
                secret: World.webhookSecret
            )
            // Its events are signed with the machine's time.
            world.time.set(SystemTime().now())
            _ = try await save(try await local.card("4000002500003155"), in: world, client)
            let invoice = try await world.invoice(of: world.acme)
            let attempt = try #require(try await world.collect(invoice))
            #expect(attempt.state == .needsAction)
            try await local.authenticate(try #require(attempt.reference), success: true)
            #expect(try await eventually { try await world.current(attempt)?.state == .succeeded })
            #expect(try await world.current(invoice)?.status == .paid)
            #expect(try await world.payments(of: world.acme.tenant).map(\.amount) == [invoice.amountDue])
        }
    }

    @Test func `an event of a charge that was answered before changes nothing`() async throws {
        try await run(isLive: true) { world, client, local in
            let port = try #require(client.port)
            try await local.sendEvents(
                to: "http://127.0.0.1:\(port)/v1/gateways/stripe",
                secret: World.webhookSecret
            )
            world.time.set(SystemTime().now())
            _ = try await save(try await local.card("4242424242424242"), in: world, client)
            let attempt = try #require(try await world.collect(try await world.invoice(of: world.acme)))
            #expect(attempt.state == .succeeded)
            let isTold = try await eventually {
                try await world.database.transaction(as: .system) { transaction in
                    try await transaction.first(
                        """
                        SELECT state FROM app.gateway_events
                        WHERE type = 'payment_intent.succeeded' AND object = \(attempt.reference)
                        """
                    ) { row in try row.next() as String }
                } == "applied"
            }
            #expect(isTold)
            #expect(try await world.payments(of: world.acme.tenant).count == 1)
        }
    }

    @Test func `an outage leaves the charge open, and it is sent again under its own key`() async throws {
        try await run { world, client, local in
            _ = try await save(try await local.card("4242424242424242"), in: world, client)
            let invoice = try await world.invoice(of: world.acme)
            try await world.setStripe(url: "http://127.0.0.1:9")
            let lost = try #require(try await world.collect(invoice))
            #expect(lost.state == .sent)
            #expect(lost.tries == 1)
            #expect(try await world.current(invoice)?.status == .open)
            // Set right again, it works without a restart.
            try await world.setStripe(url: local.url)
            let paid = try #require(try await world.collect(invoice))
            #expect(paid.id == lost.id)
            #expect(paid.state == .succeeded)
        }
    }

    @Test func `a removed card is forgotten at Stripe, too`() async throws {
        try await run { world, client, local in
            let card = try await local.card("4242424242424242")
            let saved = try await save(card, in: world, client)
            #expect(try await local.get("/v1/payment_methods/\(card)")["customer"]?.string != nil)
            let path = "/v1/payment-methods/\(saved.json["id"]?.string ?? "")"
            #expect(try await client.send(.delete, path, as: world.acme.secret).status == 200)
            try await world.work()
            #expect(try await local.get("/v1/payment_methods/\(card)")["customer"] == .null)
        }
    }

    @Test func `a card is prepared for the browser with the tenant's customer`() async throws {
        try await run { world, client, local in
            let setup = try await client.send(.post, "/v1/payment-methods/setup", as: world.acme.secret)
            #expect(setup.status == 200, "\(setup.text)")
            let id = setup.json["setup_intent"]?.string ?? ""
            let there = try await local.get("/v1/setup_intents/\(id)")
            #expect(there["client_secret"] == setup.json["client_secret"])
            #expect(there["customer"]?.string?.hasPrefix("cus_") == true)
        }
    }

    @Test func `credit is bought with a saved card, charged once`() async throws {
        try await run { world, client, local in
            _ = try await save(try await local.card("4242424242424242"), in: world, client)
            let id = try await world.buyCredit(world.acme, client)
            #expect(try await world.credit(id, of: world.acme.tenant).purchase?.status == .pending)
            for _ in 0..<2 { try await world.work() }
            let (purchase, prepaid) = try await world.credit(id, of: world.acme.tenant)
            #expect(purchase?.status == .succeeded && prepaid.text == "30.00", "\(String(describing: purchase))")
            let intents = try await local.get("/v1/payment_intents")["data"]?.array ?? []
            #expect(intents.map { $0["amount"] } == [3_000])
            #expect(intents.first?["metadata"]?["purchase"] == .string(id.text))
        }
    }

    @Test func `what waits for its customer is cancelled at Stripe before another is charged`() async throws {
        try await run { world, client, local in
            _ = try await save(try await local.card("4000002500003155"), in: world, client)
            let invoice = try await world.invoice(of: world.acme)
            let waiting = try #require(try await world.collect(invoice))
            #expect(waiting.state == .needsAction)
            let other = try await local.card("4242424242424242")
            _ = try await client.send(
                .post,
                "/v1/payment-methods",
                as: world.acme.secret,
                body: ["gateway": "stripe", "payment_method": .string(other), "default": true]
            )
            let paid = try await client.send(.post, "/v1/invoices/\(invoice.id)/pay", as: world.acme.secret)
            #expect(paid.json["status"] == "paid", "\(paid.text)")
            #expect(try await world.current(waiting)?.state == .failed)
            let old = try await local.get("/v1/payment_intents/\(waiting.reference ?? "")")
            #expect(old["status"] == "canceled")
        }
    }

    @Test func `what succeeded before it could be cancelled is the payment`() async throws {
        try await run { world, client, local in
            _ = try await save(try await local.card("4000002500003155"), in: world, client)
            let invoice = try await world.invoice(of: world.acme)
            let waiting = try #require(try await world.collect(invoice))
            // Its event comes nowhere.
            try await local.authenticate(try #require(waiting.reference), success: true)
            let paid = try await client.send(.post, "/v1/invoices/\(invoice.id)/pay", as: world.acme.secret)
            #expect(paid.json["status"] == "paid", "\(paid.text)")
            #expect(try await world.current(waiting)?.state == .succeeded)
            #expect(try await local.get("/v1/payment_intents")["data"]?.array?.count == 1)
        }
    }
}
