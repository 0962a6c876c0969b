import Postgres
import Values

/// Reading what was paid for invoices and went back.
enum MoneyBackQueries {
    /// Of each of some invoices, which the caller has locked.
    ///
    /// A refund does not say which of the invoices of its payment it is for: as far as it goes it counts for each.
    ///
    /// `payment`: the one whose refunds and disputes are left out.
    static func all(
        of invoices: [InvoiceID],
        tenant: TenantID,
        besides payment: PaymentID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceID: MoneyBack] {
        let found: [(InvoiceID, MoneyBack)] = try await transaction.query(
            """
            SELECT i.id, p.money, i.credits_applied_minor, p.refunded, n.to_balance, n.to_refund
            FROM app.invoices i
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(balance_minor), 0)::bigint AS to_balance,
                       coalesce(sum(refund_minor), 0)::bigint AS to_refund
                FROM app.credit_notes WHERE tenant_id = i.tenant_id AND invoice_id = i.id
            ) n
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(a.taken), 0)::bigint AS money,
                       coalesce(sum(least(a.taken, r.applied + d.applied))
                           FILTER (WHERE a.payment_id IS DISTINCT FROM \(payment)), 0)::bigint AS refunded
                FROM (
                    SELECT payment_id, sum(amount_minor) AS taken FROM app.payment_allocations
                    WHERE tenant_id = i.tenant_id AND invoice_id = i.id AND kind = 'payment' GROUP BY payment_id
                ) a
                CROSS JOIN LATERAL (
                    SELECT coalesce(sum(applied_minor), 0) AS applied FROM app.refunds
                    WHERE tenant_id = i.tenant_id AND payment_id = a.payment_id AND state <> 'failed'
                ) r
                CROSS JOIN LATERAL (
                    SELECT coalesce(sum(applied_minor), 0) AS applied FROM app.payment_disputes
                    WHERE tenant_id = i.tenant_id AND payment_id = a.payment_id AND state <> 'won'
                ) d
            ) p
            WHERE i.tenant_id = \(tenant) AND i.id = ANY (\(invoices)::uuid[])
            """
        ) { row in
            let id: InvoiceID = try row.next()
            let back = MoneyBack(
                money: try row.next(),
                credit: try row.next(),
                refunded: try row.next(),
                toBalance: try row.next(),
                toRefund: try row.next()
            )
            return (id, back)
        }
        return Dictionary(found) { first, _ in first }
    }
}
