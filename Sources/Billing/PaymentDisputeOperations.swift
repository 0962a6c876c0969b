import Jobs
import Ledger
package import Postgres
package import Values

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
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentDispute {
        let payment = try await PaymentQueries.lock(payment, of: tenant, in: transaction)
        let reference = try PaymentDraft.checked(reference)
        var dispute = try await PaymentRefundQueries.lockDispute(
            gateway: payment.gateway,
            reference: reference,
            of: tenant,
            in: transaction
        )
        if dispute == nil {
            let opened = opened(reference, of: payment, amount: amount, fee: fee, reason: reason, stamp)
            try await transaction.execute(PaymentRefundQueries.insert(opened, by: stamp))
            let journal = try PaymentPostings.opened(opened, id: .make(at: stamp.recordedAt))
            try await LedgerOperations.post([journal], by: stamp, in: transaction)
            try await record("dispute.opened", opened, stamp, in: transaction)
            dispute = opened
        }
        guard let dispute else { throw PaymentError.notFound(payment.id) }
        guard state != .open, dispute.state != state else { return dispute }
        guard dispute.state == .open else {
            throw PaymentError.disputeDecided(reference, state: dispute.state)
        }
        return try await close(dispute, state, stamp, in: transaction)
    }

    private static func close(
        _ dispute: PaymentDispute,
        _ state: PaymentDispute.State,
        _ stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentDispute {
        try await transaction.execute(
            """
            UPDATE app.payment_disputes SET state = \(state.rawValue), closed_at = \(stamp.at)
            WHERE tenant_id = \(dispute.tenant) AND id = \(dispute.id)
            """
        )
        let id = JournalID.make(at: stamp.recordedAt)
        let journal =
            state == .won
            ? try PaymentPostings.won(dispute, at: stamp.at, id: id)
            : try PaymentPostings.lost(dispute, at: stamp.at, id: id)
        if let journal { try await LedgerOperations.post([journal], by: stamp, in: transaction) }
        let closed = dispute.closed(state, at: stamp.at)
        try await record("dispute.\(state.rawValue)", closed, stamp, in: transaction)
        return closed
    }

    private static func opened(
        _ reference: String,
        of payment: Payment,
        amount: Money?,
        fee: Money?,
        reason: String,
        _ stamp: Stamp
    ) -> PaymentDispute {
        let currency = payment.amount.currency
        let asked = amount.map { $0.currency == currency ? $0.minor : payment.amount.minor } ?? payment.amount.minor
        let minor = max(1, min(asked, payment.amount.minor))
        let kept = fee.map { $0.currency == currency ? max(0, $0.minor) : 0 } ?? 0
        return PaymentDispute(
            id: .make(at: stamp.recordedAt),
            tenant: payment.tenant,
            payment: payment.id,
            gateway: payment.gateway,
            reference: reference,
            shares: PaymentRules.disputed(minor, of: payment),
            fee: Money(minor: kept, currency: currency),
            reason: String(reason.unicodeScalars.filter { $0.value != 0 }.prefix(500).map(Character.init)),
            state: .open,
            at: stamp.at,
            closedAt: nil
        )
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
    func closed(_ state: State, at instant: Instant) -> PaymentDispute {
        PaymentDispute(
            id: id,
            tenant: tenant,
            payment: payment,
            gateway: gateway,
            reference: reference,
            shares: shares,
            fee: fee,
            reason: reason,
            state: state,
            at: at,
            closedAt: instant
        )
    }
}
