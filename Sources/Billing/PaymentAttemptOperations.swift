import Jobs
package import Postgres
package import Values

/// Beginning attempts to collect invoices, and writing how they end.
package enum PaymentAttemptOperations {
    /// Writes down that an invoice is about to be collected with the tenant's default payment method.
    ///
    /// Whoever finds one that nobody answered asks again with it, under its key.
    ///
    /// `replaces`: whether one that waits for the customer's confirmation is given up for a new one. Then its gateway
    /// is to end it first, and it is what is returned (`isToBeCancelled`). One whose invoice needs no money any more is
    /// to be ended in any case.
    ///
    /// - Returns: the attempt to send, or to end; nil if the invoice needs no money, no method is there that a gateway
    ///   charges, or one is under way whose end the gateway tells.
    package static func begin(
        _ invoice: InvoiceID,
        of tenant: TenantID,
        replaces: Bool = false,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt? {
        let invoice = try await InvoiceQueries.lock(invoice, of: tenant, in: transaction)
        let isOpen = invoice.status == .open && invoice.amountRemaining.minor > 0
        if let other = try await PaymentAttemptQueries.underWay(of: invoice.id, tenant: tenant, in: transaction) {
            guard isOpen else {
                // Nothing is to be collected any more. If it happened after all, the gateway tells, and the money is
                // the tenant's.
                if other.state == .sent {
                    let ended = other.givenUp("invoice_\(invoice.status.rawValue)", at: stamp.at)
                    try await write(ended, stamp, transaction)
                }
                // Of one that was given up money is welcome still.
                guard invoice.status != .uncollectible || other.isToBeCancelled else { return nil }
                return try await ended(other, by: stamp, transaction)
            }
            if other.state == .sent || other.isToBeCancelled { return other }
            return replaces ? try await ended(other, by: stamp, transaction) : nil
        }
        guard isOpen, let method = try await PaymentMethodQueries.default(of: tenant, in: transaction),
            method.gateway != PaymentDraft.manual
        else { return nil }
        let attempt = PaymentAttempt(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            invoice: invoice.id,
            gateway: method.gateway,
            customer: method.customer,
            method: method.reference,
            amount: invoice.amountRemaining,
            state: .sent,
            reference: nil,
            errorCode: nil,
            errorMessage: nil,
            isFinal: false,
            actionURL: nil,
            tries: 0,
            nextTryAt: nil,
            cancelRequestedAt: nil,
            payment: nil,
            at: stamp.at,
            settledAt: nil
        )
        try await transaction.execute(PaymentAttemptQueries.insert(attempt, by: stamp))
        try await record("payment_attempt.created", attempt, stamp, transaction)
        return attempt
    }

    /// Has an attempt that waits for its customer ended by its gateway; nil if it does not wait.
    private static func ended(
        _ attempt: PaymentAttempt,
        by stamp: Stamp,
        _ transaction: borrowing Transaction
    ) async throws -> PaymentAttempt? {
        guard attempt.state == .needsAction else { return nil }
        let next = attempt.toBeCancelled(at: stamp.at)
        if next != attempt { try await transaction.execute(PaymentAttemptQueries.update(next)) }
        return next
    }

    /// Writes what a gateway made of ending an attempt, and begins another in its place, if it is ended.
    ///
    /// - Returns: the attempt that is to be sent, or the old one as it stands.
    static func replace(
        _ id: PaymentAttemptID,
        of tenant: TenantID,
        after outcome: GatewayOutcome,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt {
        let old = try await settle(id, of: tenant, with: outcome, by: stamp, in: transaction)
        guard old.state == .failed || old.state == .declined else { return old }
        return try await begin(old.invoice, of: tenant, by: stamp, in: transaction) ?? old
    }

    /// Writes what a gateway answered, or told later; what came is recorded as a payment and pays the invoice.
    ///
    /// The same again is no work, however often and from wherever it comes.
    ///
    /// - Throws: `PaymentError.attemptNotFound`.
    @discardableResult
    package static func settle(
        _ id: PaymentAttemptID,
        of tenant: TenantID,
        with outcome: GatewayOutcome,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt {
        guard let known = try await PaymentAttemptQueries.find(id, of: tenant, in: transaction) else {
            throw PaymentError.attemptNotFound(id)
        }
        // Before the attempt: who begins another holds the invoice, too.
        _ = try await InvoiceQueries.lock(known.invoice, of: tenant, in: transaction)
        let attempt = try await PaymentAttemptQueries.lock(id, of: tenant, in: transaction)
        guard attempt.state != .succeeded else { return attempt }
        var payment: Payment?
        if case .succeeded(let reference, let fee, _) = outcome {
            payment = try await received(attempt, reference, fee: fee, by: stamp, in: transaction)
        }
        guard let next = attempt.after(outcome, payment: payment?.id, at: stamp.at) else { return attempt }
        try await write(next, stamp, transaction)
        if next.nextTryAt != nil { try await PaymentJobs.enqueueRetry(next, by: stamp, in: transaction) }
        return next
    }

    /// The attempt that a gateway calls so, of whichever tenant: for `.system`.
    package static func find(
        gateway: String,
        reference: String,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt? {
        try await transaction.first(
            """
            SELECT \(fragment: PaymentAttemptQueries.columns) FROM app.payment_attempts
            WHERE gateway = \(gateway) AND reference = \(reference) LIMIT 1
            """,
            PaymentAttemptQueries.attempt
        )
    }

    /// The attempt with an id, of whichever tenant: for `.system`.
    package static func find(
        _ id: PaymentAttemptID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt? {
        try await transaction.first(
            "SELECT \(fragment: PaymentAttemptQueries.columns) FROM app.payment_attempts WHERE id = \(id) LIMIT 1",
            PaymentAttemptQueries.attempt
        )
    }

    private static func received(
        _ attempt: PaymentAttempt,
        _ reference: String,
        fee: Money?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Payment {
        // A gateway may keep its fee in another currency; then it is not known in this one.
        let kept = fee.flatMap { fee in
            fee.currency == attempt.amount.currency && !fee.isNegative && fee.minor <= attempt.amount.minor ? fee : nil
        }
        let draft = try PaymentDraft(
            amount: attempt.amount,
            reference: reference,
            receivedAt: stamp.at,
            invoices: [attempt.invoice],
            gateway: attempt.gateway,
            fee: kept,
            dedupeKey: "\(attempt.gateway):\(reference)"
        )
        return try await PaymentOperations.record(draft, of: attempt.tenant, by: stamp, in: transaction)
    }

    private static func write(
        _ attempt: PaymentAttempt,
        _ stamp: Stamp,
        _ transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(PaymentAttemptQueries.update(attempt))
        let verb: String? =
            switch attempt.state {
            // That nobody answered changes nothing for anybody.
            case .sent: nil
            case .needsAction: attempt.isToBeCancelled ? nil : "payment_attempt.action_needed"
            case .succeeded, .pending, .declined, .failed: "payment_attempt.\(attempt.state.rawValue)"
            }
        if let verb { try await record(verb, attempt, stamp, transaction) }
    }

    private static func record(
        _ verb: String,
        _ attempt: PaymentAttempt,
        _ stamp: Stamp,
        _ transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: attempt.id.text,
            tenant: attempt.tenant,
            details: attempt.json,
            by: stamp,
            in: transaction
        )
    }
}
