import HTTPTypes
import HummingbirdTesting
import Jobs
import Postgres
import Testing
import Values

@testable import API
@testable import Billing

/// Purchases of credit and cancelled charges, with a server at the other end that answers as written down.
@Suite(.timeLimit(.minutes(10))) struct CreditChargeTests {
    private typealias Answer = ScriptedStripe.Answer

    /// Buys credit, has the job charge it as often as told, and says what the tenant has in the end.
    private func buy(
        _ answers: [ScriptedStripe.Answer],
        works: Int = 1,
        _ body: @escaping @Sendable (ScriptedStripe, CreditPurchase, Money, World) async throws -> Void
    ) async throws {
        try await ScriptedStripe.run(answers) { server, url in
            try await World.run { world, client in
                try await world.setStripe(url: url)
                _ = try await world.card("pm_1", of: world.acme.tenant)
                let id = try await world.buyCredit(world.acme, client)
                for hour in 0..<works {
                    world.time.set(World.now.adding(seconds: Int64(hour) * 3_600))
                    try await world.work()
                }
                let (purchase, prepaid) = try await world.credit(id, of: world.acme.tenant)
                try await body(server, try #require(purchase), prepaid, world)
            }
        }
    }

    private static func intent(_ received: Int) -> JSONValue {
        ["id": "pi_1", "status": "succeeded", "currency": "usd", "amount_received": .int(received)]
    }

    @Test func `a purchase is one PaymentIntent under its own key`() async throws {
        try await buy([Answer(body: Self.intent(3_000))], works: 2) { server, purchase, prepaid, _ in
            #expect(purchase.status == .succeeded && purchase.reference == "pi_1")
            #expect(prepaid.text == "30.00")
            let asked = try #require(server.asked.first)
            #expect(server.asked.count == 1 && asked.path == "/v1/payment_intents")
            #expect(asked.key == purchase.id.text && asked.form["amount"] == "3000")
            #expect(asked.form["customer"] == "cus_1" && asked.form["payment_method"] == "pm_1")
            #expect(asked.form["metadata[purchase]"] == purchase.id.text)
        }
    }

    @Test func `after an outage it is looked for before it is charged again`() async throws {
        let down = Answer(status: 503, body: ["error": ["type": "api_error", "message": "later"]])
        let found: JSONValue = ["data": [["id": "pi_other", "status": "succeeded", "metadata": [:]]]]
        let answers = [down, down, down, Answer(body: found), Answer(body: Self.intent(3_000))]
        try await buy(answers, works: 3) { server, purchase, prepaid, _ in
            #expect(purchase.status == .succeeded && prepaid.text == "30.00")
            #expect(server.asked.map(\.method) == ["POST", "POST", "POST", "GET", "POST"])
            #expect(Set(server.asked.compactMap(\.key)) == [purchase.id.text])
        }
    }

    @Test func `another amount than the price grants nothing and is the tenant's`() async throws {
        try await buy([Answer(body: Self.intent(2_000))]) { _, purchase, prepaid, world in
            let left = try await world.payments(of: purchase.tenant).map(\.unapplied.text)
            #expect(purchase.status == .failed)
            #expect(prepaid.isZero)
            #expect(left == ["20.00"])
        }
    }

    @Test func `a decline ends the purchase`() async throws {
        let refusal = Answer(
            status: 402,
            body: ["error": ["type": "card_error", "code": "card_declined", "decline_code": "lost_card"]]
        )
        try await buy([refusal], works: 2) { server, purchase, prepaid, _ in
            #expect(purchase.status == .failed && purchase.failure?.hasPrefix("lost_card") == true)
            #expect(prepaid.isZero && server.asked.count == 1)
        }
    }

    // MARK: - Cancelling

    private func cancel(
        _ answers: [ScriptedStripe.Answer],
        _ reference: String = "pi_1"
    ) async throws -> (outcome: GatewayOutcome, asked: [ScriptedStripe.Asked]) {
        try await ScriptedStripe.run(answers) { server, url in
            var limits = StripeClient.Limits()
            limits.pause = .milliseconds(1)
            let gateway = StripeGateway(client: StripeClient(key: "sk_test_1", url: url, limits: limits))
            let outcome = await gateway.cancel(reference, idempotencyKey: "cancel:pat_1")
            return (outcome: outcome, asked: server.asked)
        }
    }

    @Test func `a cancelled charge is a decline, asked for under a key of its own`() async throws {
        let canceled: JSONValue = ["id": "pi_1", "status": "canceled"]
        let (outcome, asked) = try await cancel([Answer(body: canceled)])
        guard case .declined("pi_1", "canceled", _, _) = outcome else {
            Issue.record("is \(outcome)")
            return
        }
        #expect(asked.map(\.path) == ["/v1/payment_intents/pi_1/cancel"])
        #expect(asked.map(\.key) == ["cancel:pat_1"])
    }

    @Test func `one that cannot be cancelled any more says what it has come to`() async throws {
        let error: JSONObject = ["type": "invalid_request_error", "code": "payment_intent_unexpected_state"]
        let received = Money(minor: 1_500, currency: .usd)
        let told = try await cancel([
            Answer(status: 400, body: ["error": .object(error)]), Answer(body: Self.intent(1_500)),
        ])
        #expect(told.outcome == .succeeded(reference: "pi_1", fee: nil, received: received))
        let looked = try await cancel([
            Answer(status: 400, body: ["error": .object(error)]), Answer(body: ["id": "pi_1", "status": "processing"]),
        ])
        #expect(looked.outcome == .pending(reference: "pi_1"))
        #expect(looked.asked.map(\.method) == ["POST", "GET"])
    }

    @Test func `without an answer it is not known, and what is no charge's name is not sent`() async throws {
        for answers in [[Answer(status: 500, body: ["error": [:]])], [Answer(status: 401, body: ["error": [:]])]] {
            guard case .unavailable = try await cancel(answers).outcome else {
                Issue.record("is not unavailable")
                return
            }
        }
        let odd = try await cancel([Answer(body: [:])], "../customers/cus_1")
        guard case .unavailable = odd.outcome else {
            Issue.record("is \(odd.outcome)")
            return
        }
        #expect(odd.asked.isEmpty)
    }
}
