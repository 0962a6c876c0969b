package import Values

extension Entities {
    /// A try to collect an invoice.
    package enum PaymentAttempt: Entity {
        package static let prefix = "pat"
    }
}

/// Names a try to collect an invoice.
package typealias PaymentAttemptID = ID<Entities.PaymentAttempt>

/// A try to collect an invoice with a saved payment method.
///
/// It is written before the gateway is asked; its id is the idempotency key, so asking again after a crash or an outage
/// is the same charge.
package struct PaymentAttempt: Hashable, Sendable {
    /// Where it stands.
    package enum State: String, Sendable, CaseIterable {
        /// About to be asked, or asked and not answered: it may or may not have happened.
        case sent
        /// Paid.
        case succeeded
        /// Begun; the gateway tells later.
        case pending
        /// The customer has to confirm it.
        case needsAction = "needs_action"
        /// Refused by the gateway.
        case declined
        /// Given up by us.
        case failed

        /// Whether its end is still to come, so that no other may begin.
        package var isUnderWay: Bool { self == .sent || self == .pending || self == .needsAction }
    }

    /// Names it.
    package let id: PaymentAttemptID
    /// Who is to pay.
    package let tenant: TenantID
    /// What is collected.
    package let invoice: InvoiceID
    /// Who is asked.
    package let gateway: String
    /// What the gateway calls the customer.
    package let customer: String?
    /// What the gateway calls the payment method.
    package let method: String
    /// How much.
    package let amount: Money
    /// Where it stands.
    package let state: State
    /// What the gateway calls the charge, once it has said so.
    package let reference: String?
    /// Why it was refused, for programs.
    package let errorCode: String?
    /// Why it was refused, for people.
    package let errorMessage: String?
    /// Whether the same method has no prospect any more.
    package let isFinal: Bool
    /// Where the customer confirms it.
    package let actionURL: String?
    /// How often nobody answered.
    package let tries: Int
    /// When to ask again.
    package let nextTryAt: Instant?
    /// Since when it is to be ended at its gateway, in business time, because another takes its place or the invoice
    /// needs no money any more; nothing else is charged before the gateway has said that it is.
    package let cancelRequestedAt: Instant?
    /// The money, once it is there.
    package let payment: PaymentID?
    /// When it began, in business time.
    package let at: Instant
    /// When it ended, in business time.
    package let settledAt: Instant?

    /// Whether its gateway is to be asked to end it.
    package var isToBeCancelled: Bool { state == .needsAction && cancelRequestedAt != nil }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "invoice": .string(invoice.text), "gateway": .string(gateway),
            "amount": amount.json, "state": .string(state.rawValue), "reference": .optional(reference),
            "error_code": .optional(errorCode), "error_message": .optional(errorMessage), "final": .bool(isFinal),
            "action_url": .optional(actionURL), "tries": .int(tries), "next_try_at": .optional(nextTryAt?.text),
            "cancel_requested_at": .optional(cancelRequestedAt?.text),
            "payment": .optional(payment?.text), "at": .string(at.text), "settled_at": .optional(settledAt?.text),
        ]
    }

    /// What the gateway is asked.
    ///
    /// `number`: the invoice's.
    ///
    /// `mayHaveBeenSent`: whether it is not sent for the first time.
    func charge(for number: String, mayHaveBeenSent: Bool = false) -> GatewayCharge {
        GatewayCharge(
            amount: amount,
            customer: customer,
            method: method,
            idempotencyKey: id.text,
            description: "Invoice \(number)",
            metadata: ["tenant": tenant.text, "invoice": invoice.text, "attempt": id.text],
            mayHaveBeenSent: mayHaveBeenSent || tries > 0
        )
    }

    /// How long to wait after nobody answered: a minute, then four times as long each time, up to six hours.
    ///
    /// `tries`: how often nobody answered, from 1.
    ///
    /// `asked`: what the gateway said itself; the longer wait counts, up to a day.
    static func waitSeconds(tries: Int, asked: Int64?) -> Int64 {
        var wait: Int64 = 60
        for _ in 1..<max(1, min(tries, 10)) { wait = min(wait * 4, 21_600) }
        return max(wait, min(asked ?? 0, 86_400))
    }
}
