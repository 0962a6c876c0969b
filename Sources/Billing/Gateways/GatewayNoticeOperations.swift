import Postgres
import Tenants
import Values

/// What single notices of gateways do, where what they are about is known.
extension GatewayEventOperations {
    private static let gateway = GatewayName.stripe.rawValue

    /// Whether a charge is of an attempt or a purchase that is known here, and so was settled.
    static func apply(
        _ charge: GatewayNotice.Charge,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        var attempt = try await PaymentAttemptOperations.find(
            gateway: gateway,
            reference: charge.reference,
            in: transaction
        )
        if attempt == nil, let id = charge.attempt, let tenant = charge.tenant {
            // Our own answer was lost, or is still to be written: the ids that we gave along say what it is.
            let named = try await PaymentAttemptQueries.find(id, of: tenant, in: transaction)
            if let named, named.gateway == gateway, named.reference == nil { attempt = named }
        }
        guard let attempt else { return try await applyToPurchase(charge, by: stamp, in: transaction) }
        if case .succeeded(_, _, let received?) = charge.outcome, received != attempt.amount {
            throw Problem(.conflict, "\(charge.reference) came to \(received), not \(attempt.amount)")
        }
        try await PaymentAttemptOperations.settle(
            attempt.id,
            of: attempt.tenant,
            with: charge.outcome,
            by: try await own(stamp, of: attempt.tenant, in: transaction),
            in: transaction
        )
        return true
    }

    private static func applyToPurchase(
        _ charge: GatewayNotice.Charge,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        var key = try await CreditPurchaseQueries.key(
            gateway: gateway,
            reference: charge.reference,
            in: transaction
        )
        if key == nil, let id = charge.purchase, let tenant = charge.tenant {
            // As with attempts our own answer was lost, or is still to be written.
            let named = try await CreditPurchaseQueries.find(id, of: tenant, in: transaction)
            if let named, named.gateway == gateway, named.reference == nil { key = (tenant: tenant, id: id) }
        }
        guard let key else { return false }
        try await CreditPurchaseOperations.settle(
            key.id,
            of: key.tenant,
            with: charge.outcome,
            by: try await own(stamp, of: key.tenant, in: transaction),
            in: transaction
        )
        return true
    }

    /// Whose money a notice is about.
    private enum Source {
        case payment(PaymentID, TenantID)
        case purchase(CreditPurchaseID, TenantID)

        var tenant: TenantID {
            switch self {
            case .payment(_, let tenant), .purchase(_, let tenant): tenant
            }
        }
    }

    /// Whether the payments or purchases that refunds are of are known here, and so each was booked or settled.
    static func apply(
        _ refunds: [GatewayNotice.Refund],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        for refund in refunds {
            guard let source = try await source(refund.payment, in: transaction) else { return false }
            let stamp = try await own(stamp, of: source.tenant, in: transaction)
            guard let id = try await known(refund, of: source, by: stamp, in: transaction) else { continue }
            try await PaymentOperations.settleRefund(
                id,
                of: source.tenant,
                with: refund.outcome,
                by: stamp,
                in: transaction
            )
        }
        return true
    }

    /// The refund as it is known here, or is booked now: somebody made it at the gateway, and there the money is gone.
    ///
    /// - Returns: nil for one of which nothing was known and which failed.
    private static func known(
        _ refund: GatewayNotice.Refund,
        of source: Source,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefundID? {
        let tenant = source.tenant
        if let id = refund.refund, try await PaymentRefundQueries.find(id, of: tenant, in: transaction) != nil {
            return id
        }
        let key = "\(gateway):\(refund.reference)"
        if case .declined = refund.outcome {
            return try await PaymentRefundQueries.find(dedupeKey: key, of: tenant, in: transaction)?.id
        }
        switch source {
        case .payment(let id, _):
            return try await PaymentOperations.bookRefund(
                of: id,
                amount: refund.amount,
                reason: refund.reason,
                key: key,
                of: tenant,
                by: stamp,
                in: transaction
            ).id
        case .purchase(let id, _):
            return try await CreditPurchaseOperations.bookRefund(
                of: id,
                amount: refund.amount,
                reason: refund.reason,
                key: key,
                of: tenant,
                by: stamp,
                in: transaction
            ).id
        }
    }

    /// Whether the payment or purchase that a dispute is about is known here, and so it was written.
    static func apply(
        _ dispute: GatewayNotice.Dispute,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        guard let source = try await source(dispute.payment, in: transaction) else { return false }
        let stamp = try await own(stamp, of: source.tenant, in: transaction)
        switch source {
        case .payment(let id, let tenant):
            try await PaymentOperations.dispute(
                dispute.reference,
                of: id,
                tenant: tenant,
                state: dispute.state,
                amount: dispute.amount,
                fee: dispute.fee,
                reason: dispute.reason,
                evidenceDueAt: dispute.evidenceDueAt,
                by: stamp,
                in: transaction
            )
        case .purchase(let id, let tenant):
            let notice = PaymentDisputeNotice(
                reference: dispute.reference,
                state: dispute.state,
                amount: dispute.amount,
                fee: dispute.fee,
                reason: dispute.reason,
                evidenceDueAt: dispute.evidenceDueAt
            )
            try await CreditPurchaseOperations.dispute(notice, of: id, tenant: tenant, by: stamp, in: transaction)
        }
        return true
    }

    /// A tenant in test mode has a time of its own.
    private static func own(
        _ stamp: Stamp,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Stamp {
        try await TenantQueries.find(tenant, in: transaction)?.stamped(stamp) ?? stamp
    }

    /// The payment or the purchase that a gateway calls so; money that did not fit its purchase is a payment.
    private static func source(_ reference: String, in transaction: borrowing Transaction) async throws -> Source? {
        let payment = try await PaymentQueries.find(gateway: gateway, reference: reference, in: transaction)
        if let payment { return .payment(payment.id, payment.tenant) }
        let key = try await CreditPurchaseQueries.key(gateway: gateway, reference: reference, in: transaction)
        return key.map { .purchase($0.id, $0.tenant) }
    }
}
