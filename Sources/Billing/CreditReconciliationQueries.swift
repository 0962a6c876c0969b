import Ledger
import Postgres
import Values

/// Compares credit notes with their lines, invoices and numbers, and credit with the books.
enum CreditReconciliationQueries {
    /// What the books must hold for credit notes, for what was given up, and for what gateways kept of purchases.
    static func expectations(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        let notes = try await notes(of: tenant, in: transaction)
        let givenUp = try await transaction.query(
            """
            SELECT tenant_id, id, currency, uncollectible_minor FROM app.invoices
            WHERE uncollectible_minor > 0 AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) ORDER BY 1, 2
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let invoice: InvoiceID = try row.next()
            let currency: Currency = try row.next()
            let minor: Int64 = try row.next()
            return Reconciliation.Expectation(
                tenant: tenant,
                key: "invoice:\(invoice):uncollectible",
                object: invoice.text,
                currency: currency,
                entries: [.debit(.badDebt, minor), .credit(.receivable, minor)]
            )
        }
        let fees = try await transaction.query(
            """
            SELECT tenant_id, id, currency, fee_minor FROM app.credit_purchases
            WHERE fee_minor > 0 AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) ORDER BY 1, 2
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let purchase: CreditPurchaseID = try row.next()
            let currency: Currency = try row.next()
            let minor: Int64 = try row.next()
            return Reconciliation.Expectation(
                tenant: tenant,
                key: "credit_purchase:\(purchase):fee",
                object: purchase.text,
                currency: currency,
                entries: [.debit(.paymentFees, minor), .credit(.cash, minor)]
            )
        }
        return notes + givenUp + fees
    }

    /// What does not agree beside journals.
    static func differences(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        let lines = try await noteLines(of: tenant, in: transaction)
        let invoices = try await creditedInvoices(of: tenant, in: transaction)
        let balances = try await balances(of: tenant, in: transaction)
        let numbers =
            tenant == nil
            ? try await ReconciliationQueries.numbers(
                of: "app.credit_notes",
                "app.credit_note_counters",
                called: "credit_notes",
                in: transaction
            ) : []
        return lines + invoices + balances + numbers
    }

    private static func notes(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        try await transaction.query(
            """
            SELECT tenant_id, id, currency, net_minor, tax_minor, receivable_minor, bad_debt_minor, balance_minor,
                   refund_minor
            FROM app.credit_notes
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) ORDER BY tenant_id, id
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let note: CreditNoteID = try row.next()
            let currency: Currency = try row.next()
            return Reconciliation.Expectation(
                tenant: tenant,
                key: "credit_note:\(note):issued",
                object: note.text,
                currency: currency,
                entries: [
                    .debit(.creditNotes, try row.next()), .debit(.taxPayable, try row.next()),
                    .credit(.receivable, try row.next()), .credit(.badDebt, try row.next()),
                    .credit(.customerCredit, try row.next()), .credit(.refundPayable, try row.next()),
                ]
            )
        }
    }

    /// Credit notes against their lines, and lines of invoices against what credit notes took of them.
    private static func noteLines(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH taken AS MATERIALIZED (
                SELECT tenant_id, credit_note_id, sum(net_minor) AS net, sum(tax_minor) AS tax
                FROM app.credit_note_lines
                WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            ), of_lines AS MATERIALIZED (
                SELECT tenant_id, invoice_line_id, max(credit_note_id::text)::uuid AS credit_note_id,
                       sum(net_minor) AS net, sum(tax_minor) AS tax
                FROM app.credit_note_lines
                WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            )
            SELECT n.tenant_id, n.id, n.currency, n.net_minor, n.tax_minor, coalesce(t.net, 0)::bigint,
                   coalesce(t.tax, 0)::bigint
            FROM app.credit_notes n
            LEFT JOIN taken t ON t.tenant_id = n.tenant_id AND t.credit_note_id = n.id
            WHERE (\(tenant)::uuid IS NULL OR n.tenant_id = \(tenant))
              AND (n.net_minor, n.tax_minor) <> (coalesce(t.net, 0), coalesce(t.tax, 0))
            UNION ALL
            SELECT o.tenant_id, o.credit_note_id, i.currency, l.amount_minor - l.discount_minor, l.tax_minor,
                   o.net::bigint, o.tax::bigint
            FROM of_lines o
            JOIN app.invoice_lines l ON l.tenant_id = o.tenant_id AND l.id = o.invoice_line_id
            JOIN app.invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
            WHERE o.net * sign(l.amount_minor - l.discount_minor) > abs(l.amount_minor - l.discount_minor)
               OR o.tax * sign(l.tax_minor) > abs(l.tax_minor)
            ORDER BY 1, 2 LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let note: CreditNoteID = try row.next()
            let currency: Currency = try row.next()
            return ReconciliationDifference(
                kind: .creditNote,
                tenant: tenant,
                details: [
                    "credit_note": .string(note.text),
                    "says": ["net": try money(&row, currency), "tax": try money(&row, currency)],
                    "lines": ["net": try money(&row, currency), "tax": try money(&row, currency)],
                ]
            )
        }
    }

    /// What invoices say was credited against their credit notes, which never come to more than the invoice.
    private static func creditedInvoices(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH notes AS MATERIALIZED (
                SELECT tenant_id, invoice_id, sum(receivable_minor + bad_debt_minor) AS due, sum(total_minor) AS total,
                       min(currency) AS currency
                FROM app.credit_notes WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            )
            SELECT i.tenant_id, i.id, i.currency, i.amount_credited_minor, i.total_minor, coalesce(n.due, 0)::bigint,
                   coalesce(n.total, 0)::bigint
            FROM app.invoices i LEFT JOIN notes n ON n.tenant_id = i.tenant_id AND n.invoice_id = i.id
            WHERE (\(tenant)::uuid IS NULL OR i.tenant_id = \(tenant))
              AND (i.amount_credited_minor <> coalesce(n.due, 0) OR i.total_minor < coalesce(n.total, 0)
                   OR n.currency <> i.currency)
            ORDER BY 1, 2 LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let invoice: InvoiceID = try row.next()
            let currency: Currency = try row.next()
            return ReconciliationDifference(
                kind: .creditNote,
                tenant: tenant,
                details: [
                    "invoice": .string(invoice.text), "amount_credited": try money(&row, currency),
                    "total": try money(&row, currency), "taken_off_due": try money(&row, currency),
                    "credit_notes": try money(&row, currency),
                ]
            )
        }
    }

    /// What customers have left of bought credit, and their credit balances, against the books.
    ///
    /// What drafts have taken is not booked yet.
    private static func balances(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH held AS MATERIALIZED (
                SELECT g.tenant_id, g.currency, 'prepaid_credit' AS account,
                       sum(CASE WHEN g.voided_at IS NULL
                                THEN g.amount_minor - coalesce(g.expired_minor, 0) - coalesce(u.used, 0)
                                     - g.withdrawn_minor
                                ELSE greatest(g.paid_back_minor - coalesce(u.used, 0), 0) END
                           + coalesce(u.unbooked, 0)) AS amount
                FROM app.credit_grants g LEFT JOIN LATERAL (
                    SELECT sum(u.amount_minor) AS used,
                           sum(u.amount_minor) FILTER (WHERE i.status = 'draft') AS unbooked
                    FROM app.credit_uses u
                    JOIN app.invoices i ON i.tenant_id = u.tenant_id AND i.id = u.invoice_id
                    WHERE u.tenant_id = g.tenant_id AND u.grant_id = g.id
                ) u ON true
                WHERE g.kind = 'prepaid' AND (\(tenant)::uuid IS NULL OR g.tenant_id = \(tenant)) GROUP BY 1, 2
                UNION ALL
                SELECT m.tenant_id, m.currency, 'customer_credit', sum(m.amount_minor)
                FROM app.credit_movements m
                JOIN app.invoices i ON i.tenant_id = m.tenant_id AND i.id = m.invoice_id
                WHERE i.status <> 'draft' AND (\(tenant)::uuid IS NULL OR m.tenant_id = \(tenant)) GROUP BY 1, 2
            ), booked AS MATERIALIZED (
                SELECT j.tenant_id, j.currency, e.account, -sum(e.amount) AS amount
                FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
                WHERE e.account IN ('prepaid_credit', 'customer_credit')
                  AND (\(tenant)::uuid IS NULL OR j.tenant_id = \(tenant))
                GROUP BY 1, 2, 3
            )
            SELECT tenant_id, currency, account, coalesce(held.amount, 0)::bigint, coalesce(booked.amount, 0)::bigint
            FROM held FULL JOIN booked USING (tenant_id, currency, account)
            WHERE coalesce(held.amount, 0) <> coalesce(booked.amount, 0)
            ORDER BY 1, 2, 3 LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            let account: String = try row.next()
            return ReconciliationDifference(
                kind: .credit,
                tenant: tenant,
                details: [
                    "account": .string(account), "customer_has": try money(&row, currency),
                    "booked": try money(&row, currency),
                ]
            )
        }
    }

    private static func money(_ row: inout RowReader, _ currency: Currency) throws -> JSONValue {
        Money(minor: try row.next(), currency: currency).json
    }
}
