import Jobs
package import Postgres
import Tenants
package import Values

/// Buying credit by itself.
package enum TopUpOperations {
    /// Sets a tenant's rule in the place of the one it has.
    ///
    /// - Throws: what buying the package would be refused for; a limit below its price.
    @discardableResult
    package static func set(
        _ draft: TopUpRuleDraft,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> TopUpRule {
        guard let package = try await CreditPackageQueries.find(draft.package, in: transaction) else {
            throw CreditError.packageNotFound(draft.package)
        }
        guard package.archivedAt == nil else { throw CreditError.packageArchived(draft.package) }
        guard let owner = try await TenantQueries.find(tenant, in: transaction) else {
            throw InvoiceError.tenantNotFound(tenant)
        }
        let currency = package.price.currency
        if let own = owner.currency, own != currency {
            throw CreditError.packageCurrency(draft.package, tenant, is: own, asked: currency)
        }
        guard draft.threshold.currency == currency else {
            throw Problem.invalid(
                "threshold.currency",
                "is \(draft.threshold.currency); it must be that of the package, which is \(currency)"
            )
        }
        guard draft.monthlyLimit.minor >= package.price.minor else {
            throw Problem.invalid(
                "monthly_limit.amount",
                "is \(draft.monthlyLimit.text), but the package costs \(package.price.text): nothing would be bought"
            )
        }
        try await transaction.execute(
            """
            INSERT INTO app.top_up_rules (tenant_id, currency, threshold_minor, package, monthly_limit_minor,
                                          recorded_at, author)
            VALUES (\(tenant), \(currency), \(draft.threshold.minor), \(draft.package), \(draft.monthlyLimit.minor),
                    \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT (tenant_id) DO UPDATE SET currency = excluded.currency,
                threshold_minor = excluded.threshold_minor, package = excluded.package,
                monthly_limit_minor = excluded.monthly_limit_minor, ended_at = NULL,
                recorded_at = excluded.recorded_at, author = excluded.author
            """
        )
        let rule = TopUpRule(
            tenant: tenant,
            threshold: draft.threshold,
            package: draft.package,
            monthlyLimit: draft.monthlyLimit
        )
        try await record("top_up.set", rule.json, of: tenant, by: stamp, in: transaction)
        return rule
    }

    /// Ends a tenant's rule; doing so again is no work.
    package static func end(
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let ended = try await transaction.execute(
            """
            UPDATE app.top_up_rules SET ended_at = \(stamp.at) WHERE tenant_id = \(tenant) AND ended_at IS NULL
            """
        )
        guard ended == 1 else { return }
        try await record("top_up.ended", [:], of: tenant, by: stamp, in: transaction)
    }

    /// Begins the purchase that a tenant's rule asks for now; nil if it asks for none.
    ///
    /// Under the lock of the tenant's credit, and the table has at most one under way.
    ///
    /// - Throws: what `CreditPurchaseOperations.buy` throws.
    @discardableResult
    package static func topUp(
        _ tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditPurchase? {
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        guard let rule = try await TopUpQueries.find(of: tenant, in: transaction),
            let package = try await CreditPackageQueries.find(rule.package, in: transaction),
            let owner = try await TenantQueries.find(tenant, in: transaction)
        else { return nil }
        if let failed = try await TopUpQueries.lastFailure(of: tenant, in: transaction),
            stamp.at < failed.adding(seconds: TopUpRule.pauseSeconds)
        {
            return nil
        }
        let currency = rule.threshold.currency
        let available = try await CreditQueries.prepaid(of: tenant, currency: currency, at: stamp.at, in: transaction)
        let spent = try await CreditPurchaseQueries.spent(
            of: tenant,
            currency: currency,
            since: TopUpRule.month(of: stamp.at, in: owner.timeZone),
            in: transaction
        )
        guard rule.asks(available: available.minor, spent: spent, price: package.price) else { return nil }
        do {
            return try await CreditPurchaseOperations.buy(
                rule.package,
                source: .topUp,
                for: tenant,
                by: stamp,
                in: transaction
            )
        } catch CreditError.topUpPending { return nil }
    }

    private static func record(
        _ verb: String,
        _ details: JSONValue,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: tenant.text,
            tenant: tenant,
            details: details,
            by: stamp,
            in: transaction
        )
    }
}
