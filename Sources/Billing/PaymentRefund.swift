package import Values

extension Entities {
    /// Money that goes back to a customer.
    package enum PaymentRefund: Entity {
        package static let prefix = "rfd"
    }

    /// What a customer's bank takes back.
    package enum PaymentDispute: Entity {
        package static let prefix = "dsp"
    }
}

/// Names a refund.
package typealias PaymentRefundID = ID<Entities.PaymentRefund>
/// Names a dispute.
package typealias PaymentDisputeID = ID<Entities.PaymentDispute>

/// Money that goes back to a customer: of a payment, or what was owed to the customer anyway.
package struct PaymentRefund: Hashable, Sendable {
    /// Where it stands.
    package enum State: String, Sendable, CaseIterable {
        /// To be sent, or sent and not confirmed.
        case pending
        /// The customer has it.
        case succeeded
        /// It was refused; nothing has been given back.
        case failed
    }

    /// Names it.
    package let id: PaymentRefundID
    /// Who gets it.
    package let tenant: TenantID
    /// The payment by whose way it is sent; nil where people send it.
    package let payment: PaymentID?
    /// The purchase of credit whose money went back at its gateway.
    package let purchase: CreditPurchaseID?
    /// What it takes of, in minor units.
    package let shares: PaymentShares
    /// What is taken back of the credit that was given with the purchase, in minor units; no money.
    package let bonus: Int64
    /// What of the money was for bought credit that invoices had taken, in minor units.
    package let paidBack: Int64
    /// The currency of all its amounts.
    package let currency: Currency
    /// Who sends it.
    package let gateway: String
    /// Where it stands.
    package var state: State
    /// Why, for people.
    package let reason: String
    /// What names it outside, once that is known.
    package var reference: String?
    /// Why it was refused.
    package var error: String?
    /// How often nobody answered.
    package var tries: Int
    /// When it was asked for, in business time.
    package let at: Instant
    /// When it succeeded or failed, in business time.
    package var settledAt: Instant?
    /// What makes asking twice harmless.
    package let dedupeKey: String

    /// How much goes back.
    package var amount: Money { Money(minor: shares.total, currency: currency) }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "payment": .optional(payment?.text),
            "purchase": .optional(purchase?.text), "amount": amount.json, "of_unapplied": money(shares.unapplied),
            "of_applied": money(shares.applied), "of_owed": money(shares.payable), "of_credit": money(shares.credit),
            "gateway": .string(gateway), "state": .string(state.rawValue),
            "reason": .string(reason), "reference": .optional(reference), "error": .optional(error),
            "at": .string(at.text), "settled_at": .optional(settledAt?.text),
        ]
    }

    private func money(_ minor: Int64) -> JSONValue { Money(minor: minor, currency: currency).json }

    /// What it is after its gateway has answered.
    ///
    /// `reference`: nil keeps the one it has.
    func settled(_ state: State, reference: String?, error: String?, at instant: Instant?) -> PaymentRefund {
        var next = self
        next.state = state
        next.reference = reference ?? self.reference
        next.error = error
        next.settledAt = instant
        return next
    }

    /// What it is after nobody has answered.
    func unanswered(_ error: String) -> PaymentRefund {
        var next = self
        next.error = error
        next.tries += 1
        return next
    }
}

/// A payment, or what was paid for credit, that a customer's bank takes back until, or for good if, it is decided for
/// the customer.
package struct PaymentDispute: Hashable, Sendable {
    /// Where it stands.
    package enum State: String, Sendable, CaseIterable {
        /// The provider holds the money.
        case open
        /// The money has come back.
        case won
        /// The money is gone.
        case lost
    }

    /// Names it.
    package let id: PaymentDisputeID
    /// Whose payment it is about.
    package let tenant: TenantID
    /// The payment; nil if it is about a purchase of credit.
    package let payment: PaymentID?
    /// The purchase of credit.
    package let purchase: CreditPurchaseID?
    /// Who tells of it.
    package let gateway: String
    /// What the gateway calls it.
    package let reference: String
    /// What it takes of, in minor units.
    package let shares: PaymentShares
    /// What is taken back of the credit that was given with the purchase, in minor units; no money.
    package let bonus: Int64
    /// What of the money was for bought credit that invoices had taken, in minor units.
    package let paidBack: Int64
    /// What the provider takes for it.
    package let fee: Money
    /// Why, as the provider says.
    package let reason: String
    /// Where it stands.
    package var state: State
    /// Until when the provider takes evidence; nil if it has not said so.
    package var evidenceDueAt: Instant?
    /// When it was opened, in business time.
    package let at: Instant
    /// When it was decided, in business time.
    package var closedAt: Instant?

    /// How much is disputed.
    package var amount: Money { Money(minor: shares.total, currency: fee.currency) }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "payment": .optional(payment?.text),
            "purchase": .optional(purchase?.text), "gateway": .string(gateway), "reference": .string(reference),
            "amount": amount.json, "fee": fee.json, "reason": .string(reason), "state": .string(state.rawValue),
            "evidence_due_at": .optional(evidenceDueAt?.text), "at": .string(at.text),
            "closed_at": .optional(closedAt?.text),
        ]
    }
}
