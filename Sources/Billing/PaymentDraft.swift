package import Values

/// Money that has been received and is to be recorded.
package struct PaymentDraft: Hashable, Sendable {
    /// How much; above zero.
    package let amount: Money
    /// What names it outside: 1 to 200 characters.
    package let reference: String
    /// When it was received; nil is now.
    package let receivedAt: Instant?
    /// The invoices that take of it, the first one first; what is over stays the tenant's.
    package let invoices: [InvoiceID]
    /// Who took it.
    package let gateway: String
    /// What the gateway kept; nil is nothing.
    package let fee: Money?
    /// Whether a small rest of the invoices is written off.
    package let writesOffRest: Bool
    /// What makes recording it twice harmless; nil goes by day, amount and reference.
    package let dedupeKey: String?

    /// People's own payments.
    package static let manual = "manual"

    /// Makes a draft; what is wrong with it is named.
    package init(
        amount: Money,
        reference: String,
        receivedAt: Instant? = nil,
        invoices: [InvoiceID] = [],
        gateway: String = PaymentDraft.manual,
        fee: Money? = nil,
        writesOffRest: Bool = false,
        dedupeKey: String? = nil
    ) throws(Problem) {
        guard amount.minor > 0 else { throw .invalid("amount", "is \(amount); it must be above 0") }
        if let fee, fee.isNegative || fee.currency != amount.currency || fee.minor > amount.minor {
            throw .invalid("fee", "is \(fee); from 0 to \(amount) is allowed")
        }
        self.amount = amount
        self.reference = try PaymentDraft.checked(reference)
        self.receivedAt = receivedAt
        self.invoices = invoices
        self.gateway = gateway
        self.fee = fee
        self.writesOffRest = writesOffRest
        self.dedupeKey = dedupeKey
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields, in zone: Zone) throws(Problem) {
        let amount = try fields.money("amount")
        let reference = try fields.string("reference")
        let receivedAt = try fields.optionalInstant("received_at", in: zone)
        let invoice = try fields.optionalID("invoice", of: Entities.Invoice.self)
        let writesOffRest = try fields.optionalBool("write_off_rest") ?? false
        try fields.finish()
        try self.init(
            amount: amount,
            reference: reference,
            receivedAt: receivedAt,
            invoices: invoice.map { [$0] } ?? [],
            writesOffRest: writesOffRest
        )
    }

    /// A payment's reference: 1 to 200 characters, none of them U+0000.
    static func checked(_ reference: String) throws(Problem) -> String {
        let length = reference.unicodeScalars.count
        guard (1...200).contains(length), !reference.utf8.contains(0) else {
            throw .invalid("reference", "has \(length) characters; 1 to 200 are allowed, and none is U+0000")
        }
        return reference
    }

    /// The key of money that came in at an instant.
    ///
    /// A bank names a transfer by its day, its text and its amount; the same again is taken for the same transfer.
    func key(receivedAt instant: Instant) -> String {
        if let dedupeKey { return dedupeKey }
        return PaymentDraft.transferKey(day: instant, amount: amount, reference: reference)
    }

    /// The key of a bank transfer of a day; the n-th of several alike in one statement has its number at the end.
    static func transferKey(day: Instant, amount: Money, reference: String, occurrence: Int = 1) -> String {
        let date = day.text.prefix(10)
        return "transfer:\(date):\(amount):\(reference)" + (occurrence > 1 ? ":\(occurrence)" : "")
    }
}

/// What is decided about payments without looking anything up.
package enum PaymentRules {
    /// How much of a payment an invoice takes: what remains of it, as far as the money goes.
    static func part(of minor: Int64, for invoice: Invoice) -> Int64 {
        guard invoice.status == .open || invoice.status == .uncollectible else { return 0 }
        return max(0, min(minor, invoice.amountRemaining.minor))
    }

    /// The largest rest that may be written off: one unit of the currency, or a hundredth of what was due.
    package static func writeOffLimit(of invoice: Invoice) -> Money {
        let hundredth = invoice.amountDue.minor / 100
        return Money(minor: max(invoice.currency.minorUnits, hundredth), currency: invoice.currency)
    }

    /// What a refund takes: first what no invoice took, then what invoices took.
    static func shares(of minor: Int64, from payment: Payment) -> PaymentShares? {
        let unapplied = min(minor, max(0, payment.unapplied.minor))
        let applied = minor - unapplied
        guard minor > 0, applied <= payment.refundableApplied, minor <= payment.refundable.minor else { return nil }
        return PaymentShares(unapplied: unapplied, applied: applied)
    }

    /// What money takes that was sent back without us: first what is owed to the tenant, then as a refund.
    ///
    /// `owed`: in the payment's currency, in minor units.
    static func shares(ofSent minor: Int64, from payment: Payment, owed: Int64) -> PaymentShares? {
        let payable = min(minor, max(0, owed))
        guard minor > payable else { return minor > 0 ? PaymentShares(payable: payable) : nil }
        guard var shares = shares(of: minor - payable, from: payment) else { return nil }
        shares.payable = payable
        return shares
    }

    /// What a dispute takes likewise: the bank does not ask how much there is to take.
    static func disputed(_ minor: Int64, of payment: Payment) -> PaymentShares {
        let unapplied = min(minor, max(0, payment.unapplied.minor))
        return PaymentShares(unapplied: unapplied, applied: minor - unapplied)
    }
}
