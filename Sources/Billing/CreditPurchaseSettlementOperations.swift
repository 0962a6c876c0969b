import Ledger
package import Postgres
package import Values

/// How purchases of credit end.
extension CreditPurchaseOperations {
    /// Takes what a gateway made of the charge; once the money is there the credit is granted, and that only once.
    ///
    /// Money that comes after the purchase failed is taken all the same. What is not the price grants nothing: the
    /// purchase fails, and the money is the tenant's, for invoices to take or to be given back.
    ///
    /// - Throws: `CreditError.purchaseNotFound`.
    @discardableResult
    package static func settle(
        _ id: CreditPurchaseID,
        of tenant: TenantID,
        with outcome: GatewayOutcome,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditPurchase {
        let purchase = try await CreditPurchaseQueries.lock(id, of: tenant, in: transaction)
        guard purchase.status != .succeeded else { return purchase }
        switch outcome {
        case .succeeded(let reference, let fee, let received):
            if let received, received != purchase.price {
                try await keep(received, reference: reference, fee: fee, for: purchase, by: stamp, in: transaction)
                guard purchase.status == .pending else { return purchase }
                try await fail(purchase, "\(received) came; the price is \(purchase.price)", by: stamp, in: transaction)
            } else {
                try await succeed(purchase, reference: reference, fee: fee, by: stamp, in: transaction)
            }
        case .pending(let reference):
            try await wait(purchase, reference: reference, url: nil, in: transaction)
        case .needsAction(let reference, let url):
            try await wait(purchase, reference: reference, url: url, in: transaction)
        case .declined(_, let code, let message, _):
            guard purchase.status == .pending else { return purchase }
            try await fail(purchase, "\(code): \(message)", by: stamp, in: transaction)
        case .unavailable: return purchase
        }
        return try await CreditPurchaseQueries.find(id, of: tenant, in: transaction) ?? purchase
    }

    private static func succeed(
        _ purchase: CreditPurchase,
        reference: String,
        fee: Money?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let grant = try await grant(purchase.price, .prepaid, of: purchase, by: stamp, in: transaction)
        var bonus: CreditGrant?
        if purchase.bonus.minor > 0 {
            bonus = try await self.grant(purchase.bonus, .promotional, of: purchase, by: stamp, in: transaction)
        }
        // A fee in another currency is settled by the gateway, not by us.
        let kept = fee.flatMap { $0.currency == purchase.price.currency ? $0.minor : nil } ?? 0
        try await transaction.execute(
            """
            UPDATE app.credit_purchases SET status = 'succeeded', reference = \(reference), action_url = NULL,
                failure = NULL, fee_minor = \(max(0, kept)), grant_id = \(grant.id), bonus_grant_id = \(bonus?.id),
                settled_at = \(stamp.at)
            WHERE tenant_id = \(purchase.tenant) AND id = \(purchase.id)
            """
        )
        if kept > 0 {
            let journal = try Journal(
                id: .make(at: stamp.recordedAt),
                tenant: purchase.tenant,
                at: stamp.at,
                key: "credit_purchase:\(purchase.id):fee",
                currency: purchase.price.currency,
                entries: [.debit(.paymentFees, kept), .credit(.cash, kept)],
                reference: purchase.id.text,
                memo: "fee for \(purchase.package)"
            )
            try await LedgerOperations.post([journal], by: stamp, in: transaction)
        }
        try await record("credit_purchase.succeeded", purchase, by: stamp, in: transaction)
    }

    /// Keeps money that is not the price as a payment of which nothing is taken.
    private static func keep(
        _ received: Money,
        reference: String,
        fee: Money?,
        for purchase: CreditPurchase,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard received.minor > 0 else { return }
        let gateway = purchase.gateway ?? PaymentDraft.manual
        let draft = try PaymentDraft(
            amount: received,
            reference: reference,
            receivedAt: stamp.at,
            gateway: gateway,
            fee: fee.flatMap { fee in
                fee.currency == received.currency && !fee.isNegative && fee.minor <= received.minor ? fee : nil
            },
            dedupeKey: "\(gateway):\(reference)"
        )
        try await PaymentOperations.record(
            draft,
            of: purchase.tenant,
            inAnyCurrency: true,
            by: stamp,
            in: transaction
        )
    }

    private static func grant(
        _ amount: Money,
        _ kind: CreditGrant.Kind,
        of purchase: CreditPurchase,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditGrant {
        let draft = try CreditGrantDraft(
            amount: amount,
            kind: kind,
            priority: purchase.priority,
            expiresAt: purchase.expiry(from: stamp.at),
            memo: "package \(purchase.package)"
        )
        return try await CreditOperations.grant(draft, to: purchase.tenant, by: stamp, in: transaction)
    }

    private static func wait(
        _ purchase: CreditPurchase,
        reference: String,
        url: String?,
        in transaction: borrowing Transaction
    ) async throws {
        guard purchase.status == .pending else { return }
        try await transaction.execute(
            """
            UPDATE app.credit_purchases SET reference = \(reference), action_url = \(url.map { String($0.prefix(2_000)) })
            WHERE tenant_id = \(purchase.tenant) AND id = \(purchase.id)
            """
        )
    }

    private static func fail(
        _ purchase: CreditPurchase,
        _ reason: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            """
            UPDATE app.credit_purchases SET status = 'failed', failure = \(String(reason.prefix(500))),
                action_url = NULL, settled_at = \(stamp.at)
            WHERE tenant_id = \(purchase.tenant) AND id = \(purchase.id)
            """
        )
        try await record("credit_purchase.failed", purchase, by: stamp, in: transaction)
    }
}
