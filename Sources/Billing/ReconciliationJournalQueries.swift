import Ledger
import Postgres
import Values

/// Reads what the books must hold, and what they hold, and has the two compared.
enum ReconciliationJournalQueries {
    static func differences(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        let expected =
            try await invoices(of: tenant, in: transaction)
            + PaymentReconciliationJournalQueries.expected(of: tenant, in: transaction)
            + grants(of: tenant, in: transaction)
            + CreditReconciliationQueries.expectations(of: tenant, in: transaction)
        return Reconciliation.differences(expected, try await posted(of: tenant, in: transaction))
    }

    /// What finalized invoices must have booked; one that was voided books the same the other way round.
    private static func invoices(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        let entries = try await invoiceEntries(of: tenant, in: transaction)
        let byInvoice = Dictionary(grouping: entries, by: \.invoice)
        return byInvoice.values.flatMap { rows -> [Reconciliation.Expectation] in
            guard let first = rows.first else { return [] }
            func expectation(_ act: String, _ sign: Int64) -> Reconciliation.Expectation {
                Reconciliation.Expectation(
                    tenant: first.tenant,
                    key: "invoice:\(first.invoice):\(act)",
                    object: first.invoice.text,
                    currency: first.currency,
                    entries: rows.map { Journal.Entry($0.account, sign &* $0.amount) }
                )
            }
            return [expectation("finalized", 1)] + (first.isVoid ? [expectation("voided", -1)] : [])
        }
        .sorted { ($0.tenant, $0.key) < ($1.tenant, $1.key) }
    }

    private struct InvoiceEntry {
        let tenant: TenantID
        let invoice: InvoiceID
        let currency: Currency
        let isVoid: Bool
        let account: Account
        let amount: Int64
    }

    /// The same rule as `InvoicePostings`, said once more in SQL: it is compared, not reused.
    private static func invoiceEntries(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceEntry] {
        try await transaction.query(
            """
            SELECT i.tenant_id, i.id, i.currency, i.status = 'void', entry.account, entry.amount::bigint
            FROM app.invoices i
            JOIN (
                SELECT l.tenant_id, l.invoice_id,
                       CASE WHEN l.timing = 'advance' THEN 'deferred_revenue'
                            WHEN l.kind = 'usage' THEN 'revenue:usage'
                            WHEN l.price LIKE 'addon:%' THEN 'revenue:addon' ELSE 'revenue:subscription' END AS account,
                       sum(l.discount_minor - l.amount_minor) AS amount
                FROM app.invoice_lines l GROUP BY 1, 2, 3
                UNION ALL
                SELECT tenant_id, id, 'tax_payable', -tax_minor FROM app.invoices
                UNION ALL
                SELECT tenant_id, id, 'customer_credit', -credited_minor FROM app.invoices
                UNION ALL
                SELECT tenant_id, id, 'refund_payable', -refund_due_minor FROM app.invoices
                UNION ALL
                SELECT tenant_id, id, 'receivable', amount_due_minor FROM app.invoices
                UNION ALL
                SELECT tenant_id, invoice_id, 'customer_credit', -amount_minor FROM app.credit_movements
                WHERE kind = 'used'
                UNION ALL
                SELECT u.tenant_id, u.invoice_id,
                       CASE g.kind WHEN 'prepaid' THEN 'prepaid_credit' ELSE 'promotional_credit' END, u.amount_minor
                FROM app.credit_uses u JOIN app.credit_grants g ON g.tenant_id = u.tenant_id AND g.id = u.grant_id
                WHERE u.kind = 'used'
            ) AS entry (tenant_id, invoice_id, account, amount)
                ON entry.tenant_id = i.tenant_id AND entry.invoice_id = i.id
            WHERE i.number IS NOT NULL AND (\(tenant)::uuid IS NULL OR i.tenant_id = \(tenant))
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let invoice: InvoiceID = try row.next()
            let currency: Currency = try row.next()
            let isVoid: Bool = try row.next()
            let name: String = try row.next()
            guard let account = Account(rawValue: name) else { throw LedgerError.unknownAccount(name) }
            return InvoiceEntry(
                tenant: tenant,
                invoice: invoice,
                currency: currency,
                isVoid: isVoid,
                account: account,
                amount: try row.next()
            )
        }
    }

    private static func grants(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Expectation] {
        try await transaction.query(
            """
            SELECT tenant_id, id, currency, amount_minor FROM app.credit_grants
            WHERE kind = 'prepaid' AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) ORDER BY tenant_id, id
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let grant: GrantID = try row.next()
            let currency: Currency = try row.next()
            let amount: Int64 = try row.next()
            return Reconciliation.Expectation(
                tenant: tenant,
                key: "credit:\(grant):granted",
                object: grant.text,
                currency: currency,
                entries: [.debit(.cash, amount), .credit(.prepaidCredit, amount)]
            )
        }
    }

    /// The journals that billing posts.
    private static func posted(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.Posted] {
        try await transaction.query(
            """
            SELECT tenant_id, posting_key, currency, accounts, amounts FROM app.journals
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
              AND (posting_key LIKE 'invoice:%' OR posting_key LIKE 'payment:%' OR posting_key LIKE 'credit:%:granted'
                   OR posting_key LIKE 'refund:%' OR posting_key LIKE 'dispute:%' OR posting_key LIKE 'write_off:%'
                   OR posting_key LIKE 'credit_note:%' OR posting_key LIKE 'credit_purchase:%')
            ORDER BY tenant_id, posting_key
            """
        ) { row in
            Reconciliation.Posted(
                tenant: try row.next(),
                key: try row.next(),
                currency: try row.next(),
                accounts: try row.next(),
                amounts: try row.next()
            )
        }
    }
}
