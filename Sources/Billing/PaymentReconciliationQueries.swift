import Ledger
import Postgres
import Values

/// The statements that compare payments with invoices and with the books.
enum PaymentReconciliationQueries {
    /// What invoices say they were paid against what settled them, payments against what was taken of them, and what
    /// is left of payments against the books.
    static func differences(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await invoices(of: tenant, in: transaction) + payments(of: tenant, in: transaction)
            + unapplied(of: tenant, in: transaction)
    }

    private static func invoices(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH settled AS MATERIALIZED (
                SELECT tenant_id, invoice_id, min(currency) AS currency, sum(amount_minor) AS amount
                FROM app.payment_allocations WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            )
            SELECT i.tenant_id, i.id, i.currency, i.status, i.amount_paid_minor, coalesce(p.amount, 0)::bigint
            FROM app.invoices i LEFT JOIN settled p ON p.tenant_id = i.tenant_id AND p.invoice_id = i.id
            WHERE (\(tenant)::uuid IS NULL OR i.tenant_id = \(tenant))
              AND (i.amount_paid_minor <> coalesce(p.amount, 0) OR p.currency <> i.currency)
            ORDER BY i.tenant_id, i.id LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let invoice: InvoiceID = try row.next()
            let currency: Currency = try row.next()
            let status: String = try row.next()
            return ReconciliationDifference(
                kind: .payment,
                tenant: tenant,
                details: [
                    "invoice": .string(invoice.text), "status": .string(status),
                    "amount_paid": try money(&row, currency), "payments": try money(&row, currency),
                ]
            )
        }
    }

    private static func payments(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            SELECT p.tenant_id, p.id, p.currency, p.amount_minor, p.applied_at_receipt_minor,
                   coalesce(a.at_receipt, 0)::bigint, (coalesce(a.taken, 0) + coalesce(r.taken, 0)
                   + coalesce(d.taken, 0))::bigint
            FROM app.payments p
            LEFT JOIN (SELECT tenant_id, payment_id, sum(amount_minor) AS taken, min(currency) AS currency,
                              sum(amount_minor) FILTER (WHERE at_receipt) AS at_receipt
                       FROM app.payment_allocations GROUP BY 1, 2) a
                ON a.tenant_id = p.tenant_id AND a.payment_id = p.id
            LEFT JOIN (SELECT tenant_id, payment_id, sum(unapplied_minor) AS taken FROM app.refunds
                       WHERE state <> 'failed' GROUP BY 1, 2) r
                ON r.tenant_id = p.tenant_id AND r.payment_id = p.id
            LEFT JOIN (SELECT tenant_id, payment_id, sum(unapplied_minor) AS taken FROM app.payment_disputes
                       WHERE state <> 'won' GROUP BY 1, 2) d
                ON d.tenant_id = p.tenant_id AND d.payment_id = p.id
            WHERE (\(tenant)::uuid IS NULL OR p.tenant_id = \(tenant))
              AND (coalesce(a.taken, 0) + coalesce(r.taken, 0) + coalesce(d.taken, 0) > p.amount_minor
                   OR coalesce(a.at_receipt, 0) <> p.applied_at_receipt_minor OR a.currency <> p.currency)
            ORDER BY p.tenant_id, p.id LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let payment: PaymentID = try row.next()
            let currency: Currency = try row.next()
            return ReconciliationDifference(
                kind: .payment,
                tenant: tenant,
                details: [
                    "payment": .string(payment.text), "amount": try money(&row, currency),
                    "applied_at_receipt": try money(&row, currency), "allocated_at_receipt": try money(&row, currency),
                    "taken": try money(&row, currency),
                ]
            )
        }
    }

    private static func unapplied(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH left_over AS MATERIALIZED (
                SELECT tenant_id, currency, sum(amount) AS amount FROM (
                    SELECT tenant_id, currency, amount_minor AS amount FROM app.payments
                    UNION ALL
                    SELECT tenant_id, currency, -amount_minor FROM app.payment_allocations WHERE kind = 'payment'
                    UNION ALL
                    SELECT tenant_id, currency, -unapplied_minor FROM app.refunds WHERE state <> 'failed'
                    UNION ALL
                    SELECT tenant_id, currency, -unapplied_minor FROM app.payment_disputes WHERE state <> 'won'
                ) part
                WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            ), booked AS MATERIALIZED (
                SELECT j.tenant_id, j.currency, -sum(e.amount) AS amount
                FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
                WHERE e.account = \(Account.unappliedCash.rawValue)
                  AND (\(tenant)::uuid IS NULL OR j.tenant_id = \(tenant))
                GROUP BY 1, 2
            )
            SELECT tenant_id, currency, coalesce(left_over.amount, 0)::bigint, coalesce(booked.amount, 0)::bigint
            FROM left_over FULL JOIN booked USING (tenant_id, currency)
            WHERE coalesce(left_over.amount, 0) <> coalesce(booked.amount, 0)
            ORDER BY 1, 2 LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            return ReconciliationDifference(
                kind: .payment,
                tenant: tenant,
                details: ["left_of_payments": try money(&row, currency), "booked": try money(&row, currency)]
            )
        }
    }

    private static func money(_ row: inout RowReader, _ currency: Currency) throws -> JSONValue {
        Money(minor: try row.next(), currency: currency).json
    }
}
