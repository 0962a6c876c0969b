import Values

/// What Stripe answered, and what it means for a charge or a refund.
struct StripeAnswer: Sendable {
    /// The status of the HTTP answer.
    let status: Int
    /// The body, if it was JSON.
    let json: JSONValue?
    /// After how many seconds to ask again, if it said so.
    var retryAfterSeconds: Int64?
    /// Whether it said that asking again may help.
    var shouldRetry: Bool?

    /// Whether the request did what it should.
    var isSuccess: Bool { (200..<300).contains(status) && json?.object != nil }

    /// The error object of its body.
    var error: JSONValue? { json?["error"] }

    /// Whether the same request under the same key may do better in a moment: it is in progress, there are too many, or
    /// something failed on their side.
    var isRetryable: Bool {
        if let shouldRetry { return shouldRetry }
        return status == 409 || status == 429 || status >= 500
    }

    /// What a charge came to.
    var chargeOutcome: GatewayOutcome {
        guard isSuccess, let intent = json else { return refusal }
        return StripeAnswer.outcome(ofIntent: intent) ?? unintelligible
    }

    /// What a refund came to.
    var refundOutcome: GatewayOutcome {
        guard isSuccess, let refund = json else { return refusal }
        return StripeAnswer.outcome(ofRefund: refund) ?? unintelligible
    }

    /// What a look for an earlier charge came to that found out nothing: it is neither done again nor given up.
    ///
    /// What is not there to be looked at was not done either; asking for it says so.
    var unknown: GatewayOutcome? {
        guard ![400, 402, 404].contains(status) else { return nil }
        if case .unavailable = refusal { return refusal }
        return unintelligible
    }

    // MARK: - Objects

    /// What a PaymentIntent says; nil if it is none.
    static func outcome(ofIntent intent: JSONValue) -> GatewayOutcome? {
        guard let id = intent["id"]?.string, let status = intent["status"]?.string else { return nil }
        switch status {
        case "succeeded":
            return .succeeded(reference: id, fee: fee(ofIntent: intent), received: received(ofIntent: intent))
        case "processing": return .pending(reference: id)
        case "requires_action":
            return .needsAction(reference: id, url: intent["next_action"]?["redirect_to_url"]?["url"]?.string)
        case "requires_payment_method":
            guard let error = intent["last_payment_error"], !error.isNull else {
                return .declined(reference: id, code: "declined", message: "the payment was declined", isFinal: false)
            }
            return declined(error, reference: id)
        case "canceled":
            let why = intent["cancellation_reason"]?.string ?? "canceled"
            return .declined(reference: id, code: why, message: "the payment was cancelled", isFinal: true)
        default: return nil
        }
    }

    /// What a Refund says; nil if it is none.
    static func outcome(ofRefund refund: JSONValue) -> GatewayOutcome? {
        guard let id = refund["id"]?.string, let status = refund["status"]?.string else { return nil }
        switch status {
        case "succeeded": return .succeeded(reference: id, fee: nil)
        case "pending": return .pending(reference: id)
        case "requires_action": return .needsAction(reference: id, url: nil)
        case "failed", "canceled":
            let why = refund["failure_reason"]?.string ?? status
            return .declined(reference: id, code: why, message: "the refund \(status): \(why)", isFinal: true)
        default: return nil
        }
    }

    /// What came, if the answer says so.
    private static func received(ofIntent intent: JSONValue) -> Money? {
        guard let number = intent["amount_received"]?.int, let currency = intent["currency"]?.string else { return nil }
        return StripeAmount.money(number, currency: currency)
    }

    /// What Stripe kept of a charge, if the answer holds its balance transaction.
    private static func fee(ofIntent intent: JSONValue) -> Money? {
        guard let transaction = intent["latest_charge"]?["balance_transaction"], let fee = transaction["fee"]?.int,
            let currency = transaction["currency"]?.string
        else { return nil }
        return StripeAmount.money(fee, currency: currency)
    }

    // MARK: - Errors

    /// What an error says of the charge or refund.
    private var refusal: GatewayOutcome {
        guard let error, error.object != nil else { return unintelligible }
        let message = StripeAnswer.message(error)
        switch status {
        case 402:
            let reference = error["payment_intent"]?["id"]?.string
            if StripeAnswer.needsAuthentication(error), let reference {
                let next = error["payment_intent"]?["next_action"]?["redirect_to_url"]?["url"]
                return .needsAction(reference: reference, url: next?.string)
            }
            return StripeAnswer.declined(error, reference: reference)
        case 400, 404:
            // Under a key that was used for something else it is not known what was done.
            if error["type"]?.string == "idempotency_error" {
                return .unavailable(message: "Stripe: \(message)", retryAfterSeconds: nil)
            }
            let code = error["code"]?.string ?? (status == 404 ? "resource_missing" : "invalid_request")
            // A lock is held for a moment only.
            if code == "lock_timeout" { return .unavailable(message: "Stripe: \(message)", retryAfterSeconds: 1) }
            return .declined(reference: nil, code: code, message: message, isFinal: true)
        case 401, 403:
            return .unavailable(message: "Stripe does not accept the API key: \(message)", retryAfterSeconds: nil)
        default:
            return .unavailable(message: "Stripe answered \(status): \(message)", retryAfterSeconds: retryAfterSeconds)
        }
    }

    private var unintelligible: GatewayOutcome {
        .unavailable(
            message: "Stripe answered \(status) with something that is not understood",
            retryAfterSeconds: retryAfterSeconds
        )
    }

    /// The refusal of what is no charge or refund: of saving a payment method, for one.
    func problem(_ what: String, field: String) -> Problem {
        let message = error.map(StripeAnswer.message) ?? "the answer is not understood"
        switch status {
        case 402: return Problem(.paymentRequired, code: "payment_method_declined", "\(what): \(message)")
        case 400, 404:
            return Problem(
                .invalid,
                "\(field): \(what): \(message)",
                errors: [Problem.FieldError(field: field, message: message)]
            )
        default:
            return Problem(
                .unavailable,
                code: "gateway_unavailable",
                "\(what): Stripe cannot be asked at present; try again",
                retryAfterSeconds: Int(retryAfterSeconds ?? 30)
            )
        }
    }

    private static func declined(_ error: JSONValue, reference: String?) -> GatewayOutcome {
        let code = error["decline_code"]?.string ?? error["code"]?.string ?? "declined"
        return .declined(reference: reference, code: code, message: message(error), isFinal: isFinal(error, code: code))
    }

    private static func needsAuthentication(_ error: JSONValue) -> Bool {
        ["authentication_required", "payment_intent_authentication_required"].contains(error["code"]?.string)
            || error["decline_code"]?.string == "authentication_required"
    }

    /// What is said to people: the error's sentence, bounded.
    private static func message(_ error: JSONValue) -> String {
        String((error["message"]?.string ?? "the payment was declined").prefix(500))
    }

    /// Whether another try with the same payment method has no prospect: the issuer's advice, or else the code.
    private static func isFinal(_ error: JSONValue, code: String) -> Bool {
        switch error["advice_code"]?.string {
        case "do_not_try_again": true
        case "try_again_later": false
        default: hopeless.contains(code)
        }
    }

    /// The codes of https://docs.stripe.com/declines/codes after which a card is not charged again.
    private static let hopeless: Set<String> = [
        "card_not_supported", "currency_not_supported", "expired_card", "fraudulent", "incorrect_number",
        "invalid_account", "invalid_number", "lost_card", "merchant_blacklist", "new_account_information_available",
        "no_action_taken", "pickup_card", "restricted_card", "revocation_of_all_authorizations",
        "revocation_of_authorization", "security_violation", "stolen_card", "stop_payment_order",
        "transaction_not_allowed",
    ]
}
