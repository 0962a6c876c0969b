import Ledger
import Postgres
import Values

/// Booking out credit that invoices have given back after the money for it went back.
///
/// When the money went back that credit was used, so a refund or a lost dispute was booked. Now nothing was earned of
/// it: the customer cannot take it once more, and what was booked is taken back.
enum CreditPaidBackOperations {
    /// A grant of which invoices have given back what was paid back.
    struct Found: Hashable, Sendable {
        let tenant: TenantID
        let grant: GrantID
    }

    /// Such grants in the order of (tenant, id): for `.system`.
    static func cleared(
        after: Found?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [Found] {
        try await transaction.query(
            """
            SELECT g.tenant_id, g.id FROM app.credit_grants g
            WHERE g.paid_back_minor > coalesce((
                      SELECT sum(u.amount_minor) FROM app.credit_uses u
                      WHERE u.tenant_id = g.tenant_id AND u.grant_id = g.id), 0)
              AND g.paid_back_minor > 0
              AND (\(after?.tenant)::uuid IS NULL
                   OR (g.tenant_id, g.id) > (\(after?.tenant)::uuid, \(after?.grant)::uuid))
            ORDER BY g.tenant_id, g.id LIMIT \(limit)
            """
        ) { row in Found(tenant: try row.next(), grant: try row.next()) }
    }

    /// Books out what there is of one, once; nothing while a refund or a dispute of its purchase is not decided.
    static func clear(_ found: Found, by stamp: Stamp, in transaction: borrowing Transaction) async throws {
        _ = try await InvoiceQueries.lockTenant(found.tenant, in: transaction)
        guard let grant = try await CreditQueries.find(found.grant, of: found.tenant, in: transaction),
            let booked = try await booked(found, in: transaction), !booked.isUndecided
        else { return }
        let minor = grant.paidBack.minor - grant.used.minor
        guard minor > 0 else { return }
        // What was taken back before was taken off refunds first.
        let before = booked.refunds + booked.badDebt - grant.paidBack.minor
        let ofRefunds = min(minor, max(0, booked.refunds - before))
        try await transaction.execute(
            """
            UPDATE app.credit_grants SET withdrawn_minor = withdrawn_minor + \(minor),
                paid_back_minor = paid_back_minor - \(minor)
            WHERE tenant_id = \(found.tenant) AND id = \(found.grant)
            """
        )
        let journal = try Journal(
            id: .make(at: stamp.recordedAt),
            tenant: found.tenant,
            at: stamp.at,
            key: "credit:\(found.grant):paid_back:\(before)",
            currency: grant.amount.currency,
            entries: [
                .debit(.prepaidCredit, minor), .credit(.refunds, ofRefunds), .credit(.badDebt, minor - ofRefunds),
            ],
            reference: found.grant.text,
            memo: "prepaid credit that was paid back"
        )
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
        try await CreditPurchaseOperations.record(
            "credit.withdrawn",
            grant,
            minor,
            "paid_back",
            by: stamp,
            in: transaction
        )
    }

    /// What refunds and lost disputes booked for credit of a grant that invoices had taken, in minor units.
    private static func booked(
        _ found: Found,
        in transaction: borrowing Transaction
    ) async throws -> (refunds: Int64, badDebt: Int64, isUndecided: Bool)? {
        try await transaction.first(
            """
            SELECT coalesce((
                       SELECT sum(r.paid_back_minor) FROM app.refunds r
                       WHERE r.tenant_id = p.tenant_id AND r.purchase_id = p.id AND r.state = 'succeeded'), 0)::bigint,
                   coalesce((
                       SELECT sum(d.paid_back_minor) FROM app.payment_disputes d
                       WHERE d.tenant_id = p.tenant_id AND d.purchase_id = p.id AND d.state = 'lost'), 0)::bigint,
                   EXISTS (SELECT FROM app.refunds r
                           WHERE r.tenant_id = p.tenant_id AND r.purchase_id = p.id AND r.state = 'pending')
                   OR EXISTS (SELECT FROM app.payment_disputes d
                              WHERE d.tenant_id = p.tenant_id AND d.purchase_id = p.id AND d.state = 'open')
            FROM app.credit_purchases p
            WHERE p.tenant_id = \(found.tenant) AND p.grant_id = \(found.grant)
            """
        ) { row in (refunds: try row.next(), badDebt: try row.next(), isUndecided: try row.next()) }
    }
}
