import Crypto
import Foundation
import Values

/// Stripe: customers, saved payment methods, charges by PaymentIntents, refunds.
package struct StripeGateway: PaymentProvider {
    private let client: StripeClient
    private let describes: Bool

    /// `key`: the secret API key.
    ///
    /// `url`: of an imitation instead of Stripe; one is not sent what it may not know, the description of a charge.
    package init(key: String, url: String? = nil) {
        self.init(client: StripeClient(key: key, url: url), describes: url == nil)
    }

    init(client: StripeClient, describes: Bool = true) {
        self.client = client
        self.describes = describes
    }

    package var name: String { GatewayName.stripe.rawValue }

    // MARK: - Money

    /// Takes money with a saved method, without the customer: a PaymentIntent that is confirmed at once.
    ///
    /// An amount that Stripe cannot take exactly is declined for good before anything is sent.
    package func charge(_ charge: GatewayCharge) async -> GatewayOutcome {
        var form = FormBody()
        do {
            form.add("amount", String(try StripeAmount.number(of: charge.amount)))
        } catch { return StripeGateway.notChargeable(error) }
        form.add("currency", charge.amount.currency.code.lowercased())
        form.add("customer", charge.customer)
        form.add("payment_method", charge.method)
        form.add("confirm", "true")
        form.add("off_session", "true")
        if describes { form.add("description", String(charge.description.prefix(1000))) }
        form.add("metadata", charge.metadata)
        form.add("expand[]", "latest_charge.balance_transaction")
        do {
            if charge.mayHaveBeenSent, let known = try await find(charge) { return known }
            return try await client.post("/v1/payment_intents", form, idempotencyKey: charge.idempotencyKey)
                .chargeOutcome
        } catch { return .unavailable(message: error.message, retryAfterSeconds: nil) }
    }

    /// Gives money of a PaymentIntent back.
    package func refund(_ refund: GatewayRefund) async -> GatewayOutcome {
        var form = FormBody()
        do {
            form.add("amount", String(try StripeAmount.number(of: refund.amount)))
        } catch { return StripeGateway.notChargeable(error) }
        // Charges made elsewhere and brought here may go by the name of the charge.
        form.add(refund.payment.hasPrefix("ch_") ? "charge" : "payment_intent", refund.payment)
        form.add("metadata", refund.metadata)
        do {
            if let known = try await find(refund) { return known }
            return try await client.post("/v1/refunds", form, idempotencyKey: refund.idempotencyKey).refundOutcome
        } catch { return .unavailable(message: error.message, retryAfterSeconds: nil) }
    }

    /// Cancels a PaymentIntent; one that cannot be cancelled any more says what it has come to.
    package func cancel(_ reference: String, idempotencyKey: String) async -> GatewayOutcome {
        guard StripeGateway.isIdentifier(reference, prefix: "pi_") else {
            return .unavailable(message: "\(reference) is no PaymentIntent", retryAfterSeconds: nil)
        }
        let path = "/v1/payment_intents/\(reference)"
        do {
            let answer = try await client.post(path + "/cancel", FormBody(), idempotencyKey: idempotencyKey)
            guard [400, 402, 404].contains(answer.status) else { return answer.chargeOutcome }
            // As it is now: the answer may be that of an earlier request under the key.
            var query = FormBody()
            query.add("expand[]", "latest_charge.balance_transaction")
            return try await client.get(path, query).chargeOutcome
        } catch { return .unavailable(message: error.message, retryAfterSeconds: nil) }
    }

    /// What became of a charge that was sent before, if it arrived: Stripe forgets keys after a day, not charges.
    ///
    /// Of one customer the newest hundred are looked through, which no two tries are apart.
    private func find(_ charge: GatewayCharge) async throws(StripeClient.Failure) -> GatewayOutcome? {
        let names = ["attempt", "purchase"]
        guard let name = names.first(where: { charge.metadata[$0] != nil }), let id = charge.metadata[name] else {
            return nil
        }
        var query = FormBody()
        if describes { query.add("customer", charge.customer) }
        query.add("limit", "100")
        let answer = try await client.get("/v1/payment_intents", query)
        guard answer.isSuccess, let intents = answer.json?["data"]?.array else { return answer.unknown }
        guard let intent = intents.first(where: { $0["metadata"]?[name]?.string == id }) else { return nil }
        return StripeAnswer(status: answer.status, json: intent).chargeOutcome
    }

    /// What became of a refund that was sent before, if it arrived.
    private func find(_ refund: GatewayRefund) async throws(StripeClient.Failure) -> GatewayOutcome? {
        guard let id = refund.metadata["refund"] else { return nil }
        var query = FormBody()
        query.add(refund.payment.hasPrefix("ch_") ? "charge" : "payment_intent", refund.payment)
        query.add("limit", "100")
        let answer = try await client.get("/v1/refunds", query)
        guard answer.isSuccess, let refunds = answer.json?["data"]?.array else { return answer.unknown }
        guard let known = refunds.first(where: { $0["metadata"]?["refund"]?.string == id }) else { return nil }
        return StripeAnswer(status: answer.status, json: known).refundOutcome
    }

    private static func notChargeable(_ problem: Problem) -> GatewayOutcome {
        .declined(reference: nil, code: problem.code, message: problem.message, isFinal: true)
    }

    // MARK: - Customers and their methods

    /// Makes the customer of a tenant and returns Stripe's id of it; asked again with the same content within a day it
    /// is the same one.
    func createCustomer(_ tenant: TenantID, name: String, email: String?) async throws(Problem) -> String {
        var form = FormBody()
        form.add("name", name)
        form.add("email", email)
        form.add("metadata", ["tenant": tenant.text])
        let digest = SHA256.hash(data: Data(form.text.utf8)).prefix(8).map { String($0) }.joined(separator: "-")
        let answer = try await send("/v1/customers", form, key: "customer:\(tenant):\(digest)")
        guard answer.isSuccess, let id = answer.json?["id"]?.string else {
            throw answer.problem("the customer cannot be made at Stripe", field: "gateway")
        }
        return id
    }

    /// Saves a payment method, which the customer's browser made, with the customer.
    ///
    /// - Throws: `paymentRequired` if the card is declined, `invalid` if there is no such method, `unavailable`.
    func attach(_ method: String, to customer: String, field: String) async throws(Problem) -> PaymentMethodDetails {
        guard StripeGateway.isIdentifier(method, prefix: "pm_") else {
            throw .invalid(
                field,
                "is \(JSONValue.string(method).seen); the id of a Stripe payment method, pm_…, is expected"
            )
        }
        var form = FormBody()
        form.add("customer", customer)
        let answer = try await send(
            "/v1/payment_methods/\(method)/attach",
            form,
            key: "attach:\(method):\(customer)"
        )
        guard answer.isSuccess, let object = answer.json, let id = object["id"]?.string else {
            throw answer.problem("the payment method cannot be saved", field: field)
        }
        return PaymentMethodDetails(stripe: object, reference: id, customer: customer)
    }

    /// Begins to save a method that the customer's browser will confirm, with a strong authentication where one is due.
    func createSetup(for customer: String, key: String) async throws(Problem) -> (id: String, clientSecret: String) {
        var form = FormBody()
        form.add("customer", customer)
        form.add("usage", "off_session")
        let answer = try await send("/v1/setup_intents", form, key: key)
        guard answer.isSuccess, let id = answer.json?["id"]?.string,
            let secret = answer.json?["client_secret"]?.string
        else { throw answer.problem("a payment method cannot be saved at present", field: "gateway") }
        return (id, secret)
    }

    /// Has Stripe forget a saved method; one that is not there any more is no error.
    func detach(_ method: String) async throws(Problem) {
        let answer = try await send("/v1/payment_methods/\(method)/detach", FormBody(), key: "detach:\(method)")
        guard !answer.isSuccess, ![400, 404].contains(answer.status) else { return }
        throw answer.problem("the payment method cannot be removed at Stripe", field: "id")
    }

    private func send(_ path: String, _ form: FormBody, key: String) async throws(Problem) -> StripeAnswer {
        do {
            return try await client.post(path, form, idempotencyKey: key)
        } catch {
            throw Problem(
                .unavailable,
                code: "gateway_unavailable",
                "\(error.message); try again",
                retryAfterSeconds: 30
            )
        }
    }

    /// Whether a text is an id that can stand in a path.
    static func isIdentifier(_ text: String, prefix: String) -> Bool {
        text.hasPrefix(prefix) && (prefix.utf8.count + 1...200).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}
