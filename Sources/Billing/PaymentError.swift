package import Values

/// What payments refuse.
package enum PaymentError: ProblemConvertible, Hashable {
    /// The tenant has no payment with the id.
    case notFound(PaymentID)
    /// The tenant has no refund with the id.
    case refundNotFound(PaymentRefundID)
    /// The tenant has no attempt with the id.
    case attemptNotFound(PaymentAttemptID)
    /// What names it was used for another payment.
    case referenceTaken(PaymentID, reference: String)
    /// The tenant is billed in another currency.
    case otherCurrency(TenantID, is: Currency, asked: Currency)
    /// The payment and the invoice have two currencies.
    case currencies(PaymentID, InvoiceID)
    /// It would have been received after now.
    case inFuture(Instant)
    /// All of it is taken already.
    case nothingLeft(PaymentID)
    /// The invoice takes no money.
    case nothingToPay(InvoiceID, status: InvoiceStatus)
    /// More than the payment or the invoice has left.
    case tooMuch(asked: Money, left: Money)
    /// The rest of the invoice is too large to be written off.
    case restTooLarge(InvoiceID, rest: Money, limit: Money)
    /// More than can be given back.
    case notRefundable(PaymentID, asked: Money, left: Money)
    /// More than is owed to the tenant.
    case notOwed(TenantID, asked: Money, owed: Money)
    /// The tenant has no payment method to charge.
    case noMethod(TenantID)
    /// An attempt of the invoice is under way.
    case underWay(InvoiceID, attempt: PaymentAttemptID)
    /// No gateway has the name.
    case gatewayMissing(String)
    /// What the invoice took was refunded, or is disputed.
    case givenBack(InvoiceID, payment: PaymentID)
    /// The dispute was decided the other way.
    case disputeDecided(String, state: PaymentDispute.State)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("payment", id.text)
        case .refundNotFound(let id): Problem.notFound("refund", id.text)
        case .attemptNotFound(let id): Problem.notFound("payment attempt", id.text)
        case .otherCurrency(let tenant, let own, let asked):
            .invalid("amount.currency", "is \(asked); the tenant \(tenant) is billed in \(own)")
        case .inFuture(let instant): .invalid("received_at", "is \(instant), which is still to come")
        case .tooMuch(let asked, let left): .invalid("amount", "is \(asked); at most \(left) is left")
        case .notRefundable(let id, let asked, let left):
            .invalid("amount", "is \(asked); of the payment \(id) \(left) can be given back")
        case .notOwed(let tenant, let asked, let owed):
            .invalid("amount", "is \(asked); \(owed) is owed to the tenant \(tenant)")
        default: Problem(.conflict, code: code, conflict)
        }
    }

    private var code: String {
        switch self {
        case .referenceTaken: "reference_taken"
        case .currencies: "currencies_differ"
        case .nothingLeft: "nothing_left"
        case .nothingToPay(_, let status): "invoice_\(status.rawValue)"
        case .restTooLarge: "rest_too_large"
        case .noMethod: "no_payment_method"
        case .underWay: "payment_under_way"
        case .gatewayMissing: "gateway_missing"
        case .disputeDecided: "dispute_decided"
        case .givenBack: "payment_given_back"
        default: "conflict"
        }
    }

    /// What stands in the way.
    private var conflict: String {
        switch self {
        case .referenceTaken(let id, let reference):
            "\(JSONValue.string(reference).seen) already names the payment \(id), of another amount or gateway"
        case .currencies(let payment, let invoice):
            "the payment \(payment) and the invoice \(invoice) are of two currencies"
        case .nothingLeft(let id): "nothing is left of the payment \(id)"
        case .nothingToPay(let id, let status):
            "the invoice \(id) is \(status.rawValue); only an open or uncollectible one takes money"
        case .restTooLarge(let id, let rest, let limit):
            "\(rest) of the invoice \(id) remains; at most \(limit) may be written off"
        case .noMethod(let tenant):
            "the tenant \(tenant) has no payment method that could be charged; add one, or pay by bank transfer"
        case .underWay(let id, let attempt):
            "the invoice \(id) is being collected already, by \(attempt); wait for its end"
        case .gatewayMissing(let name): "no payment gateway \(JSONValue.string(name).seen) is set up on this server"
        case .givenBack(let id, let payment):
            "money of the payment \(payment) for the invoice \(id) was refunded or is disputed; "
                + "a credit note can correct it"
        case .disputeDecided(let reference, let state): "the dispute \(reference) is already \(state.rawValue)"
        default: "it cannot be done as things stand"
        }
    }
}
