import NIOCore
import Testing
import Values

@testable import Billing

/// The gateway against a server that answers as written down.
@Suite(.timeLimit(.minutes(10))) struct StripeGatewayTests {
    private typealias Answer = ScriptedStripe.Answer

    private static let succeeded: JSONValue = ["id": "pi_1", "status": "succeeded"]

    private func gateway(_ url: String, timeout: TimeAmount = .seconds(20), answer: Int = 1 << 20) -> StripeGateway {
        var limits = StripeClient.Limits()
        limits.timeout = timeout
        limits.pause = .milliseconds(1)
        limits.answer = answer
        return StripeGateway(client: StripeClient(key: "sk_test_1", url: url, limits: limits))
    }

    private func charge(
        _ text: String = "20.00",
        _ code: String = "USD",
        mayHaveBeenSent: Bool = false
    ) throws -> GatewayCharge {
        GatewayCharge(
            amount: try Money(json: ["amount": .string(text), "currency": .string(code)]),
            customer: "cus_1",
            method: "pm_1",
            idempotencyKey: "pat_1",
            description: "Invoice AB-1",
            metadata: ["tenant": "ten_1", "invoice": "inv_1", "attempt": "pat_1"],
            mayHaveBeenSent: mayHaveBeenSent
        )
    }

    @Test func `a charge is one confirmed PaymentIntent under its own key`() async throws {
        try await ScriptedStripe.run([Answer(body: Self.succeeded)]) { server, url in
            let outcome = await gateway(url).charge(try charge())
            #expect(outcome == .succeeded(reference: "pi_1", fee: nil))
            let asked = try #require(server.asked.first)
            #expect(server.asked.count == 1)
            #expect(asked.path == "/v1/payment_intents")
            #expect(asked.authorization == "Bearer sk_test_1")
            #expect(asked.key == "pat_1")
            #expect(asked.type == "application/x-www-form-urlencoded")
            #expect(
                asked.form == [
                    "amount": "2000", "currency": "usd", "customer": "cus_1", "payment_method": "pm_1",
                    "confirm": "true", "off_session": "true", "description": "Invoice AB-1",
                    "metadata[tenant]": "ten_1", "metadata[invoice]": "inv_1", "metadata[attempt]": "pat_1",
                    "expand[]": "latest_charge.balance_transaction",
                ]
            )
        }
    }

    @Test func `a refund names the charge, the amount and its own key`() async throws {
        let answers = [Answer(body: ["data": []]), Answer(body: ["id": "re_1", "status": "pending"])]
        try await ScriptedStripe.run(answers) { server, url in
            let refund = GatewayRefund(
                payment: "pi_1",
                amount: Money(minor: 500, currency: .usd),
                idempotencyKey: "rfd_1",
                metadata: ["refund": "rfd_1"]
            )
            #expect(await gateway(url).refund(refund) == .pending(reference: "re_1"))
            let asked = try #require(server.asked.last)
            #expect(server.asked.map(\.method) == ["GET", "POST"])
            #expect(asked.path == "/v1/refunds")
            #expect(asked.key == "rfd_1")
            #expect(asked.form == ["amount": "500", "payment_intent": "pi_1", "metadata[refund]": "rfd_1"])
        }
    }

    @Test func `a charge that may have been sent is looked for before it is sent`() async throws {
        let known: JSONValue = [
            "data": [
                ["id": "pi_0", "status": "succeeded", "metadata": ["attempt": "pat_0"]],
                ["id": "pi_1", "status": "succeeded", "metadata": ["attempt": "pat_1"]],
            ]
        ]
        try await ScriptedStripe.run([Answer(body: known)]) { server, url in
            let outcome = await gateway(url).charge(try charge(mayHaveBeenSent: true))
            #expect(outcome == .succeeded(reference: "pi_1", fee: nil))
            #expect(server.asked.map(\.method) == ["GET"])
            #expect(server.asked.first?.form == ["customer": "cus_1", "limit": "100"])
            #expect(server.asked.first?.key == nil)
        }
        try await ScriptedStripe.run([Answer(body: ["data": []]), Answer(body: Self.succeeded)]) { server, url in
            let outcome = await gateway(url).charge(try charge(mayHaveBeenSent: true))
            #expect(outcome == .succeeded(reference: "pi_1", fee: nil))
            #expect(server.asked.map(\.method) == ["GET", "POST"])
        }
        // Who cannot find out does not charge.
        try await ScriptedStripe.run([Answer(status: 500, body: ["error": [:]])]) { server, url in
            guard case .unavailable = await gateway(url).charge(try charge(mayHaveBeenSent: true)) else {
                Issue.record("is not unavailable")
                return
            }
            #expect(Set(server.asked.map(\.method)) == ["GET"])
        }
    }

    @Test func `a refund that arrived is not sent again`() async throws {
        let known: JSONValue = ["data": [["id": "re_1", "status": "succeeded", "metadata": ["refund": "rfd_1"]]]]
        try await ScriptedStripe.run([Answer(body: known)]) { server, url in
            let refund = GatewayRefund(
                payment: "pi_1",
                amount: Money(minor: 500, currency: .usd),
                idempotencyKey: "rfd_1",
                metadata: ["refund": "rfd_1"]
            )
            #expect(await gateway(url).refund(refund) == .succeeded(reference: "re_1", fee: nil))
            #expect(server.asked.map(\.method) == ["GET"])
            #expect(server.asked.first?.form["payment_intent"] == "pi_1")
        }
    }

    @Test func `what Stripe cannot take is declined before anything is sent`() async throws {
        try await ScriptedStripe.run([Answer(body: Self.succeeded)]) { server, url in
            let outcome = await gateway(url).charge(try charge("5.124", "KWD"))
            guard case .declined(nil, "amount_not_chargeable", let message, true) = outcome else {
                Issue.record("is \(outcome)")
                return
            }
            #expect(message.contains("5.124 KWD"))
            #expect(server.asked.isEmpty)
        }
    }

    @Test(arguments: [500, 503, 409, 429])
    func `a passing failure is asked again under the same key`(status: Int) async throws {
        let failing = Answer(status: status, body: ["error": ["type": "api_error"]])
        try await ScriptedStripe.run([failing, failing, Answer(body: Self.succeeded)]) { server, url in
            let outcome = await gateway(url).charge(try charge())
            #expect(outcome == .succeeded(reference: "pi_1", fee: nil))
            #expect(server.asked.map(\.key) == ["pat_1", "pat_1", "pat_1"])
            #expect(Set(server.asked.map(\.form)).count == 1)
        }
    }

    @Test func `it is asked three times at most, and then left to the caller`() async throws {
        let failing = Answer(status: 500, body: ["error": ["type": "api_error", "message": "oops"]])
        try await ScriptedStripe.run([failing]) { server, url in
            guard case .unavailable = await gateway(url).charge(try charge()) else {
                Issue.record("is not unavailable")
                return
            }
            #expect(server.asked.count == 3)
        }
    }

    @Test func `who asks for a long wait is not asked again here`() async throws {
        let busy = Answer(status: 429, body: ["error": ["type": "rate_limit"]], headers: ["Retry-After": "60"])
        try await ScriptedStripe.run([busy]) { server, url in
            guard case .unavailable(_, let wait) = await gateway(url).charge(try charge()) else {
                Issue.record("is not unavailable")
                return
            }
            #expect(wait == 60)
            #expect(server.asked.count == 1)
        }
    }

    @Test func `what Stripe says about repeating counts`() async throws {
        let final = Answer(status: 500, body: ["error": [:]], headers: ["Stripe-Should-Retry": "false"])
        try await ScriptedStripe.run([final]) { server, url in
            _ = await gateway(url).charge(try charge())
            #expect(server.asked.count == 1)
        }
    }

    @Test func `a decline is told once, with its code`() async throws {
        let declined = Answer(
            status: 402,
            body: [
                "error": [
                    "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
                    "message": "Your card has insufficient funds.", "payment_intent": ["id": "pi_1"],
                ]
            ]
        )
        try await ScriptedStripe.run([declined]) { server, url in
            let outcome = await gateway(url).charge(try charge())
            #expect(
                outcome
                    == .declined(
                        reference: "pi_1",
                        code: "insufficient_funds",
                        message: "Your card has insufficient funds.",
                        isFinal: false
                    )
            )
            #expect(server.asked.count == 1)
        }
    }

    @Test func `a key that was used for something else is a conflict that nobody knows the end of`() async throws {
        let conflict = Answer(
            status: 400,
            body: ["error": ["type": "idempotency_error", "message": "Keys can only be used with the same parameters"]]
        )
        try await ScriptedStripe.run([conflict]) { server, url in
            guard case .unavailable(let message, _) = await gateway(url).charge(try charge()) else {
                Issue.record("is not unavailable")
                return
            }
            #expect(message.contains("same parameters"))
            #expect(server.asked.count == 1)
        }
    }

    @Test func `a server that hangs is unavailable, and is asked again under the same key`() async throws {
        let hanging = Answer(body: Self.succeeded, delay: .seconds(30))
        try await ScriptedStripe.run([hanging, Answer(body: Self.succeeded)]) { server, url in
            let outcome = await gateway(url, timeout: .milliseconds(300)).charge(try charge())
            #expect(outcome == .succeeded(reference: "pi_1", fee: nil))
            #expect(server.asked.map(\.key) == ["pat_1", "pat_1"])
        }
        try await ScriptedStripe.run([hanging]) { server, url in
            let outcome = await gateway(url, timeout: .milliseconds(200)).charge(try charge())
            #expect(outcome == .unavailable(message: "Stripe did not answer in time", retryAfterSeconds: nil))
            #expect(server.asked.count == 3)
        }
    }

    @Test func `an answer that is too large or no JSON is unavailable`() async throws {
        let large = Answer(
            text: #"{"id": "pi_1", "status": "succeeded", "x": ""# + String(repeating: "x", count: 5000) + #""}"#
        )
        try await ScriptedStripe.run([large]) { _, url in
            guard case .unavailable(let message, _) = await gateway(url, answer: 1000).charge(try charge()) else {
                Issue.record("is not unavailable")
                return
            }
            #expect(message.contains("1000 bytes"))
        }
        try await ScriptedStripe.run([Answer(text: "<html>Welcome</html>")]) { _, url in
            guard case .unavailable = await gateway(url).charge(try charge()) else {
                Issue.record("is not unavailable")
                return
            }
        }
    }

    @Test func `nobody at the address is unavailable`() async throws {
        // Port 9 is discard's, where nobody listens.
        guard case .unavailable(let message, _) = await gateway("http://127.0.0.1:9").charge(try charge()) else {
            Issue.record("is not unavailable")
            return
        }
        #expect(message == "Stripe cannot be reached")
    }

    @Test func `a redirection is not followed, so that the key goes nowhere else`() async throws {
        try await ScriptedStripe.run([Answer(body: Self.succeeded)]) { other, elsewhere in
            let moved = Answer(status: 307, headers: ["Location": elsewhere + "/v1/payment_intents"])
            try await ScriptedStripe.run([moved]) { _, url in
                guard case .unavailable = await gateway(url).charge(try charge()) else {
                    Issue.record("is not unavailable")
                    return
                }
            }
            #expect(other.asked.isEmpty)
        }
    }

    @Test func `an API key that is not accepted leaves the charge open`() async throws {
        let refused = Answer(status: 401, body: ["error": ["message": "Invalid API Key provided: sk_test_****1"]])
        try await ScriptedStripe.run([refused]) { server, url in
            guard case .unavailable(let message, _) = await gateway(url).charge(try charge()) else {
                Issue.record("is not unavailable")
                return
            }
            #expect(message.contains("API key"))
            #expect(server.asked.count == 1)
        }
    }
}
