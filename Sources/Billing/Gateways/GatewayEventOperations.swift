import Jobs
import Postgres
import Tenants
package import Values

/// What gateways tell: each event has its effect once, whenever and however often it comes.
enum GatewayEventOperations {
    /// What an event came to.
    private enum Effect {
        /// It was done, or had been done before.
        case applied
        /// It means nothing here.
        case ignored
        /// What it is about is not known, or cannot take it, yet.
        case unknown
    }

    /// Stores an event and does what it says, in one transaction; nothing if it was stored before.
    ///
    /// What it is about may not be known yet, because Stripe is sometimes faster than its own answer to us; then it waits
    /// and is looked at again.
    static func receive(
        _ event: StripeEvent,
        body: [UInt8],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        // Of the same event at once the second waits here for the first.
        let isNew = try await transaction.execute(
            GatewayEventQueries.insert(
                event,
                state: .waiting,
                body: String(decoding: body, as: UTF8.self),
                now: stamp.recordedAt
            )
        )
        guard isNew == 1 else { return }
        let state: GatewayEventQueries.State
        switch try await effect(of: event, by: stamp, in: transaction) {
        case .applied: state = .applied
        case .ignored: state = .ignored
        case .unknown:
            try await JobOperations.enqueue(
                [GatewayJobs.eventRequest(event.id, at: stamp.recordedAt)],
                at: stamp.recordedAt,
                in: transaction
            )
            return
        }
        try await transaction.execute(GatewayEventQueries.settle(event.id, as: state, now: stamp.recordedAt))
    }

    /// Does what a waiting event says, if what it is about is known by now.
    ///
    /// `isLast`: gives up if it is not.
    ///
    /// - Throws: it is still not known, so that the job looks again later.
    static func lookAgain(
        at id: String,
        isLast: Bool,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard let body = try await GatewayEventQueries.waiting(id, in: transaction) else { return }
        let state: GatewayEventQueries.State
        switch try await effect(of: try StripeEvent(body: body.utf8), by: stamp, in: transaction) {
        case .applied: state = .applied
        case .ignored: state = .ignored
        case .unknown:
            guard isLast else {
                throw Problem(.precondition, code: "not_known_yet", "what the event \(id) is about is not known yet")
            }
            state = .abandoned
        }
        try await transaction.execute(GatewayEventQueries.settle(id, as: state, now: stamp.recordedAt))
    }

    /// Does what an event says; what is refused by the rules leaves nothing behind and waits, too.
    private static func effect(
        of event: StripeEvent,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Effect {
        guard let notice = event.notice else { return .ignored }
        do {
            return try await transaction.savepoint {
                try await apply(notice, by: stamp, in: transaction) ? .applied : .unknown
            }
        } catch let error as any ProblemConvertible where !(error is PostgresError) {
            return .unknown
        }
    }

    /// Whether what the notice is about is known here, and so was done.
    private static func apply(
        _ notice: GatewayNotice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        switch notice {
        case .charge(let charge): try await apply(charge, by: stamp, in: transaction)
        case .refunds(let refunds): try await apply(refunds, by: stamp, in: transaction)
        case .dispute(let dispute): try await apply(dispute, by: stamp, in: transaction)
        }
    }

    private static func apply(
        _ charge: GatewayNotice.Charge,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        var attempt = try await PaymentAttemptOperations.find(
            gateway: GatewayName.stripe.rawValue,
            reference: charge.reference,
            in: transaction
        )
        if attempt == nil, let id = charge.attempt, let tenant = charge.tenant {
            // Our own answer was lost, or is still to be written: the ids that we gave along say what it is.
            let named = try await PaymentAttemptQueries.find(id, of: tenant, in: transaction)
            if let named, named.gateway == GatewayName.stripe.rawValue, named.reference == nil { attempt = named }
        }
        guard let attempt else { return try await applyToPurchase(charge, by: stamp, in: transaction) }
        if case .succeeded = charge.outcome, let received = charge.received, received != attempt.amount {
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

    /// Whether a charge is for a purchase of credit that is known here, and so settled it.
    private static func applyToPurchase(
        _ charge: GatewayNotice.Charge,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        let isKnown = try await CreditPurchaseOperations.settle(
            gateway: GatewayName.stripe.rawValue,
            reference: charge.reference,
            with: charge.outcome,
            by: stamp,
            in: transaction
        )
        guard !isKnown, let id = charge.purchase, let tenant = charge.tenant else { return isKnown }
        // As with attempts our own answer was lost, or is still to be written.
        let named = try await CreditPurchaseQueries.find(id, of: tenant, in: transaction)
        guard let named, named.gateway == GatewayName.stripe.rawValue, named.reference == nil else { return false }
        try await CreditPurchaseOperations.settle(id, of: tenant, with: charge.outcome, by: stamp, in: transaction)
        return true
    }

    private static func apply(
        _ refunds: [GatewayNotice.Refund],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        for refund in refunds {
            guard let payment = try await payment(refund.payment, in: transaction) else { return false }
            let stamp = try await own(stamp, of: payment.tenant, in: transaction)
            if let id = refund.refund,
                try await PaymentRefundQueries.find(id, of: payment.tenant, in: transaction) != nil
            {
                try await settle(id, refund, of: payment, by: stamp, in: transaction)
                continue
            }
            // Somebody made it at the gateway: there the money is gone, so it is booked here. One that failed is not.
            if case .declined = refund.outcome { continue }
            let booked = try await PaymentOperations.refund(
                payment.id,
                amount: refund.amount,
                reason: refund.reason,
                key: "stripe:\(refund.reference)",
                isMade: true,
                of: payment.tenant,
                by: stamp,
                in: transaction
            )
            try await settle(booked.id, refund, of: payment, by: stamp, in: transaction)
        }
        return true
    }

    private static func settle(
        _ id: PaymentRefundID,
        _ refund: GatewayNotice.Refund,
        of payment: Payment,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await PaymentOperations.settleRefund(
            id,
            of: payment.tenant,
            with: refund.outcome,
            by: stamp,
            in: transaction
        )
    }

    private static func apply(
        _ dispute: GatewayNotice.Dispute,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        guard let payment = try await payment(dispute.payment, in: transaction) else { return false }
        let stamp = try await own(stamp, of: payment.tenant, in: transaction)
        try await PaymentOperations.dispute(
            dispute.reference,
            of: payment.id,
            tenant: payment.tenant,
            state: dispute.state,
            amount: dispute.amount,
            fee: dispute.fee,
            reason: dispute.reason,
            by: stamp,
            in: transaction
        )
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

    private static func payment(
        _ reference: String,
        in transaction: borrowing Transaction
    ) async throws -> Payment? {
        try await PaymentQueries.find(
            gateway: GatewayName.stripe.rawValue,
            reference: reference,
            in: transaction
        )
    }
}

extension Gateways {
    /// Takes an event that Stripe sends: checks who signed it and when, and does what it says once.
    ///
    /// - Throws: `invalid` if it is not signed with our secret, or longer ago than 300 s; `GatewayError.notSetUp`,
    ///   `.noWebhookSecret`.
    package func receive(body: [UInt8], signature header: String?, by stamp: Stamp) async throws {
        let signature = try StripeSignature(header: header)
        try signature.checkTime(now: stamp.recordedAt)
        try signature.check(body: body, secret: try await webhookSecret(of: .stripe))
        let event = try StripeEvent(body: body)
        try await database.transaction(as: .system) { transaction in
            try await GatewayEventOperations.receive(event, body: body, by: stamp, in: transaction)
        }
    }
}
