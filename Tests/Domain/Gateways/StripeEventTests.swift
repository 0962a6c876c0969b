import Testing
import Values

@testable import Billing

@Suite struct StripeEventTests {
    private func event(_ type: String, _ object: JSONValue) throws -> StripeEvent {
        let json: JSONValue = [
            "id": "evt_1", "type": .string(type), "created": 1_790_000_000, "data": ["object": object],
        ]
        return try StripeEvent(body: json.text.utf8)
    }

    @Test func `a charge's event names the ids that were given along`() throws {
        let tenant = TenantID.make(at: Instant(seconds: 1))
        let attempt = PaymentAttemptID.make(at: Instant(seconds: 2))
        let event = try event(
            "payment_intent.succeeded",
            [
                "id": "pi_1", "status": "succeeded", "currency": "usd", "amount_received": 2000,
                "metadata": ["tenant": .string(tenant.text), "attempt": .string(attempt.text)],
            ]
        )
        #expect(event.createdAt == Instant(seconds: 1_790_000_000))
        #expect(event.objectID == "pi_1")
        #expect(
            event.notice
                == .charge(
                    GatewayNotice.Charge(
                        reference: "pi_1",
                        tenant: tenant,
                        attempt: attempt,
                        outcome: .succeeded(
                            reference: "pi_1",
                            fee: nil,
                            received: Money(minor: 2000, currency: .usd)
                        )
                    )
                )
        )
    }

    @Test(arguments: [
        ("payment_intent.processing", "processing"), ("payment_intent.requires_action", "requires_action"),
        ("payment_intent.payment_failed", "requires_payment_method"), ("payment_intent.canceled", "canceled"),
    ])
    func `each state of a charge is a notice`(type: String, status: String) throws {
        let event = try event(type, ["id": "pi_1", "status": .string(status), "metadata": ["attempt": "nonsense"]])
        guard case .charge(let charge) = event.notice else {
            Issue.record("\(type) is \(String(describing: event.notice))")
            return
        }
        #expect(charge.attempt == nil)
        switch (status, charge.outcome) {
        case ("processing", .pending("pi_1")), ("requires_action", .needsAction("pi_1", nil)),
            ("requires_payment_method", .declined("pi_1", "declined", _, false)),
            ("canceled", .declined("pi_1", "canceled", _, true)):
            break
        default: Issue.record("\(status) is \(charge.outcome)")
        }
    }

    @Test func `a charge that lists its refunds tells of each`() throws {
        let refund: JSONValue = [
            "id": "re_1", "status": "succeeded", "amount": 500, "currency": "usd", "charge": "ch_1",
            "reason": "requested_by_customer",
        ]
        let charge: JSONValue = ["id": "ch_1", "payment_intent": "pi_1", "refunds": ["data": [refund]]]
        guard case .refunds(let refunds) = try event("charge.refunded", charge).notice else {
            Issue.record("is no notice of refunds")
            return
        }
        #expect(refunds.map(\.reference) == ["re_1"])
        #expect(refunds.first?.payment == "pi_1")
        #expect(refunds.first?.amount == Money(minor: 500, currency: .usd))
        #expect(refunds.first?.reason == "requested_by_customer")
        // Newer versions do not list them; they send refund.created.
        #expect(try event("charge.refunded", ["id": "ch_1", "payment_intent": "pi_1"]).notice == nil)
    }

    @Test(arguments: [
        ("needs_response", PaymentDispute.State.open), ("under_review", .open), ("won", .won), ("lost", .lost),
    ])
    func `a dispute's status is open, won or lost`(status: String, state: PaymentDispute.State) throws {
        let object: JSONValue = [
            "id": "dp_1", "payment_intent": "pi_1", "charge": "ch_1", "amount": 2000, "currency": "usd",
            "status": .string(status), "reason": "fraudulent", "balance_transactions": [["fee": 1500]],
            "evidence_details": ["due_by": 1_790_000_500, "has_evidence": false],
        ]
        #expect(
            try event("charge.dispute.closed", object).notice
                == .dispute(
                    GatewayNotice.Dispute(
                        reference: "dp_1",
                        payment: "pi_1",
                        amount: Money(minor: 2000, currency: .usd),
                        fee: Money(minor: 1500, currency: .usd),
                        reason: "fraudulent",
                        state: state,
                        evidenceDueAt: Instant(seconds: 1_790_000_500)
                    )
                )
        )
    }

    @Test func `an inquiry and what we do not follow mean nothing`() throws {
        let inquiry: JSONValue = [
            "id": "dp_1", "payment_intent": "pi_1", "amount": 1, "currency": "usd", "status": "warning_needs_response",
        ]
        #expect(try event("charge.dispute.created", inquiry).notice == nil)
        #expect(try event("customer.created", ["id": "cus_1"]).notice == nil)
        #expect(try event("payment_intent.succeeded", ["object": "payment_intent"]).notice == nil)
    }

    @Test(arguments: [
        ("{}", "id"), (#"{"id": "evt_1"}"#, "type"), (#"{"id": "evt_1", "type": "a.b"}"#, "data.object"),
        (#"{"id": "evt_1", "type": "a.b", "data": {"object": 1}}"#, "data.object"), ("[", "body"),
    ])
    func `a body of another form is refused by the field`(body: String, field: String) {
        let error = #expect(throws: Problem.self) { try StripeEvent(body: body.utf8) }
        #expect(error?.errors.map(\.field) == [field])
    }
}
