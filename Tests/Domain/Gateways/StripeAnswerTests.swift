import Testing
import Values

@testable import Billing

@Suite struct StripeAnswerTests {
    private func charge(_ status: Int, _ json: JSONValue?, retryAfter: Int64? = nil) -> GatewayOutcome {
        StripeAnswer(status: status, json: json, retryAfterSeconds: retryAfter).chargeOutcome
    }

    private func error(_ members: JSONObject) -> JSONValue { ["error": .object(members)] }

    @Test func `a charge that succeeded says its fee if it is known`() {
        let intent: JSONValue = [
            "id": "pi_1", "status": "succeeded",
            "latest_charge": ["balance_transaction": ["fee": 59, "currency": "usd"]],
        ]
        #expect(charge(200, intent) == .succeeded(reference: "pi_1", fee: Money(minor: 59, currency: .usd)))
        let early: JSONValue = [
            "id": "pi_1", "status": "succeeded", "latest_charge": ["id": "ch_1", "balance_transaction": nil],
        ]
        #expect(charge(200, early) == .succeeded(reference: "pi_1", fee: nil))
    }

    @Test func `what is not decided yet is pending, or needs the customer`() {
        #expect(charge(200, ["id": "pi_1", "status": "processing"]) == .pending(reference: "pi_1"))
        let action: JSONValue = [
            "id": "pi_1", "status": "requires_action",
            "next_action": ["redirect_to_url": ["url": "https://hooks.stripe.com/3ds"]],
        ]
        #expect(charge(200, action) == .needsAction(reference: "pi_1", url: "https://hooks.stripe.com/3ds"))
        let refused = error([
            "type": "card_error", "code": "authentication_required", "decline_code": "authentication_required",
            "payment_intent": ["id": "pi_1", "status": "requires_payment_method"],
        ])
        #expect(charge(402, refused) == .needsAction(reference: "pi_1", url: nil))
    }

    @Test(
        arguments: [
            ("insufficient_funds", nil, false), ("generic_decline", nil, false), ("lost_card", nil, true),
            ("expired_card", nil, true), ("generic_decline", "do_not_try_again", true),
            ("stolen_card", "try_again_later", false),
        ] as [(String, String?, Bool)]
    )
    func `a decline is final by the issuer's advice or by its code`(code: String, advice: String?, isFinal: Bool) {
        var members: JSONObject = [
            "type": "card_error", "code": "card_declined", "decline_code": .string(code), "message": "No.",
            "payment_intent": ["id": "pi_1"],
        ]
        if let advice { members["advice_code"] = .string(advice) }
        #expect(
            charge(402, error(members)) == .declined(reference: "pi_1", code: code, message: "No.", isFinal: isFinal)
        )
    }

    @Test func `a decline without a decline code has the error's`() {
        let outcome = charge(402, error(["code": "card_declined", "message": "Your card was declined."]))
        #expect(
            outcome
                == .declined(
                    reference: nil,
                    code: "card_declined",
                    message: "Your card was declined.",
                    isFinal: false
                )
        )
    }

    @Test func `what is wrong with the request itself is final`() {
        let missing = error([
            "type": "invalid_request_error", "code": "resource_missing", "message": "No such customer",
        ])
        for status in [400, 404] {
            #expect(
                charge(status, missing)
                    == .declined(reference: nil, code: "resource_missing", message: "No such customer", isFinal: true)
            )
        }
    }

    @Test(arguments: [400, 401, 403, 409, 429, 500, 502, 503, 302, 200])
    func `whatever leaves open what happened is unavailable`(status: Int) {
        let json: JSONValue? = status == 200 ? ["object": "list"] : error(["type": "idempotency_error"])
        guard case .unavailable(let message, _) = charge(status, json) else {
            Issue.record("\(status) is \(charge(status, json))")
            return
        }
        #expect(message.contains("Stripe"))
        guard case .unavailable = charge(status, nil) else {
            Issue.record("\(status) without a body is \(charge(status, nil))")
            return
        }
    }

    @Test func `the time to wait is passed on`() {
        let json = error(["type": "api_error"])
        guard case .unavailable(_, let wait) = charge(503, json, retryAfter: 17) else {
            Issue.record("is not unavailable")
            return
        }
        #expect(wait == 17)
    }

    @Test func `a passing failure may be asked again, and what the answer says about it counts`() {
        for status in [409, 429, 500, 503] { #expect(StripeAnswer(status: status, json: nil).isRetryable) }
        for status in [200, 400, 401, 402, 404] { #expect(!StripeAnswer(status: status, json: nil).isRetryable) }
        #expect(!StripeAnswer(status: 500, json: nil, shouldRetry: false).isRetryable)
        #expect(StripeAnswer(status: 400, json: nil, shouldRetry: true).isRetryable)
    }

    @Test func `refunds end like charges`() {
        func refund(_ status: String) -> GatewayOutcome {
            let json: JSONValue = [
                "id": "re_1", "status": .string(status), "failure_reason": "expired_or_canceled_card",
            ]
            return StripeAnswer(status: 200, json: json).refundOutcome
        }
        #expect(refund("succeeded") == .succeeded(reference: "re_1", fee: nil))
        #expect(refund("pending") == .pending(reference: "re_1"))
        #expect(refund("requires_action") == .needsAction(reference: "re_1", url: nil))
        guard case .declined("re_1", "expired_or_canceled_card", _, true) = refund("failed") else {
            Issue.record("is \(refund("failed"))")
            return
        }
    }
}
