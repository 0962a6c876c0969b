import Jobs
import Ledger
package import Postgres
import Tenants
package import Values

/// Buying credit packages.
package enum CreditPurchaseOperations {
    /// Begins a purchase: once this transaction commits, the default payment method is charged, and when the money is
    /// there the credit is granted.
    ///
    /// - Throws: `CreditError.packageNotFound`, `.packageArchived`, `.otherCurrency`, `.noPaymentMethod`.
    @discardableResult
    package static func buy(
        _ code: String,
        source: CreditPurchase.Source = .customer,
        for tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditPurchase {
        let package = try await sold(code, to: tenant, in: transaction)
        guard let method = try await PaymentMethodQueries.default(of: tenant, in: transaction) else {
            throw CreditError.noPaymentMethod(tenant)
        }
        let purchase = purchase(of: package, source, tenant, gateway: method.gateway, reference: nil, by: stamp)
        guard try await transaction.execute(CreditPurchaseQueries.insert(purchase, by: stamp)) == 1 else {
            throw CreditError.topUpPending(tenant)
        }
        try await record("credit_purchase.requested", purchase, by: stamp, in: transaction)
        try await JobOperations.enqueue(
            [CreditJobs.chargeRequest(purchase, method, at: stamp.recordedAt)],
            at: stamp.recordedAt,
            in: transaction
        )
        return purchase
    }

    /// Books a purchase whose money came in another way, as by bank transfer; the same reference again is no second one.
    ///
    /// `reference`: what names the money outside; 1 to 200 characters.
    ///
    /// Throws what `buy` throws; `CreditError.referenceTaken`.
    @discardableResult
    package static func buyPaid(
        _ code: String,
        reference: String,
        for tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditPurchase {
        let length = reference.unicodeScalars.count
        guard (1...200).contains(length), !reference.utf8.contains(0) else {
            throw Problem.invalid("paid_reference", "has \(length) characters; 1 to 200 are allowed")
        }
        let manual = GatewayName.manual.rawValue
        let package = try await sold(code, to: tenant, in: transaction)
        let purchase = purchase(of: package, .staff, tenant, gateway: manual, reference: reference, by: stamp)
        guard try await transaction.execute(CreditPurchaseQueries.insert(purchase, by: stamp)) == 1 else {
            let known = try await CreditPurchaseQueries.find(
                gateway: manual,
                reference: reference,
                of: tenant,
                in: transaction
            )
            guard let known, known.package == code else { throw CreditError.referenceTaken(reference) }
            return known
        }
        try await record("credit_purchase.requested", purchase, by: stamp, in: transaction)
        return try await settle(
            purchase.id,
            of: tenant,
            with: .succeeded(reference: reference, fee: nil),
            by: stamp,
            in: transaction
        )
    }

    /// Takes what a gateway made of the charge; once the money is there the credit is granted, and that only once.
    ///
    /// Money that comes after the purchase failed is taken all the same.
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
        case .succeeded(let reference, let fee):
            try await succeed(purchase, reference: reference, fee: fee, by: stamp, in: transaction)
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

    /// The same for the purchase that a gateway's charge pays, of any tenant: for `.system`.
    ///
    /// - Returns: false if the charge is of no purchase.
    @discardableResult
    package static func settle(
        gateway: String,
        reference: String,
        with outcome: GatewayOutcome,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        let key = try await CreditPurchaseQueries.key(gateway: gateway, reference: reference, in: transaction)
        guard let key else { return false }
        try await settle(key.id, of: key.tenant, with: outcome, by: stamp, in: transaction)
        return true
    }

    private static func sold(
        _ code: String,
        to tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditPackage {
        guard let package = try await CreditPackageQueries.find(code, in: transaction) else {
            throw CreditError.packageNotFound(code)
        }
        guard package.archivedAt == nil else { throw CreditError.packageArchived(code) }
        guard let owner = try await TenantQueries.find(tenant, in: transaction) else {
            throw InvoiceError.tenantNotFound(tenant)
        }
        if let own = owner.currency, own != package.price.currency {
            throw CreditError.packageCurrency(code, tenant, is: own, asked: package.price.currency)
        }
        return package
    }

    private static func purchase(
        of package: CreditPackage,
        _ source: CreditPurchase.Source,
        _ tenant: TenantID,
        gateway: String,
        reference: String?,
        by stamp: Stamp
    ) -> CreditPurchase {
        CreditPurchase(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            package: package.code,
            source: source,
            status: .pending,
            price: package.price,
            credit: package.credit,
            expiresAfterDays: package.expiresAfterDays,
            priority: package.priority,
            gateway: gateway,
            reference: reference,
            actionURL: nil,
            failure: nil,
            fee: .zero(package.price.currency),
            grant: nil,
            bonusGrant: nil,
            requestedAt: stamp.at,
            settledAt: nil
        )
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

    private static func record(
        _ verb: String,
        _ purchase: CreditPurchase,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: purchase.id.text,
            tenant: purchase.tenant,
            details: [
                "package": .string(purchase.package), "source": .string(purchase.source.rawValue),
                "price": purchase.price.json, "credit": purchase.credit.json,
            ],
            by: stamp,
            in: transaction
        )
    }
}
