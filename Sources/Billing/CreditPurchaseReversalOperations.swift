import Jobs
import Ledger
import Postgres
import Values

/// Money of a purchase of credit that goes back at its gateway.
extension CreditPurchaseOperations {
    /// Books money of a purchase that was given back at its gateway.
    ///
    /// What is owed to the tenant counts as sent by it, as far as it goes. The rest takes back what no invoice took of
    /// the credit, with its share of what was given on top; for what invoices took it is a refund: it was earned, and
    /// is paid back.
    ///
    /// `key`: what makes booking it twice harmless.
    ///
    /// - Throws: `CreditError.purchaseNotFound`, `.purchaseNotPaid`, `.purchaseNotRefundable`.
    @discardableResult
    static func bookRefund(
        of id: CreditPurchaseID,
        amount: Money,
        reason: String,
        key: String,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund {
        let (purchase, gateway) = try await paid(id, of: tenant, in: transaction)
        if let known = try await PaymentOperations.known(key, of: tenant, in: transaction) { return known }
        let back = try await CreditPurchaseQueries.back(of: id, tenant: tenant, in: transaction)
        let left = Money(minor: max(0, purchase.price.minor - back.total), currency: purchase.price.currency)
        guard amount.currency == left.currency, amount.minor > 0, amount.minor <= left.minor else {
            throw CreditError.purchaseNotRefundable(id, asked: amount, left: left)
        }
        let owed = try await PaymentRefundQueries.owed(to: tenant, currency: left.currency, in: transaction)
        let payable = min(amount.minor, max(0, owed.minor))
        let reversal = try await reversal(
            of: amount.minor - payable,
            after: back.ofPurchase,
            purchase,
            in: transaction
        )
        var shares = reversal.shares
        shares.payable = payable
        let refund = PaymentRefund(
            tenant: tenant,
            purchase: id,
            shares: shares,
            taken: reversal.taken,
            currency: left.currency,
            gateway: gateway,
            reason: try PaymentRefund.checked(reason: reason),
            key: key,
            by: stamp
        )
        try await withdraw(reversal.taken, from: purchase, because: refund.id.text, by: stamp, in: transaction)
        return try await PaymentOperations.begin(refund, isSent: true, by: stamp, in: transaction)
    }

    /// Writes what a gateway tells of a dispute about a purchase; the same again is no work.
    ///
    /// While it is open, and for good if it is lost, what no invoice took of the credit is not the tenant's; for what
    /// invoices took there is a receivable, as with disputes of payments. If it is won the credit comes back.
    ///
    /// - Throws: `CreditError.purchaseNotFound`, `.purchaseNotPaid`; `PaymentError.disputeDecided` if it was decided
    ///   the other way.
    @discardableResult
    static func dispute(
        _ notice: PaymentDisputeNotice,
        of id: CreditPurchaseID,
        tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentDispute {
        let (purchase, gateway) = try await paid(id, of: tenant, in: transaction)
        let known = try await PaymentDisputeQueries.lock(
            gateway: gateway,
            reference: try PaymentDraft.checked(notice.reference),
            of: tenant,
            in: transaction
        )
        if let known { return try await PaymentOperations.follow(known, notice, by: stamp, in: transaction) }
        let back = try await CreditPurchaseQueries.back(of: id, tenant: tenant, in: transaction)
        let left = Money(minor: purchase.price.minor - back.total, currency: purchase.price.currency)
        guard left.minor > 0 else {
            throw CreditError.purchaseNotRefundable(id, asked: notice.amount ?? purchase.price, left: left)
        }
        let reversal = try await reversal(
            of: min(notice.minor(of: purchase.price), left.minor),
            after: back.ofPurchase,
            purchase,
            in: transaction
        )
        let opened = PaymentDispute(
            notice,
            tenant: tenant,
            purchase: id,
            gateway: gateway,
            shares: reversal.shares,
            taken: reversal.taken,
            currency: purchase.price.currency,
            by: stamp
        )
        try await PaymentOperations.open(opened, by: stamp, in: transaction)
        try await withdraw(reversal.taken, from: purchase, because: opened.id.text, by: stamp, in: transaction)
        return try await PaymentOperations.follow(opened, notice, by: stamp, in: transaction)
    }

    /// Gives back credit that was taken back: its money did not go back after all.
    ///
    /// What of it belongs to a grant that was voided since is owed; what has expired since is kept.
    ///
    /// `reference`: what it was taken back for.
    static func giveBack(
        _ taken: CreditPurchase.Taken,
        to id: CreditPurchaseID,
        of tenant: TenantID,
        because reference: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        guard let purchase = try await CreditPurchaseQueries.find(id, of: tenant, in: transaction) else {
            throw CreditError.purchaseNotFound(id)
        }
        for (grant, withdrawn) in taken.parts(of: purchase) {
            guard let found = try await CreditQueries.find(grant, of: tenant, in: transaction) else {
                throw CreditError.notFound(grant)
            }
            let hasExpired = found.voidedAt == nil && found.expiredAt != nil
            let (used, before) = (found.used.minor, found.paidBack.minor)
            let after = before - taken.paidBack(of: grant, purchase)
            // What invoices have given back meanwhile is there again, too.
            let minor = withdrawn + max(used, before) - max(used, after)
            try await transaction.execute(
                """
                UPDATE app.credit_grants SET withdrawn_minor = withdrawn_minor - \(withdrawn),
                    paid_back_minor = \(after), expired_minor = expired_minor + \(hasExpired ? minor : 0)
                WHERE tenant_id = \(tenant) AND id = \(grant)
                """
            )
            guard minor > 0 else { continue }
            if found.kind == .prepaid, found.voidedAt != nil || hasExpired {
                try await CreditOperations.post(
                    found,
                    .prepaidCredit,
                    hasExpired ? .breakageRevenue : .refundPayable,
                    minor,
                    "returned:\(reference)",
                    at: stamp.at,
                    by: stamp,
                    in: transaction
                )
            }
            try await record("credit.restored", found, minor, reference, by: stamp, in: transaction)
        }
    }

    /// A purchase whose money came, held with the credit of its tenant, and who took the money.
    private static func paid(
        _ id: CreditPurchaseID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> (CreditPurchase, gateway: String) {
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        let purchase = try await CreditPurchaseQueries.lock(id, of: tenant, in: transaction)
        guard purchase.status == .succeeded, let gateway = purchase.gateway else {
            throw CreditError.purchaseNotPaid(id)
        }
        return (purchase, gateway)
    }

    private static func reversal(
        of minor: Int64,
        after before: Int64,
        _ purchase: CreditPurchase,
        in transaction: borrowing Transaction
    ) async throws -> (shares: PaymentShares, taken: CreditPurchase.Taken) {
        var bought: CreditGrant?
        var bonus: CreditGrant?
        if let id = purchase.grant { bought = try await CreditQueries.find(id, of: purchase.tenant, in: transaction) }
        if let id = purchase.bonusGrant {
            bonus = try await CreditQueries.find(id, of: purchase.tenant, in: transaction)
        }
        let taken = purchase.taken(
            by: minor,
            after: before,
            left: bought?.left.minor ?? 0,
            used: bought.map { $0.used.minor - $0.paidBack.minor } ?? 0,
            bonusLeft: bonus?.left.minor ?? 0
        )
        return (PaymentShares(applied: minor - taken.credit, credit: taken.credit), taken)
    }

    private static func withdraw(
        _ taken: CreditPurchase.Taken,
        from purchase: CreditPurchase,
        because reference: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        for (grant, minor) in taken.parts(of: purchase) {
            try await transaction.execute(
                """
                UPDATE app.credit_grants SET withdrawn_minor = withdrawn_minor + \(minor),
                    paid_back_minor = paid_back_minor + \(taken.paidBack(of: grant, purchase))
                WHERE tenant_id = \(purchase.tenant) AND id = \(grant)
                """
            )
            guard minor > 0 else { continue }
            guard let after = try await CreditQueries.find(grant, of: purchase.tenant, in: transaction) else {
                throw CreditError.notFound(grant)
            }
            try await record("credit.withdrawn", after, minor, reference, by: stamp, in: transaction)
        }
    }

    static func record(
        _ verb: String,
        _ grant: CreditGrant,
        _ minor: Int64,
        _ reference: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: grant.id.text,
            tenant: grant.tenant,
            details: [
                "amount": Money(minor: minor, currency: grant.amount.currency).json, "because": .string(reference),
            ],
            by: stamp,
            in: transaction
        )
    }
}
