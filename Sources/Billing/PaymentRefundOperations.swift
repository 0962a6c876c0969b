import Jobs
import Ledger
package import Postgres
package import Values

extension PaymentOperations {
    /// Gives money of a payment back: first what no invoice took, then what invoices took; these stay paid.
    ///
    /// By the way it came: people send what came by bank, a gateway is asked by a job once this transaction commits.
    ///
    /// `amount`: nil is all that can be given back.
    ///
    /// `key`: what makes asking twice harmless; nil asks anew each time.
    ///
    /// - Throws: `PaymentError.notFound`, `.notRefundable`, `.nothingLeft`.
    @discardableResult
    package static func refund(
        _ id: PaymentID,
        amount: Money? = nil,
        reason: String,
        key: String? = nil,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund {
        let payment = try await lockedWithInvoices(id, of: tenant, in: transaction)
        if let known = try await known(key, of: tenant, in: transaction) { return known }
        let applied = try await refundableApplied(of: payment, in: transaction)
        let left = min(payment.refundable.minor, max(0, payment.unapplied.minor) + max(0, applied))
        let most = Money(minor: max(0, left), currency: payment.amount.currency)
        let asked = amount ?? most
        guard most.minor > 0 else { throw PaymentError.nothingLeft(id) }
        guard asked.currency == most.currency, asked.minor <= most.minor,
            let shares = PaymentRules.shares(of: asked.minor, from: payment)
        else { throw PaymentError.notRefundable(id, asked: asked, left: most) }
        let refund = try planned(shares, of: payment, payment.amount.currency, reason, key, tenant, stamp)
        return try await begin(refund, by: stamp, in: transaction)
    }

    /// Pays out what is owed to a tenant: by cancelled invoices, credit notes, prepaid credit that was taken back.
    ///
    /// `amount`: nil is all that is owed.
    ///
    /// `payment`: by whose way it is sent, as far as that payment goes; nil: people send it.
    ///
    /// - Throws: `PaymentError.notOwed`, `.notFound`, `.notRefundable`.
    @discardableResult
    package static func payOut(
        to tenant: TenantID,
        currency: Currency,
        amount: Money? = nil,
        by payment: PaymentID? = nil,
        reason: String,
        key: String? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund {
        // One at a time: what is owed is a sum over the books.
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        if let known = try await known(key, of: tenant, in: transaction) { return known }
        var source: Payment?
        if let payment { source = try await PaymentQueries.lock(payment, of: tenant, in: transaction) }
        let owed = try await PaymentRefundQueries.owed(to: tenant, currency: currency, in: transaction)
        let asked = amount ?? owed
        guard asked.currency == currency, asked.minor > 0, asked.minor <= owed.minor else {
            throw PaymentError.notOwed(tenant, asked: asked, owed: owed)
        }
        if let source, asked.currency != source.amount.currency || asked.minor > source.refundable.minor {
            throw PaymentError.notRefundable(source.id, asked: asked, left: source.refundable)
        }
        let shares = PaymentShares(payable: asked.minor)
        let refund = try planned(shares, of: source, currency, reason, key, tenant, stamp)
        return try await begin(refund, by: stamp, in: transaction)
    }

    /// Writes what became of a refund; what is settled already stays as it is.
    ///
    /// - Throws: `PaymentError.refundNotFound`.
    @discardableResult
    package static func settleRefund(
        _ id: PaymentRefundID,
        of tenant: TenantID,
        with outcome: GatewayOutcome,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund {
        if try await PaymentRefundQueries.find(id, of: tenant, in: transaction)?.purchase != nil {
            // Before the refund, as who books one does: its credit may come back.
            _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        }
        let refund = try await PaymentRefundQueries.lock(id, of: tenant, in: transaction)
        guard refund.state == .pending else { return refund }
        var next = refund
        var journal: Journal?
        let journalID = JournalID.make(at: stamp.recordedAt)
        switch outcome {
        case .succeeded(let reference, _, _):
            next = refund.settled(.succeeded, reference: reference, error: nil, at: stamp.at)
            journal = try PaymentPostings.sent(refund, at: stamp.at, id: journalID)
        case .pending(let reference), .needsAction(let reference, _):
            next = refund.settled(.pending, reference: reference, error: nil, at: nil)
        case .declined(let reference, let code, let message, _):
            let error = String("\(code): \(message)".prefix(500))
            next = refund.settled(.failed, reference: reference, error: error, at: stamp.at)
            journal = try PaymentPostings.failed(refund, at: stamp.at, id: journalID)
        case .unavailable(let message, let wait):
            next = refund.unanswered(String(message.prefix(500)))
            let delay = PaymentAttempt.waitSeconds(tries: next.tries, asked: wait)
            try await PaymentJobs.enqueueRefund(next, after: delay, by: stamp, in: transaction)
        }
        try await transaction.execute(PaymentRefundQueries.update(next))
        if let journal { try await LedgerOperations.post([journal], by: stamp, in: transaction) }
        if next.state == .failed, let purchase = refund.purchase {
            let taken = CreditPurchase.Taken(
                credit: refund.shares.credit,
                bonus: refund.bonus,
                paidBack: refund.paidBack
            )
            try await CreditPurchaseOperations.giveBack(
                taken,
                to: purchase,
                of: tenant,
                because: refund.id.text,
                by: stamp,
                in: transaction
            )
        }
        if next.state != .pending { try await record("refund.\(next.state.rawValue)", next, stamp, in: transaction) }
        return next
    }

    /// What a gateway is asked for a refund; nil if there is nothing to ask any more.
    static func charge(
        of id: PaymentRefundID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> (gateway: String, refund: GatewayRefund)? {
        guard let refund = try await PaymentRefundQueries.find(id, of: tenant, in: transaction),
            refund.state == .pending, refund.reference == nil, let source = refund.payment,
            let payment = try await PaymentQueries.find(source, of: tenant, in: transaction)
        else { return nil }
        return (
            refund.gateway,
            GatewayRefund(
                payment: payment.reference,
                amount: refund.amount,
                idempotencyKey: refund.id.text,
                metadata: ["tenant": tenant.text, "payment": source.text, "refund": id.text]
            )
        )
    }

    /// A payment with the invoices that took of it: who issues credit notes holds these, too.
    ///
    /// `andTenant`: also the tenant, whom everybody holds who sends what is owed; after invoices, as who voids them.
    static func lockedWithInvoices(
        _ id: PaymentID,
        of tenant: TenantID,
        andTenant: Bool = false,
        in transaction: borrowing Transaction
    ) async throws -> Payment {
        let seen = try await PaymentQueries.find(id, of: tenant, in: transaction)
        let invoices = Set(seen?.allocations.map(\.invoice) ?? [])
        for invoice in invoices.sorted() { _ = try await InvoiceQueries.lock(invoice, of: tenant, in: transaction) }
        if andTenant { _ = try await InvoiceQueries.lockTenant(tenant, in: transaction) }
        let payment = try await PaymentQueries.lock(id, of: tenant, in: transaction)
        for invoice in Set(payment.allocations.map(\.invoice)).subtracting(invoices).sorted() {
            _ = try await InvoiceQueries.lock(invoice, of: tenant, in: transaction)
        }
        return payment
    }

    /// What can still be given back of what invoices took of a payment, with what credit notes gave back of them.
    private static func refundableApplied(
        of payment: Payment,
        in transaction: borrowing Transaction
    ) async throws -> Int64 {
        let taken = Dictionary(grouping: payment.allocations, by: \.invoice)
            .mapValues { parts in max(0, parts.reduce(0) { $0 + $1.amount.minor }) }
        let backs = try await MoneyBackQueries.all(
            of: Array(taken.keys),
            tenant: payment.tenant,
            besides: payment.id,
            in: transaction
        )
        let most = taken.reduce(0) { $0 + min($1.value, backs[$1.key]?.moneyLeft ?? 0) }
        return min(payment.refundableApplied, most - payment.refunded.applied - payment.disputed.applied)
    }

    /// Writes a refund and what is owed by it.
    ///
    /// `isSent`: whether its gateway has sent it already, and is not to be asked.
    static func begin(
        _ refund: PaymentRefund,
        isSent: Bool = false,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund {
        try await transaction.execute(PaymentRefundQueries.insert(refund, by: stamp))
        if let journal = try PaymentPostings.owed(refund, id: .make(at: stamp.recordedAt)) {
            try await LedgerOperations.post([journal], by: stamp, in: transaction)
        }
        try await record("refund.created", refund, stamp, in: transaction)
        guard !isSent else { return refund }
        guard refund.gateway == PaymentDraft.manual else {
            try await PaymentJobs.enqueueRefund(refund, after: 0, by: stamp, in: transaction)
            return refund
        }
        return try await settleRefund(
            refund.id,
            of: refund.tenant,
            with: .succeeded(reference: refund.id.text, fee: nil),
            by: stamp,
            in: transaction
        )
    }

    static func known(
        _ key: String?,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund? {
        guard let key else { return nil }
        return try await PaymentRefundQueries.find(dedupeKey: key, of: tenant, in: transaction)
    }

    static func planned(
        _ shares: PaymentShares,
        of payment: Payment?,
        _ currency: Currency,
        _ reason: String,
        _ key: String?,
        _ tenant: TenantID,
        _ stamp: Stamp
    ) throws -> PaymentRefund {
        try PaymentRefund(
            tenant: tenant,
            payment: payment?.id,
            shares: shares,
            currency: currency,
            gateway: payment?.gateway ?? PaymentDraft.manual,
            reason: PaymentRefund.checked(reason: reason),
            key: key,
            by: stamp
        )
    }

    private static func record(
        _ verb: String,
        _ refund: PaymentRefund,
        _ stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: refund.id.text,
            tenant: refund.tenant,
            details: refund.json,
            by: stamp,
            in: transaction
        )
    }
}
