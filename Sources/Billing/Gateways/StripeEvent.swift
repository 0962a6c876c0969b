import Values

/// An event that Stripe sent: something happened to one of its objects.
struct StripeEvent: Sendable {
    /// What names it; the same event may come more than once.
    let id: String
    /// What happened, like `payment_intent.succeeded`.
    let type: String
    /// When it happened.
    let createdAt: Instant?
    /// The object as it was then.
    let object: JSONValue

    /// Reads the body of a request whose signature was checked.
    init(body: some Collection<UInt8>) throws(Problem) {
        let json: JSONValue
        do { json = try JSONValue(parsing: body) } catch { throw .invalid("body", error.message) }
        guard let id = json["id"]?.string, (1...200).contains(id.utf8.count) else {
            throw .invalid("id", "is missing; an event like {\"id\": \"evt_…\", \"type\": …, \"data\": …} is expected")
        }
        guard let type = json["type"]?.string, (1...200).contains(type.utf8.count) else {
            throw .invalid("type", "is missing; an event's type like payment_intent.succeeded is expected")
        }
        guard let object = json["data"]?["object"], object.object != nil else {
            throw .invalid("data.object", "is missing; the object that the event is about is expected")
        }
        self.id = id
        self.type = type
        self.object = object
        createdAt = json["created"]?.int.flatMap(StripeEvent.instant)
    }

    /// An instant as Stripe writes it, in seconds; nil if it is none of ours.
    private static func instant(_ seconds: Int) -> Instant? {
        (0...253_402_300_799).contains(seconds) ? Instant(seconds: Int64(seconds)) : nil
    }

    /// What Stripe calls the object.
    var objectID: String? { object["id"]?.string.flatMap { (1...200).contains($0.utf8.count) ? $0 : nil } }

    /// What an event means for us; nil: nothing.
    var notice: GatewayNotice? {
        switch type {
        case "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing",
            "payment_intent.requires_action", "payment_intent.canceled":
            guard let reference = objectID, let outcome = StripeAnswer.outcome(ofIntent: object) else { return nil }
            let metadata = object["metadata"]
            return .charge(
                GatewayNotice.Charge(
                    reference: reference,
                    tenant: metadata?["tenant"]?.string.flatMap { TenantID($0) },
                    attempt: metadata?["attempt"]?.string.flatMap { PaymentAttemptID($0) },
                    outcome: outcome,
                    purchase: metadata?["purchase"]?.string.flatMap { CreditPurchaseID($0) }
                )
            )
        case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
            return StripeEvent.refund(object, payment: nil).map { .refunds([$0]) }
        case "charge.refunded":
            // Only older versions of the interface list the refunds here; newer ones send refund.created instead.
            let payment = object["payment_intent"]?.string
            let refunds = (object["refunds"]?["data"] ?? object["refunds"]?["_list"])?.array ?? []
            let notices = refunds.compactMap { StripeEvent.refund($0, payment: payment) }
            return notices.isEmpty ? nil : .refunds(notices)
        case "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
            "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated":
            return dispute.map { .dispute($0) }
        default: return nil
        }
    }

    private static func refund(_ refund: JSONValue, payment: String?) -> GatewayNotice.Refund? {
        guard let reference = refund["id"]?.string, let outcome = StripeAnswer.outcome(ofRefund: refund),
            let payment = refund["payment_intent"]?.string ?? payment ?? refund["charge"]?.string,
            let amount = refund["amount"]?.int, let code = refund["currency"]?.string,
            let money = StripeAmount.money(amount, currency: code)
        else { return nil }
        return GatewayNotice.Refund(
            reference: reference,
            payment: payment,
            refund: refund["metadata"]?["refund"]?.string.flatMap { PaymentRefundID($0) },
            amount: money,
            reason: refund["reason"]?.string ?? "refunded at Stripe",
            outcome: outcome
        )
    }

    private var dispute: GatewayNotice.Dispute? {
        guard let reference = objectID, let payment = object["payment_intent"]?.string ?? object["charge"]?.string,
            let status = object["status"]?.string, let amount = object["amount"]?.int,
            let code = object["currency"]?.string, let money = StripeAmount.money(amount, currency: code)
        else { return nil }
        let state: PaymentDispute.State
        switch status {
        case "won", "prevented": state = .won
        case "lost": state = .lost
        // An inquiry takes no money, unless it becomes a dispute.
        case "warning_needs_response", "warning_under_review", "warning_closed": return nil
        default: state = .open
        }
        let fees = (object["balance_transactions"]?.array ?? []).compactMap { $0["fee"]?.int }.filter { $0 > 0 }
        return GatewayNotice.Dispute(
            reference: reference,
            payment: payment,
            amount: money,
            fee: StripeAmount.money(fees.first ?? 0, currency: code) ?? .zero(money.currency),
            reason: String((object["reason"]?.string ?? "general").prefix(200)),
            state: state,
            evidenceDueAt: object["evidence_details"]?["due_by"]?.int.flatMap(StripeEvent.instant)
        )
    }
}

/// What a gateway tells of something that it did, or that happened to it.
enum GatewayNotice: Hashable, Sendable {
    /// A charge.
    case charge(Charge)
    /// Refunds, ours and such that people made at the gateway.
    case refunds([Refund])
    /// A customer's bank takes a payment back, or has decided.
    case dispute(Dispute)

    /// How a charge ended, or where it stands.
    struct Charge: Hashable, Sendable {
        /// What the gateway calls it.
        let reference: String
        /// What we gave along with it.
        let tenant: TenantID?
        let attempt: PaymentAttemptID?
        let outcome: GatewayOutcome
        /// What we gave along with a charge for credit.
        var purchase: CreditPurchaseID?
    }

    /// How a refund ended, or where it stands.
    struct Refund: Hashable, Sendable {
        /// What the gateway calls it.
        let reference: String
        /// What the gateway calls the payment.
        let payment: String
        /// What we gave along with it, if it is ours.
        let refund: PaymentRefundID?
        let amount: Money
        let reason: String
        let outcome: GatewayOutcome
    }

    /// Where a dispute stands.
    struct Dispute: Hashable, Sendable {
        /// What the gateway calls it.
        let reference: String
        /// What the gateway calls the payment.
        let payment: String
        let amount: Money
        let fee: Money
        let reason: String
        let state: PaymentDispute.State
        /// Until when it takes evidence.
        var evidenceDueAt: Instant?
    }
}
