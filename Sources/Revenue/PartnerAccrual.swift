import Ledger
package import Values

extension Entities {
    /// The share in a receipt.
    package enum PartnerAccrual: Entity { package static let prefix = "psh" }
    /// Who brought a tenant.
    enum PartnerAttributionRow: Entity { static let prefix = "pat" }
    /// What a partner was paid.
    package enum PartnerPayout: Entity { package static let prefix = "ppo" }
    /// A payment, which billing knows more of.
    package enum ReceivedPayment: Entity { package static let prefix = "pay" }
}

/// Names the share in a receipt.
package typealias PartnerAccrualID = ID<Entities.PartnerAccrual>
typealias PartnerAttributionID = ID<Entities.PartnerAttributionRow>
/// Names what a partner was paid.
package typealias PartnerPayoutID = ID<Entities.PartnerPayout>
/// Names a payment.
package typealias ReceivedPaymentID = ID<Entities.ReceivedPayment>

/// Money that came of a tenant, or went back.
package struct PartnerReceipt: Hashable, Sendable {
    /// How it is dealt with.
    package enum Kind: Hashable, Sendable {
        /// It counts for who brought the tenant at its instant.
        case own
        /// It takes back receipts of its invoice or payment, from whoever had the share in them.
        case takesBack
        /// It never happened: another source's effect is undone.
        case undoes(String)
    }

    /// What it is: the kind and its ids.
    package let source: String
    package let kind: Kind
    /// When it happened, in business time.
    package let at: Instant
    /// With tax; below nothing if it went back.
    package let amount: Money
    /// Of its invoice without tax and with it, in minor units: what of it counts.
    package let net: Int64
    package let gross: Int64
    /// What it is about.
    package let invoice: InvoiceID?
    package let payment: ReceivedPaymentID?

    /// Takes the parts.
    package init(
        source: String,
        kind: Kind = .own,
        at instant: Instant,
        amount: Money,
        net: Int64,
        gross: Int64,
        invoice: InvoiceID?,
        payment: ReceivedPaymentID? = nil
    ) {
        self.source = source
        self.kind = kind
        at = instant
        self.amount = amount
        self.net = net
        self.gross = gross
        self.invoice = invoice
        self.payment = payment
    }
}

/// The share in a receipt, or what is taken back of it.
package struct PartnerAccrual: Hashable, Sendable {
    /// Names it.
    package let id: PartnerAccrualID
    /// Whose receipt it is.
    package let tenant: TenantID
    /// What came or went: the receipt's source, and a number if it touches several stretches.
    package let source: String
    /// Whose share it is.
    package let partner: PartnerID
    /// What it is about.
    package let invoice: InvoiceID?
    package let payment: ReceivedPaymentID?
    /// The first day of the stretch whose tiers it counts in.
    package let period: CalendarDate
    /// What came, with tax.
    package let receipt: Money
    /// What of it counts.
    package let base: Money
    /// The share.
    package let share: Money
    /// When it happened, in business time.
    package let at: Instant

    /// Takes the parts.
    package init(
        id: PartnerAccrualID,
        tenant: TenantID,
        source: String,
        partner: PartnerID,
        invoice: InvoiceID?,
        payment: ReceivedPaymentID?,
        period: CalendarDate,
        receipt: Money,
        base: Money,
        share: Money,
        at instant: Instant
    ) {
        self.id = id
        self.tenant = tenant
        self.source = source
        self.partner = partner
        self.invoice = invoice
        self.payment = payment
        self.period = period
        self.receipt = receipt
        self.base = base
        self.share = share
        at = instant
    }

    /// The wire ids behind it.
    package var ids: [String] {
        [id.text, invoice?.text, payment?.text].compactMap(\.self)
    }

    /// The journal of it: what is owed to the partner, as a cost or off revenue; nil if it comes to nothing.
    func journal(of role: Partner.Role, id journal: JournalID) throws(LedgerError) -> Journal? {
        guard !share.isZero else { return nil }
        return try Journal(
            id: journal,
            tenant: tenant,
            at: at,
            key: "partner_share:\(source)",
            currency: share.currency,
            entries: [
                Journal.Entry(role == .agent ? .agentShare : .partnerShare, share.minor),
                Journal.Entry(.partnerPayable, 0 &- share.minor),
            ],
            reference: partner.text,
            memo: share.isNegative ? "partner's share taken back" : "partner's share"
        )
    }
}

/// The stretch in which a partner's tiers count up.
package struct PartnerPeriod: Hashable, Comparable, Sendable {
    package let partner: PartnerID
    package let currency: Currency
    /// Its first day.
    package let start: CalendarDate

    /// Takes the three.
    package init(partner: PartnerID, currency: Currency, start: CalendarDate) {
        self.partner = partner
        self.currency = currency
        self.start = start
    }

    package static func < (left: PartnerPeriod, right: PartnerPeriod) -> Bool {
        (left.partner, left.currency.code, left.start) < (right.partner, right.currency.code, right.start)
    }
}
