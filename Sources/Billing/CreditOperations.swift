import Jobs
import Ledger
package import Postgres
import Tenants
package import Values

/// Granting credit and taking it back.
package enum CreditOperations {
    /// Grants credit; prepaid credit is booked as cash that is owed until it is used.
    ///
    /// With an id that the draft brings, asking again yields the grant that is there.
    ///
    /// - Throws: `CreditError.otherCurrency` if the tenant is billed in another currency, `CreditError.idTaken`.
    @discardableResult
    package static func grant(
        _ draft: CreditGrantDraft,
        to tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditGrant {
        guard let owner = try await TenantQueries.find(tenant, in: transaction) else {
            throw InvoiceError.tenantNotFound(tenant)
        }
        if let own = owner.currency, own != draft.amount.currency {
            throw CreditError.otherCurrency(tenant, is: own, asked: draft.amount.currency)
        }
        let grantedAt = draft.grantedAt ?? stamp.at
        if let expiry = draft.expiresAt, expiry <= grantedAt { throw CreditError.expiresBeforeGrant(expiry) }
        let grant = CreditGrant(
            id: draft.id ?? .make(at: stamp.recordedAt),
            tenant: tenant,
            kind: draft.kind,
            amount: draft.amount,
            used: .zero(draft.amount.currency),
            expired: .zero(draft.amount.currency),
            expiredAt: nil,
            withdrawn: .zero(draft.amount.currency),
            paidBack: .zero(draft.amount.currency),
            priority: draft.priority,
            grantedAt: grantedAt,
            expiresAt: draft.expiresAt,
            voidedAt: nil,
            memo: draft.memo
        )
        guard try await transaction.execute(CreditQueries.insert(grant, by: stamp)) == 1 else {
            guard let existing = try await CreditQueries.find(grant.id, of: tenant, in: transaction),
                draft.isSatisfied(by: existing)
            else { throw CreditError.idTaken(grant.id) }
            return existing
        }
        if grant.kind == .prepaid {
            try await post(
                grant,
                .cash,
                .prepaidCredit,
                grant.amount.minor,
                "granted",
                at: grantedAt,
                by: stamp,
                in: transaction
            )
        }
        try await Activity.record(
            "credit.granted",
            object: grant.id.text,
            tenant: tenant,
            details: grant.json(at: stamp.at),
            by: stamp,
            in: transaction
        )
        return grant
    }

    /// Takes back what is left of a grant; what invoices took stays theirs.
    ///
    /// Doing so again is no work.
    ///
    /// What was paid for is owed back to the customer.
    ///
    /// - Throws: `CreditError.notFound` if the tenant has no grant with the id.
    @discardableResult
    package static func void(
        _ id: GrantID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditGrant {
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        guard let grant = try await CreditQueries.find(id, of: tenant, in: transaction) else {
            throw CreditError.notFound(id)
        }
        guard grant.voidedAt == nil else { return grant }
        try await transaction.execute(
            "UPDATE app.credit_grants SET voided_at = \(stamp.at) WHERE tenant_id = \(tenant) AND id = \(id)"
        )
        if grant.kind == .prepaid, grant.left.minor > 0 {
            try await post(
                grant,
                .prepaidCredit,
                .refundPayable,
                grant.left.minor,
                "voided",
                at: stamp.at,
                by: stamp,
                in: transaction
            )
        }
        try await Activity.record(
            "credit.voided",
            object: id.text,
            tenant: tenant,
            details: ["left": grant.left.json],
            by: stamp,
            in: transaction
        )
        return try await CreditQueries.find(id, of: tenant, in: transaction) ?? grant
    }

    /// Owes back what a voided invoice returns to prepaid grants that were taken back since, and books out what it
    /// returns to those that have expired: no invoice can take it.
    ///
    /// The caller holds the lock on the tenant's credit.
    static func refundReturned(
        by invoice: Invoice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let returned = try await CreditQueries.application(to: invoice.id, of: invoice.tenant, in: transaction)
        for use in returned.uses where use.kind == .prepaid {
            guard let grant = try await CreditQueries.find(use.grant, of: invoice.tenant, in: transaction),
                grant.voidedAt != nil || grant.expiredAt != nil
            else { continue }
            // What was paid back of it is nobody's to be given once more.
            let (now, paidBack) = (grant.used.minor, grant.paidBack.minor)
            let minor = max(now + use.minor, paidBack) - max(now, paidBack)
            guard minor > 0 else { continue }
            if grant.voidedAt == nil {
                try await transaction.execute(
                    """
                    UPDATE app.credit_grants SET expired_minor = expired_minor + \(minor)
                    WHERE tenant_id = \(invoice.tenant) AND id = \(grant.id)
                    """
                )
            }
            try await post(
                grant,
                .prepaidCredit,
                grant.voidedAt == nil ? .breakageRevenue : .refundPayable,
                minor,
                "returned:\(invoice.id)",
                at: stamp.at,
                by: stamp,
                in: transaction
            )
        }
    }

    static func post(
        _ grant: CreditGrant,
        _ debit: Account,
        _ credit: Account,
        _ minor: Int64,
        _ act: String,
        at instant: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let journal = try Journal(
            id: .make(at: stamp.recordedAt),
            tenant: grant.tenant,
            at: instant,
            key: "credit:\(grant.id):\(act)",
            currency: grant.amount.currency,
            entries: [.debit(debit, minor), .credit(credit, minor)],
            reference: grant.id.text,
            memo: "prepaid credit \(act)"
        )
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
    }
}
