import Jobs
import Postgres
import Values

/// Money that went back without us: somebody gave it back at its gateway.
extension PaymentOperations {
    /// Books money of a payment that somebody gave back at its gateway, without us.
    ///
    /// What is owed to the tenant counts as sent by it, as far as it goes; the rest takes what no invoice took, then
    /// what invoices took, whatever credit notes gave back of these: the money is gone.
    ///
    /// `key`: what makes booking it twice harmless.
    ///
    /// - Throws: `PaymentError.notFound`, `.notRefundable`.
    @discardableResult
    static func bookRefund(
        of id: PaymentID,
        amount: Money,
        reason: String,
        key: String,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund {
        let payment = try await lockedWithInvoices(id, of: tenant, andTenant: true, in: transaction)
        if let known = try await known(key, of: tenant, in: transaction) { return known }
        let currency = payment.amount.currency
        let owed = try await PaymentRefundQueries.owed(to: tenant, currency: currency, in: transaction)
        guard amount.currency == currency, amount.minor <= payment.refundable.minor,
            let shares = PaymentRules.shares(ofSent: amount.minor, from: payment, owed: owed.minor)
        else { throw PaymentError.notRefundable(id, asked: amount, left: payment.refundable) }
        let refund = try planned(shares, of: payment, currency, reason, key, tenant, stamp)
        return try await begin(refund, isSent: true, by: stamp, in: transaction)
    }
}

extension PaymentRefund {
    /// Why money goes back: 1 to 500 characters, none of them U+0000.
    static func checked(reason: String) throws(Problem) -> String {
        let length = reason.unicodeScalars.count
        guard (1...500).contains(length), !reason.utf8.contains(0) else {
            throw .invalid("reason", "has \(length) characters; 1 to 500 are allowed, and none is U+0000")
        }
        return reason
    }

    /// One that is to be sent, or was sent and is to be settled.
    ///
    /// `key`: what makes asking twice harmless; nil is its own id.
    init(
        tenant: TenantID,
        payment: PaymentID? = nil,
        purchase: CreditPurchaseID? = nil,
        shares: PaymentShares,
        taken: CreditPurchase.Taken = .nothing,
        currency: Currency,
        gateway: String,
        reason: String,
        key: String?,
        by stamp: Stamp
    ) {
        let id = PaymentRefundID.make(at: stamp.recordedAt)
        self.init(
            id: id,
            tenant: tenant,
            payment: payment,
            purchase: purchase,
            shares: shares,
            bonus: taken.bonus,
            paidBack: taken.paidBack,
            currency: currency,
            gateway: gateway,
            state: .pending,
            reason: reason,
            reference: nil,
            error: nil,
            tries: 0,
            at: stamp.at,
            settledAt: nil,
            dedupeKey: key ?? "refund:\(id)"
        )
    }
}
