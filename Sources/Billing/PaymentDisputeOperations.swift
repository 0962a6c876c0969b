import Jobs
import Ledger
package import Postgres
package import Values

/// What a gateway tells of a dispute.
struct PaymentDisputeNotice: Hashable, Sendable {
    /// What the gateway calls it.
    let reference: String
    let state: PaymentDispute.State
    /// How much is disputed; nil is all that was paid, and more than that is cut.
    let amount: Money?
    /// What the provider takes for it; nil is nothing.
    let fee: Money?
    /// Why, as the provider says.
    let reason: String
    /// Until when the provider takes evidence; nil if it does not say so.
    let evidenceDueAt: Instant?

    /// How much is disputed of what was paid, in minor units.
    func minor(of paid: Money) -> Int64 {
        guard let amount, amount.currency == paid.currency else { return paid.minor }
        return max(1, min(amount.minor, paid.minor))
    }

    /// What the provider takes, in minor units of a currency.
    func feeMinor(in currency: Currency) -> Int64 {
        guard let fee, fee.currency == currency else { return 0 }
        return max(0, fee.minor)
    }
}

extension PaymentOperations {
    /// Writes what a gateway tells of a dispute; the same again is no work.
    ///
    /// When it is opened the provider takes the money, and a fee that is not given back. What no invoice took of the
    /// payment is not the tenant's any more; for what invoices took there is a receivable until it is decided: it comes
    /// back if it is won and is a bad debt if it is lost. The invoices stay paid.
    ///
    /// `reference`: what the gateway calls the dispute.
    ///
    /// `amount`: nil is the whole payment; more than that is cut.
    ///
    /// `evidenceDueAt`: until when the provider takes evidence; nil if it does not say so.
    ///
    /// - Throws: `PaymentError.notFound`, `.disputeDecided` if it was decided the other way.
    @discardableResult
    package static func dispute(
        _ reference: String,
        of payment: PaymentID,
        tenant: TenantID,
        state: PaymentDispute.State,
        amount: Money? = nil,
        fee: Money? = nil,
        reason: String,
        evidenceDueAt: Instant? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentDispute {
        let notice = PaymentDisputeNotice(
            reference: try PaymentDraft.checked(reference),
            state: state,
            amount: amount,
            fee: fee,
            reason: reason,
            evidenceDueAt: evidenceDueAt
        )
        let payment = try await PaymentQueries.lock(payment, of: tenant, in: transaction)
        let known = try await PaymentDisputeQueries.lock(
            gateway: payment.gateway,
            reference: reference,
            of: tenant,
            in: transaction
        )
        if let known { return try await follow(known, notice, by: stamp, in: transaction) }
        let opened = PaymentDispute(
            notice,
            tenant: tenant,
            payment: payment.id,
            gateway: payment.gateway,
            shares: PaymentRules.disputed(notice.minor(of: payment.amount), of: payment),
            currency: payment.amount.currency,
            by: stamp
        )
        try await open(opened, by: stamp, in: transaction)
        return try await follow(opened, notice, by: stamp, in: transaction)
    }

    /// Writes a dispute that was not known, and what the provider took.
    static func open(_ dispute: PaymentDispute, by stamp: Stamp, in transaction: borrowing Transaction) async throws {
        try await transaction.execute(PaymentDisputeQueries.insert(dispute, by: stamp))
        let journal = try PaymentPostings.opened(dispute, id: .make(at: stamp.recordedAt))
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
        try await record("dispute.opened", dispute, stamp, in: transaction)
    }

    /// Writes how a dispute that is known goes on; the caller holds it.
    static func follow(
        _ dispute: PaymentDispute,
        _ notice: PaymentDisputeNotice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentDispute {
        var next = dispute
        next.evidenceDueAt = notice.evidenceDueAt ?? dispute.evidenceDueAt
        guard notice.state != .open, dispute.state != notice.state else {
            if next != dispute { try await transaction.execute(PaymentDisputeQueries.update(next)) }
            return next
        }
        guard dispute.state == .open else {
            throw PaymentError.disputeDecided(dispute.reference, state: dispute.state)
        }
        next.state = notice.state
        next.closedAt = stamp.at
        try await transaction.execute(PaymentDisputeQueries.update(next))
        let id = JournalID.make(at: stamp.recordedAt)
        let journal =
            next.state == .won
            ? try PaymentPostings.won(dispute, at: stamp.at, id: id)
            : try PaymentPostings.lost(dispute, at: stamp.at, id: id)
        if let journal { try await LedgerOperations.post([journal], by: stamp, in: transaction) }
        if next.state == .won, let purchase = dispute.purchase {
            let taken = CreditPurchase.Taken(
                credit: dispute.shares.credit,
                bonus: dispute.bonus,
                paidBack: dispute.paidBack
            )
            try await CreditPurchaseOperations.giveBack(
                taken,
                to: purchase,
                of: dispute.tenant,
                because: dispute.id.text,
                by: stamp,
                in: transaction
            )
        }
        try await record("dispute.\(next.state.rawValue)", next, stamp, in: transaction)
        return next
    }

    private static func record(
        _ verb: String,
        _ dispute: PaymentDispute,
        _ stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: dispute.id.text,
            tenant: dispute.tenant,
            details: dispute.json,
            by: stamp,
            in: transaction
        )
    }
}

extension PaymentDispute {
    /// One that a gateway tells of for the first time: it is open, whatever has become of it since.
    init(
        _ notice: PaymentDisputeNotice,
        tenant: TenantID,
        payment: PaymentID? = nil,
        purchase: CreditPurchaseID? = nil,
        gateway: String,
        shares: PaymentShares,
        taken: CreditPurchase.Taken = .nothing,
        currency: Currency,
        by stamp: Stamp
    ) {
        self.init(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            payment: payment,
            purchase: purchase,
            gateway: gateway,
            reference: notice.reference,
            shares: shares,
            bonus: taken.bonus,
            paidBack: taken.paidBack,
            fee: Money(minor: notice.feeMinor(in: currency), currency: currency),
            reason: String(notice.reason.unicodeScalars.filter { $0.value != 0 }.prefix(500).map(Character.init)),
            state: .open,
            evidenceDueAt: notice.evidenceDueAt,
            at: stamp.at,
            closedAt: nil
        )
    }
}
