package import Jobs
package import Postgres
import Tenants
package import Values

/// Collects what open invoices come to with the tenants' saved payment methods.
///
/// In three steps: a transaction writes the attempt, the gateway is asked outside of any, a transaction writes the
/// answer. Whoever comes after a crash in between asks again under the same key, so nothing is charged twice.
package enum PaymentCollection {
    /// Has each open invoice collected whose tenant has a default payment method, once this transaction commits.
    package static func enqueue(
        _ invoices: [Invoice],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let due = invoices.filter { $0.status == .open && $0.amountRemaining.minor > 0 }
        guard !due.isEmpty else { return }
        let collectable = try await PaymentAttemptQueries.collectable(Set(due.map(\.tenant)), in: transaction)
        let requests = due.filter { collectable[$0.tenant] != nil }
            .map { PaymentJobs.collectRequest($0.id, of: $0.tenant, at: stamp.recordedAt) }
        try await JobOperations.enqueue(requests, at: stamp.recordedAt, in: transaction)
    }

    /// Collects one invoice now, with the tenant's default payment method.
    ///
    /// `at`: the business time; nil is the tenant's: its test clock's or the machine's.
    ///
    /// `time`: the clock, for when things are recorded.
    ///
    /// `replaces`: whether an attempt that waits for the customer's confirmation is given up for a new one, once its
    /// gateway has ended it; what succeeded before pays the invoice.
    ///
    /// - Returns: the attempt as it stands; nil if there was nothing to send.
    @discardableResult
    package static func collect(
        _ invoice: InvoiceID,
        of tenant: TenantID,
        at instant: Instant? = nil,
        replaces: Bool = false,
        database: Database,
        gateways: any GatewaySource,
        time: any TimeSource,
        author: Author = .system("payments")
    ) async throws -> PaymentAttempt? {
        let begun = try await database.transaction(as: .system) { transaction in
            let stamp = try await stamp(of: tenant, instant, time, author, in: transaction)
            let attempt = try await PaymentAttemptOperations.begin(
                invoice,
                of: tenant,
                replaces: replaces,
                by: stamp,
                in: transaction
            )
            let number = try await InvoiceQueries.find(invoice, of: tenant, in: transaction)?.number
            return attempt.map { (attempt: $0, number: number ?? "", isOld: $0.at != stamp.at) }
        }
        guard var begun else { return nil }
        if begun.attempt.isToBeCancelled {
            let old = begun.attempt
            let ended = await cancel(old, gateways)
            let next = try await database.transaction(as: .system) { transaction in
                let stamp = try await stamp(of: tenant, instant, time, author, in: transaction)
                let next = try await PaymentAttemptOperations.replace(
                    old.id,
                    of: tenant,
                    after: ended,
                    by: stamp,
                    in: transaction
                )
                return (attempt: next, isOld: next.at != stamp.at)
            }
            guard next.attempt.id != old.id, next.attempt.state == .sent else { return next.attempt }
            begun.attempt = next.attempt
            begun.isOld = next.isOld
        }
        let sent = begun.attempt
        let outcome = await charge(sent, number: begun.number, isOld: begun.isOld, gateways)
        return try await database.transaction(as: .system) { transaction in
            try await PaymentAttemptOperations.settle(
                sent.id,
                of: tenant,
                with: outcome,
                by: try await stamp(of: tenant, instant, time, author, in: transaction),
                in: transaction
            )
        }
    }

    /// Sends a refund by the way its payment came; one that is on its way or settled is left as it is.
    @discardableResult
    package static func sendRefund(
        _ id: PaymentRefundID,
        of tenant: TenantID,
        database: Database,
        gateways: any GatewaySource,
        time: any TimeSource,
        author: Author = .system("payments")
    ) async throws -> PaymentRefund? {
        let asked = try await database.transaction(as: .system) { transaction in
            try await PaymentOperations.charge(of: id, tenant: tenant, in: transaction)
        }
        guard let asked else { return nil }
        let outcome: GatewayOutcome
        do {
            outcome = try await gateways.provider(named: asked.gateway).refund(asked.refund)
        } catch {
            outcome = .unavailable(message: Problem.of(error).message, retryAfterSeconds: nil)
        }
        return try await database.transaction(as: .system) { transaction in
            try await PaymentOperations.settleRefund(
                id,
                of: tenant,
                with: outcome,
                by: try await stamp(of: tenant, nil, time, author, in: transaction),
                in: transaction
            )
        }
    }

    /// Asks the gateway; one that is not set up is like one that does not answer: the invoice stays open.
    private static func charge(
        _ attempt: PaymentAttempt,
        number: String,
        isOld: Bool,
        _ gateways: any GatewaySource
    ) async -> GatewayOutcome {
        do {
            return try await gateways.gateway(named: attempt.gateway)
                .charge(attempt.charge(for: number, mayHaveBeenSent: isOld))
        } catch {
            return .unavailable(message: Problem.of(error).message, retryAfterSeconds: nil)
        }
    }

    /// Has the gateway end a charge; one that it leaves waiting is asked for again, as where nobody answers.
    private static func cancel(_ attempt: PaymentAttempt, _ gateways: any GatewaySource) async -> GatewayOutcome {
        guard let reference = attempt.reference else {
            return .unavailable(message: "the gateway has not named the charge", retryAfterSeconds: nil)
        }
        let outcome: GatewayOutcome
        do {
            outcome = try await gateways.provider(named: attempt.gateway)
                .cancel(reference, idempotencyKey: "cancel:\(attempt.id):\(attempt.tries)")
        } catch {
            outcome = .unavailable(message: Problem.of(error).message, retryAfterSeconds: nil)
        }
        guard case .needsAction = outcome else { return outcome }
        return .unavailable(message: "the gateway has not ended the charge", retryAfterSeconds: nil)
    }

    private static func stamp(
        of tenant: TenantID,
        _ instant: Instant?,
        _ time: any TimeSource,
        _ author: Author,
        in transaction: borrowing Transaction
    ) async throws -> Stamp {
        let now = time.now()
        if let instant { return Stamp(at: instant, recordedAt: now, author: author) }
        let owner = try await TenantQueries.find(tenant, in: transaction)
        return Stamp(at: owner?.testTime ?? now, recordedAt: now, author: author)
    }
}
