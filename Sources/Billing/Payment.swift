package import Values

extension Entities {
    /// Money that was received.
    package enum Payment: Entity {
        package static let prefix = "pay"
    }

    /// What an invoice took of a payment.
    package enum PaymentAllocation: Entity {
        package static let prefix = "pal"
    }
}

/// Names a payment.
package typealias PaymentID = ID<Entities.Payment>
/// Names what an invoice took of a payment.
package typealias PaymentAllocationID = ID<Entities.PaymentAllocation>

/// Money that was received, for whatever it turns out to be.
///
/// What no invoice has taken of it is the tenant's: other invoices can take it, or it goes back.
package struct Payment: Hashable, Sendable {
    /// Names it.
    package let id: PaymentID
    /// Who paid.
    package let tenant: TenantID
    /// Who took the money: `manual` for what people recorded.
    package let gateway: String
    /// How much was paid.
    package let amount: Money
    /// What the gateway kept of it.
    package let fee: Money
    /// What names it outside: a bank's text or a gateway's reference.
    package let reference: String
    /// When it was received, in business time.
    package let at: Instant
    /// What makes recording it twice harmless: of a tenant there is one payment with it.
    package let dedupeKey: String
    /// What invoices took of it, in the order in which they did; taken back by negative amounts.
    package let allocations: [PaymentAllocation]
    /// What of it was given back, or is on its way.
    package let refunded: PaymentShares
    /// What of it is disputed, or was lost in a dispute.
    package let disputed: PaymentShares

    /// What invoices took of it.
    package var applied: Money { money(allocations.reduce(0) { $0 + $1.amount.minor }) }

    /// What no invoice took, and was not given back.
    package var unapplied: Money {
        money(amount.minor - applied.minor - refunded.unapplied - disputed.unapplied)
    }

    /// What can still be given back of what invoices took.
    var refundableApplied: Int64 { applied.minor - refunded.applied - disputed.applied }

    /// What can still be sent back by the way it came.
    package var refundable: Money { money(amount.minor - refunded.total - disputed.total) }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "gateway": .string(gateway),
            "amount": amount.json, "fee": fee.json, "reference": .string(reference), "at": .string(at.text),
            "applied": applied.json, "unapplied": unapplied.json, "refunded": money(refunded.total).json,
            "disputed": money(disputed.total).json, "allocations": .array(allocations.map(\.json)),
        ]
    }

    private func money(_ minor: Int64) -> Money { Money(minor: minor, currency: amount.currency) }
}

/// How an amount of a payment is made up, in minor units.
package struct PaymentShares: Hashable, Sendable {
    /// Of what no invoice took.
    package var unapplied: Int64 = 0
    /// Of what invoices took.
    package var applied: Int64 = 0
    /// What was owed to the customer anyway, and is only sent by the way that the payment came.
    package var payable: Int64 = 0
    /// Of credit that was bought with it and that no invoice took.
    package var credit: Int64 = 0

    /// Makes an amount of its parts.
    package init(unapplied: Int64 = 0, applied: Int64 = 0, payable: Int64 = 0, credit: Int64 = 0) {
        self.unapplied = unapplied
        self.applied = applied
        self.payable = payable
        self.credit = credit
    }

    /// All of it.
    package var total: Int64 { unapplied + applied + payable + credit }
}

/// What settles an invoice: a part of a payment, or a small rest that nobody pursues.
package struct PaymentAllocation: Hashable, Sendable {
    /// The closed set of what settles an invoice.
    package enum Kind: String, Sendable, CaseIterable {
        /// Money.
        case payment
        /// A rest that is too small to be asked for.
        case writeOff = "write_off"
    }

    /// What is settled by it.
    package enum Debt: String, Sendable, CaseIterable {
        /// An invoice that was expected to be paid.
        case receivable
        /// One that had been given up.
        case badDebt = "bad_debt"
    }

    /// Names it.
    package let id: PaymentAllocationID
    /// What it is.
    package let kind: Kind
    /// The payment it is a part of; nil for a rest that is written off.
    package let payment: PaymentID?
    /// The invoice that it settles.
    package let invoice: InvoiceID
    /// How much; negative where one is taken back.
    package let amount: Money
    /// Whether the payment's own journal books it.
    package let isAtReceipt: Bool
    /// What it settles.
    package let debt: Debt
    /// When, in business time.
    package let at: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "kind": .string(kind.rawValue), "payment": .optional(payment?.text),
            "invoice": .string(invoice.text), "amount": amount.json, "at": .string(at.text),
        ]
    }
}
