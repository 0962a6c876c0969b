import HTTPTypes
import HummingbirdTesting
import Jobs
import Postgres
import Testing
import Values

@testable import API
@testable import Billing

/// What Stripe tells at `/v1/gateways/stripe`, signed as it signs.
@Suite struct StripeEventsTests {
    private static let path = "/v1/gateways/stripe"

    /// Lends a server that is set up, with an invoice whose collection has begun and was not answered.
    private func run(
        _ body: @escaping @Sendable (World, any TestClientProtocol, PaymentAttempt) async throws -> Void
    ) async throws {
        try await World.run { world, client in
            try await world.setStripe(url: "http://127.0.0.1:9")
            _ = try await world.card("pm_1", of: world.acme.tenant)
            let invoice = try await world.invoice(of: world.acme)
            let begun = try await world.database.transaction(as: .system) { transaction in
                try await PaymentAttemptOperations.begin(
                    invoice.id,
                    of: invoice.tenant,
                    by: World.stamp,
                    in: transaction
                )
            }
            try await body(world, client, try #require(begun))
        }
    }

    private func send(
        _ text: String,
        _ client: any TestClientProtocol,
        at seconds: Int64 = World.now.seconds,
        secret: String = World.webhookSecret
    ) async throws -> Answer {
        let code = StripeSignature.code(of: Array(text.utf8), timestamp: "\(seconds)", secret: secret)
        let digest = code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        return try await client.send(
            .post,
            Self.path,
            text: text,
            headers: ["Stripe-Signature": "t=\(seconds),v1=\(digest)", "Content-Type": "application/json"]
        )
    }

    private func event(_ id: String, _ type: String, _ object: JSONValue) -> String {
        let json: JSONValue = [
            "id": .string(id), "object": "event", "type": .string(type), "created": .int(World.now.seconds),
            "data": ["object": object],
        ]
        return json.text
    }

    private func succeeded(_ id: String, _ attempt: PaymentAttempt, intent: String = "pi_1") -> String {
        event(
            id,
            "payment_intent.succeeded",
            [
                "id": .string(intent), "status": "succeeded", "currency": "usd",
                "amount_received": .int(attempt.amount.minor),
                "metadata": ["tenant": .string(attempt.tenant.text), "attempt": .string(attempt.id.text)],
            ]
        )
    }

    private func states(_ world: World) async throws -> [String] {
        try await world.database.transaction(as: .system) { transaction in
            try await transaction.query("SELECT state FROM app.gateway_events ORDER BY event_id") { row in
                try row.next() as String
            }
        }
    }

    @Test func `an event that is faster than Stripe's own answer pays the invoice, once`() async throws {
        try await run { world, client, attempt in
            for _ in 0..<3 {
                let answer = try await send(succeeded("evt_1", attempt), client)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["received"] == true)
            }
            // Another event of the same charge, and the answer that comes at last.
            #expect(try await send(succeeded("evt_2", attempt), client).status == 200)
            try await world.database.transaction(as: .system) { transaction in
                _ = try await PaymentAttemptOperations.settle(
                    attempt.id,
                    of: attempt.tenant,
                    with: .succeeded(reference: "pi_1", fee: nil),
                    by: World.stamp,
                    in: transaction
                )
            }
            let payments = try await world.payments(of: world.acme.tenant)
            #expect(payments.map(\.reference) == ["pi_1"])
            #expect(payments.map(\.amount) == [attempt.amount])
            #expect(try await states(world) == ["applied", "applied"])
            let answer = try await client.send(.get, "/v1/invoices/\(attempt.invoice)", as: world.acme.secret)
            #expect(answer.json["status"] == "paid", "\(answer.text)")
        }
    }

    @Test func `the same event eight times at once has its effect once`() async throws {
        try await run { world, client, attempt in
            let text = succeeded("evt_1", attempt)
            let statuses = try await atOnce(8) { _ in try await send(text, client).status }
            #expect(statuses == Array(repeating: 200, count: 8))
            #expect(try await world.payments(of: world.acme.tenant).count == 1)
            #expect(try await states(world) == ["applied"])
        }
    }

    @Test func `what is not signed by our secret, or too long ago, is refused and leaves nothing`() async throws {
        try await run { world, client, attempt in
            let text = succeeded("evt_1", attempt)
            let others = [
                try await send(text, client, secret: "whsec_other"),
                try await send(text, client, at: World.now.seconds - 301),
                try await send(text, client, at: World.now.seconds + 301),
                try await client.send(.post, Self.path, text: text),
                try await client.send(.post, Self.path, text: text, headers: ["Stripe-Signature": "t=1,v1=zz"]),
            ]
            for answer in others {
                #expect(answer.status == 400, "\(answer.text)")
                #expect(answer.json["type"]?.string?.contains("invalid_signature") == true, "\(answer.text)")
            }
            #expect(try await states(world) == [])
            #expect(try await world.payments(of: world.acme.tenant) == [])
            #expect(try await send(text, client, at: World.now.seconds - 299).status == 200)
        }
    }

    @Test func `without a gateway, or without its webhook secret, events are refused`() async throws {
        try await World.run { world, client in
            let text = event("evt_1", "customer.created", ["id": "cus_1"])
            let answer = try await send(text, client)
            #expect(answer.status == 409, "\(answer.text)")
            #expect(answer.text.contains("gateway_not_set_up"))
        }
    }

    @Test func `events that mean nothing here are kept and answered, and a body that is no event is refused`()
        async throws
    {
        try await run { world, client, _ in
            #expect(try await send(event("evt_1", "customer.created", ["id": "cus_1"]), client).status == 200)
            #expect(try await send(event("evt_1", "customer.created", ["id": "cus_1"]), client).status == 200)
            #expect(try await states(world) == ["ignored"])
            let answer = try await send(#"{"object": "event"}"#, client)
            #expect(answer.status == 400)
            #expect(answer.fields == ["id"])
        }
    }

    @Test func `an event about a payment that is not known yet waits for it`() async throws {
        try await run { world, client, attempt in
            let dispute: JSONValue = [
                "id": "dp_1", "payment_intent": "pi_1", "amount": 1500, "currency": "usd", "status": "needs_response",
                "reason": "fraudulent", "balance_transactions": [["fee": 1500]],
            ]
            #expect(try await send(event("evt_1", "charge.dispute.created", dispute), client).status == 200)
            #expect(try await states(world) == ["waiting"])
            world.time.set(World.now.adding(seconds: 30))
            try await world.work()
            #expect(try await states(world) == ["waiting"])
            #expect(try await send(succeeded("evt_2", attempt), client).status == 200)
            world.time.set(World.now.adding(seconds: 120))
            try await world.work()
            #expect(try await states(world) == ["applied", "applied"])
            let payment = try #require(try await world.payments(of: world.acme.tenant).first)
            #expect(payment.disputed.total == 1500)
            let body: String? = try await world.database.transaction(as: .system) { transaction in
                try await transaction.first("SELECT body FROM app.gateway_events WHERE event_id = 'evt_1'") { row in
                    try row.next() as String?
                } ?? nil
            }
            #expect(body == nil)
        }
    }

    @Test func `an event whose payment never becomes known is given up`() async throws {
        try await run { world, client, _ in
            let other: JSONValue = ["id": "pi_other", "status": "succeeded", "currency": "usd", "amount_received": 5]
            #expect(try await send(event("evt_1", "payment_intent.succeeded", other), client).status == 200)
            for hour in 1...24 {
                world.time.set(World.now.adding(seconds: Int64(hour) * 7200))
                try await world.work()
            }
            #expect(try await states(world) == ["abandoned"])
        }
    }

    @Test func `a charge of another amount than was asked is not taken for ours`() async throws {
        try await run { world, client, attempt in
            let object: JSONValue = [
                "id": "pi_1", "status": "succeeded", "currency": "usd", "amount_received": 1,
                "metadata": ["tenant": .string(attempt.tenant.text), "attempt": .string(attempt.id.text)],
            ]
            let answer = try await send(event("evt_1", "payment_intent.succeeded", object), client)
            #expect(answer.status == 200)
            #expect(try await states(world) == ["waiting"])
            #expect(try await world.payments(of: world.acme.tenant) == [])
            let current = try await world.current(attempt)
            #expect(current?.state == .sent)
        }
    }

    @Test func `a decline that is told later ends the attempt`() async throws {
        try await run { world, client, attempt in
            let object: JSONValue = [
                "id": "pi_1", "status": "requires_payment_method",
                "last_payment_error": ["code": "card_declined", "decline_code": "lost_card", "message": "No."],
                "metadata": ["tenant": .string(attempt.tenant.text), "attempt": .string(attempt.id.text)],
            ]
            #expect(try await send(event("evt_1", "payment_intent.payment_failed", object), client).status == 200)
            let declined = try await world.current(attempt)
            #expect(declined?.state == .declined)
            #expect(declined?.errorCode == "lost_card")
            #expect(declined?.isFinal == true)
        }
    }

    @Test func `a dispute is opened and lost, each once`() async throws {
        try await run { world, client, attempt in
            #expect(try await send(succeeded("evt_0", attempt), client).status == 200)
            var dispute: JSONObject = [
                "id": "dp_1", "payment_intent": "pi_1", "amount": 1500, "currency": "usd", "status": "needs_response",
                "reason": "fraudulent", "balance_transactions": [["fee": 1500]],
            ]
            for id in ["evt_1", "evt_1", "evt_2"] {
                let text = event(id, "charge.dispute.created", .object(dispute))
                #expect(try await send(text, client).status == 200)
            }
            dispute["status"] = "lost"
            let closed = event("evt_3", "charge.dispute.closed", .object(dispute))
            for _ in 0..<2 { #expect(try await send(closed, client).status == 200) }
            let disputes = try await world.database.transaction(as: .system) { transaction in
                try await transaction.query("SELECT state, fee_minor FROM app.payment_disputes") { row in
                    "\(try row.next() as String) \(try row.next() as Int)"
                }
            }
            #expect(disputes == ["lost 1500"])
            let listed = try await client.send(.get, "/v1/disputes", as: world.acme.secret)
            #expect(listed.json["data"]?.array?.count == 1, "\(listed.text)")
            let shown = listed.json["data"]?[0]
            #expect(shown?["invoices"] == [.string(attempt.invoice.text)] && shown?["state"] == "lost")
            #expect(shown?["amount"] == ["amount": "15.00", "currency": "USD"])
            let other = try await client.send(.get, "/v1/disputes", as: world.globex.secret)
            #expect(other.json["data"] == [], "\(other.text)")
            let staff = try await client.send(.get, "/v1/disputes?limit=1", as: world.secret(.finance))
            #expect(staff.json["data"]?.array?.count == 1, "\(staff.text)")
            #expect(try await states(world) == ["applied", "applied", "applied", "applied"])
        }
    }

    @Test func `a refund that people made at Stripe is booked once, and one of ours is settled`() async throws {
        try await run { world, client, attempt in
            #expect(try await send(succeeded("evt_0", attempt), client).status == 200)
            let foreign: JSONValue = [
                "id": "re_1", "payment_intent": "pi_1", "amount": 500, "currency": "usd", "status": "succeeded",
                "reason": "requested_by_customer",
            ]
            for (id, type) in [("evt_1", "refund.created"), ("evt_2", "refund.updated")] {
                #expect(try await send(event(id, type, foreign), client).status == 200)
            }
            let payment = try #require(try await world.payments(of: world.acme.tenant).first)
            #expect(payment.refunded.total == 500)
            let ours = try await world.database.transaction(as: .tenant(attempt.tenant)) { transaction in
                try await PaymentOperations.refund(
                    payment.id,
                    amount: Money(minor: 300, currency: .usd),
                    reason: "goodwill",
                    of: attempt.tenant,
                    by: World.stamp,
                    in: transaction
                )
            }
            #expect(ours.state == .pending)
            let object: JSONValue = [
                "id": "re_2", "payment_intent": "pi_1", "amount": 300, "currency": "usd", "status": "succeeded",
                "metadata": ["refund": .string(ours.id.text)],
            ]
            #expect(try await send(event("evt_3", "refund.updated", object), client).status == 200)
            let settled = try await world.database.transaction(as: .system) { transaction in
                try await PaymentRefundQueries.find(ours.id, of: attempt.tenant, in: transaction)
            }
            #expect(settled?.state == .succeeded)
            #expect(settled?.reference == "re_2")
            #expect(try await world.payments(of: world.acme.tenant).first?.refunded.total == 800)
        }
    }
}
