import Ledger
package import Postgres
package import Values

/// Reading and writing refunds.
package enum PaymentRefundQueries {
    /// Refunds in the order of their ids.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        payment: PaymentID? = nil,
        limit: Int,
        after: PaymentRefundID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PaymentRefund] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.refunds
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
              AND (\(payment)::uuid IS NULL OR payment_id = \(payment)) AND (\(after)::uuid IS NULL OR id > \(after))
            ORDER BY id LIMIT \(limit)
            """,
            refund
        )
    }

    /// One refund of a tenant; nil if the tenant has none with the id.
    package static func find(
        _ id: PaymentRefundID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.refunds WHERE tenant_id = \(tenant) AND id = \(id)",
            refund
        )
    }

    /// The refund that a gateway calls so, of whichever tenant: for `.system`.
    package static func find(
        gateway: String,
        reference: String,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.refunds
            WHERE gateway = \(gateway) AND reference = \(reference) LIMIT 1
            """,
            refund
        )
    }

    /// The refund, held until the transaction ends.
    static func lock(
        _ id: PaymentRefundID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund {
        let found = try await transaction.first(
            "SELECT \(fragment: columns) FROM app.refunds WHERE tenant_id = \(tenant) AND id = \(id) FOR NO KEY UPDATE",
            refund
        )
        guard let found else { throw PaymentError.refundNotFound(id) }
        return found
    }

    static func find(
        dedupeKey: String,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentRefund? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.refunds WHERE tenant_id = \(tenant) AND dedupe_key = \(dedupeKey)",
            refund
        )
    }

    /// What is owed to a tenant and not on its way: what stands on `refund_payable`, less what is being sent.
    package static func owed(
        to tenant: TenantID,
        currency: Currency,
        in transaction: borrowing Transaction
    ) async throws -> Money {
        // In one statement: between two a refund could be settled, and would count as owed again.
        let minor: Int64? = try await transaction.first(
            """
            SELECT (coalesce((
                SELECT -sum(e.amount)
                FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
                WHERE j.tenant_id = \(tenant) AND j.currency = \(currency)
                  AND e.account = \(Account.refundPayable.rawValue)), 0)
            - coalesce((
                SELECT sum(unapplied_minor + applied_minor + payable_minor + credit_minor) FROM app.refunds
                WHERE tenant_id = \(tenant) AND currency = \(currency) AND state = 'pending'), 0))::bigint
            """
        ) { row in try row.next() }
        return Money(minor: minor ?? 0, currency: currency)
    }

    static func insert(_ refund: PaymentRefund, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.refunds (tenant_id, id, payment_id, purchase_id, unapplied_minor, applied_minor, payable_minor,
                                 credit_minor, bonus_minor, paid_back_minor, currency, gateway, state, reason,
                                 reference, error, tries, at, settled_at, recorded_at, author, dedupe_key)
        VALUES (\(refund.tenant), \(refund.id), \(refund.payment), \(refund.purchase), \(refund.shares.unapplied),
                \(refund.shares.applied), \(refund.shares.payable), \(refund.shares.credit), \(refund.bonus),
                \(refund.paidBack), \(refund.currency), \(refund.gateway), \(refund.state.rawValue), \(refund.reason),
                \(refund.reference), \(refund.error), \(refund.tries), \(refund.at), \(refund.settledAt),
                \(stamp.recordedAt), \(stamp.author), \(refund.dedupeKey))
        """
    }

    static func update(_ refund: PaymentRefund) -> SQL {
        """
        UPDATE app.refunds SET state = \(refund.state.rawValue), reference = \(refund.reference),
            error = \(refund.error), tries = \(refund.tries), settled_at = \(refund.settledAt)
        WHERE tenant_id = \(refund.tenant) AND id = \(refund.id)
        """
    }

    private static let columns: SQL =
        """
        id, tenant_id, payment_id, purchase_id, unapplied_minor, applied_minor, payable_minor, credit_minor,
        bonus_minor, paid_back_minor, currency, gateway, state, reason, reference, error, tries, at, settled_at,
        dedupe_key
        """

    private static func refund(_ row: inout RowReader) throws -> PaymentRefund {
        let id: PaymentRefundID = try row.next()
        let tenant: TenantID = try row.next()
        let payment: PaymentID? = try row.next()
        let purchase: CreditPurchaseID? = try row.next()
        let shares = PaymentShares(
            unapplied: try row.next(),
            applied: try row.next(),
            payable: try row.next(),
            credit: try row.next()
        )
        let bonus: Int64 = try row.next()
        let paidBack: Int64 = try row.next()
        let currency: Currency = try row.next()
        let gateway: String = try row.next()
        let state: String = try row.next()
        return PaymentRefund(
            id: id,
            tenant: tenant,
            payment: payment,
            purchase: purchase,
            shares: shares,
            bonus: bonus,
            paidBack: paidBack,
            currency: currency,
            gateway: gateway,
            // The table's CHECK has no other words.
            state: PaymentRefund.State(rawValue: state) ?? .pending,
            reason: try row.next(),
            reference: try row.next(),
            error: try row.next(),
            tries: try row.next(),
            at: try row.next(),
            settledAt: try row.next(),
            dedupeKey: try row.next()
        )
    }
}
