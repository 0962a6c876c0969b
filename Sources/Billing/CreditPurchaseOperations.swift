import Jobs
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

    /// Books a purchase whose money came in another way, as by bank transfer; the same reference again is no second
    /// one.
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

    static func record(
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
