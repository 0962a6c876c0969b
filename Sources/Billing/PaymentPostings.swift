import Ledger
import Values

/// How payments, refunds and disputes go to the books.
///
/// Pure. Money that nothing has taken yet is owed to the customer (`unapplied_cash`). What goes back is owed first
/// (`refund_payable`) and leaves cash once it has been sent.
enum PaymentPostings {
    /// Cash, less what the gateway kept, for what invoices take at once and for what is left.
    static func received(_ payment: Payment, id: JournalID) throws(LedgerError) -> Journal {
        let taken = payment.allocations.filter(\.isAtReceipt)
        let rest = payment.amount.minor - taken.reduce(0) { $0 + $1.amount.minor }
        return try journal(
            payment,
            "payment:\(payment.id):received",
            at: payment.at,
            [
                .debit(.cash, payment.amount.minor - payment.fee.minor), .debit(.paymentFees, payment.fee.minor),
                .credit(.unappliedCash, rest),
            ] + taken.map { .credit(account($0.debt), $0.amount.minor) },
            memo: "payment \(payment.reference)",
            id: id
        )
    }

    /// What an invoice takes later, or what is taken back from it.
    static func applied(_ part: PaymentAllocation, of payment: Payment, id: JournalID) throws(LedgerError) -> Journal {
        try journal(
            payment,
            "payment:\(payment.id):applied:\(part.id)",
            at: part.at,
            [.debit(.unappliedCash, part.amount.minor), .credit(account(part.debt), part.amount.minor)],
            memo: "payment \(payment.reference)",
            id: id
        )
    }

    /// A rest that nobody pursues.
    static func writtenOff(
        _ part: PaymentAllocation,
        tenant: TenantID,
        id: JournalID
    ) throws(LedgerError) -> Journal {
        try Journal(
            id: id,
            tenant: tenant,
            at: part.at,
            key: "write_off:\(part.id)",
            currency: part.amount.currency,
            entries: [.debit(.writeOff, part.amount.minor), .credit(account(part.debt), part.amount.minor)],
            reference: part.invoice.text,
            memo: "small rest written off"
        )
    }

    /// What is to go back is owed; nil if it was owed already.
    static func owed(_ refund: PaymentRefund, id: JournalID) throws(LedgerError) -> Journal? {
        let shares = refund.shares
        let owed = shares.total - shares.payable
        guard owed > 0 else { return nil }
        return try journal(
            refund,
            "owed",
            at: refund.at,
            [
                .debit(.unappliedCash, shares.unapplied), .debit(.refunds, shares.applied),
                .debit(.prepaidCredit, shares.credit), .credit(.refundPayable, owed),
            ],
            id: id
        )
    }

    /// What was owed has been sent.
    static func sent(_ refund: PaymentRefund, at instant: Instant, id: JournalID) throws(LedgerError) -> Journal {
        try journal(
            refund,
            "sent",
            at: instant,
            [.debit(.refundPayable, refund.amount.minor), .credit(.cash, refund.amount.minor)],
            id: id
        )
    }

    /// What could not be sent is not owed any more; nil if it was owed before the refund.
    static func failed(_ refund: PaymentRefund, at instant: Instant, id: JournalID) throws(LedgerError) -> Journal? {
        let shares = refund.shares
        let owed = shares.total - shares.payable
        guard owed > 0 else { return nil }
        return try journal(
            refund,
            "failed",
            at: instant,
            [
                .debit(.refundPayable, owed), .credit(.unappliedCash, shares.unapplied),
                .credit(.refunds, shares.applied), .credit(.prepaidCredit, shares.credit),
            ],
            id: id
        )
    }

    /// The provider takes the money until it is decided; of what invoices took it is a receivable meanwhile, and credit
    /// that none took is not the tenant's.
    static func opened(_ dispute: PaymentDispute, id: JournalID) throws(LedgerError) -> Journal {
        let shares = dispute.shares
        return try journal(
            dispute,
            "opened",
            at: dispute.at,
            [
                .debit(.unappliedCash, shares.unapplied), .debit(.receivable, shares.applied),
                .debit(.prepaidCredit, shares.credit), .debit(.paymentFees, dispute.fee.minor),
                .credit(.cash, shares.total + dispute.fee.minor),
            ],
            id: id
        )
    }

    /// The money comes back; the fee does not.
    static func won(_ dispute: PaymentDispute, at instant: Instant, id: JournalID) throws(LedgerError) -> Journal {
        let shares = dispute.shares
        return try journal(
            dispute,
            "won",
            at: instant,
            [
                .debit(.cash, shares.total), .credit(.unappliedCash, shares.unapplied),
                .credit(.receivable, shares.applied), .credit(.prepaidCredit, shares.credit),
            ],
            id: id
        )
    }

    /// The money is gone; nil if no invoice had taken of it.
    static func lost(_ dispute: PaymentDispute, at instant: Instant, id: JournalID) throws(LedgerError) -> Journal? {
        guard dispute.shares.applied > 0 else { return nil }
        return try journal(
            dispute,
            "lost",
            at: instant,
            [.debit(.badDebt, dispute.shares.applied), .credit(.receivable, dispute.shares.applied)],
            id: id
        )
    }

    private static func account(_ debt: PaymentAllocation.Debt) -> Account {
        switch debt {
        case .receivable: .receivable
        case .badDebt: .badDebt
        }
    }

    private static func journal(
        _ payment: Payment,
        _ key: String,
        at instant: Instant,
        _ entries: [Journal.Entry],
        memo: String,
        id: JournalID
    ) throws(LedgerError) -> Journal {
        try Journal(
            id: id,
            tenant: payment.tenant,
            at: instant,
            key: key,
            currency: payment.amount.currency,
            entries: entries,
            reference: payment.id.text,
            memo: memo
        )
    }

    private static func journal(
        _ refund: PaymentRefund,
        _ act: String,
        at instant: Instant,
        _ entries: [Journal.Entry],
        id: JournalID
    ) throws(LedgerError) -> Journal {
        try Journal(
            id: id,
            tenant: refund.tenant,
            at: instant,
            key: "refund:\(refund.id):\(act)",
            currency: refund.amount.currency,
            entries: entries,
            reference: refund.id.text,
            memo: "refund \(act)"
        )
    }

    private static func journal(
        _ dispute: PaymentDispute,
        _ act: String,
        at instant: Instant,
        _ entries: [Journal.Entry],
        id: JournalID
    ) throws(LedgerError) -> Journal {
        try Journal(
            id: id,
            tenant: dispute.tenant,
            at: instant,
            key: "dispute:\(dispute.id):\(act)",
            currency: dispute.amount.currency,
            entries: entries,
            reference: dispute.id.text,
            memo: "dispute \(dispute.reference) \(act)"
        )
    }
}
