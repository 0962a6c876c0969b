import Ledger
import Metering
package import Postgres
package import Values

extension Reconciliation {
    /// The most differences of a kind that one statement reports.
    static let limit = 1_000

    /// Every difference along the chain: events, rollups, invoice lines, invoices, journals, payments; none is what is
    /// expected.
    ///
    /// Reads everything there is: for `.finance`, in a snapshot, so that what is being written does not count as a
    /// difference. Each check is one statement over all tenants, however many invoices there are.
    ///
    /// `tenant`: only this tenant's; nil is all.
    package static func differences(
        tenant: TenantID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        let usage = try await MeteringReconciliation.differences(of: tenant, in: transaction).map { difference in
            ReconciliationDifference(kind: .usage, tenant: difference.tenant, details: difference.json)
        }
        let stretches = try await ReconciliationUsageQueries.stretches(of: tenant, in: transaction)
        let journals = try await ReconciliationJournalQueries.differences(of: tenant, in: transaction)
        let amounts = try await ReconciliationQueries.amounts(of: tenant, in: transaction)
        let payments = try await PaymentReconciliationQueries.differences(of: tenant, in: transaction)
        let receivables = try await ReconciliationQueries.receivables(of: tenant, in: transaction)
        let credit = try await CreditReconciliationQueries.differences(of: tenant, in: transaction)
        let numbers =
            tenant == nil
            ? try await ReconciliationQueries.numbers(
                of: "app.invoices",
                "app.invoice_counters",
                called: "invoices",
                in: transaction
            ) : []
        let ledger = try await LedgerVerification.verify(in: transaction).findings
            .filter { tenant == nil || $0.tenant == tenant }
            .map { ReconciliationDifference(kind: .ledger, tenant: $0.tenant, details: $0.json) }
        return usage + stretches.compactMap(difference) + amounts + journals + payments + receivables + credit + numbers
            + ledger
    }
}

/// The statements that compare invoices with their lines, credits, payments and numbers.
enum ReconciliationQueries {
    /// Amounts of invoices against their lines and credits.
    static func amounts(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH lines AS MATERIALIZED (
                SELECT tenant_id, invoice_id, sum(amount_minor) AS subtotal, sum(discount_minor) AS discount,
                       sum(tax_minor) AS tax
                FROM app.invoice_lines WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            ), credits AS MATERIALIZED (
                SELECT tenant_id, invoice_id, sum(used) AS used, sum(added) AS added
                FROM (
                    SELECT tenant_id, invoice_id, amount_minor AS used, 0 AS added
                    FROM app.credit_uses WHERE kind = 'used'
                    UNION ALL
                    SELECT tenant_id, invoice_id, -amount_minor, 0 FROM app.credit_movements WHERE kind = 'used'
                    UNION ALL
                    SELECT tenant_id, invoice_id, 0, amount_minor FROM app.credit_movements WHERE kind = 'added'
                ) credit
                WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            )
            SELECT i.tenant_id, i.id, i.currency, i.subtotal_minor, i.discount_minor, i.tax_minor,
                   i.credits_applied_minor, i.credited_minor, coalesce(l.subtotal, 0)::bigint,
                   coalesce(l.discount, 0)::bigint, coalesce(l.tax, 0)::bigint, coalesce(c.used, 0)::bigint,
                   coalesce(c.added, 0)::bigint
            FROM app.invoices i
            LEFT JOIN lines l ON l.tenant_id = i.tenant_id AND l.invoice_id = i.id
            LEFT JOIN credits c ON c.tenant_id = i.tenant_id AND c.invoice_id = i.id
            WHERE (\(tenant)::uuid IS NULL OR i.tenant_id = \(tenant))
              AND (i.subtotal_minor, i.discount_minor, i.tax_minor, i.credits_applied_minor, i.credited_minor)
                  <> (coalesce(l.subtotal, 0), coalesce(l.discount, 0), coalesce(l.tax, 0), coalesce(c.used, 0),
                      coalesce(c.added, 0))
            ORDER BY i.tenant_id, i.id LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let invoice: InvoiceID = try row.next()
            let currency: Currency = try row.next()
            return ReconciliationDifference(
                kind: .invoiceAmounts,
                tenant: tenant,
                details: [
                    "invoice": .string(invoice.text), "says": try amounts(&row, currency),
                    "comes_to": try amounts(&row, currency),
                ]
            )
        }
    }

    /// What is receivable in the books against what is left of open invoices, and is disputed, for each tenant and
    /// currency.
    static func receivables(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH open AS MATERIALIZED (
                SELECT tenant_id, currency, sum(amount) AS amount FROM (
                    SELECT tenant_id, currency, amount_due_minor - amount_paid_minor - amount_credited_minor AS amount
                    FROM app.invoices WHERE status = 'open'
                    UNION ALL
                    SELECT tenant_id, currency, applied_minor FROM app.payment_disputes WHERE state = 'open'
                ) owed
                WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) GROUP BY 1, 2
            ), booked AS MATERIALIZED (
                SELECT j.tenant_id, j.currency, sum(e.amount) AS amount
                FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
                WHERE e.account = \(Account.receivable.rawValue)
                  AND (\(tenant)::uuid IS NULL OR j.tenant_id = \(tenant))
                GROUP BY 1, 2
            )
            SELECT tenant_id, currency, coalesce(open.amount, 0)::bigint, coalesce(booked.amount, 0)::bigint
            FROM open FULL JOIN booked USING (tenant_id, currency)
            WHERE coalesce(open.amount, 0) <> coalesce(booked.amount, 0)
            ORDER BY 1, 2 LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            return ReconciliationDifference(
                kind: .receivable,
                tenant: tenant,
                details: ["open_invoices": try money(&row, currency), "booked": try money(&row, currency)]
            )
        }
    }

    /// The last number of each entity against how many documents have one.
    ///
    /// `documents`, `counters`: the tables; `name`: what the documents are called in a difference.
    static func numbers(
        of documents: SQL,
        _ counters: SQL,
        called name: String,
        in transaction: borrowing Transaction
    ) async throws -> [ReconciliationDifference] {
        try await transaction.query(
            """
            WITH numbered AS MATERIALIZED (
                SELECT legal_entity_id, count(DISTINCT number) AS count FROM \(fragment: documents)
                WHERE number IS NOT NULL GROUP BY 1
            )
            SELECT legal_entity_id, coalesce(c.last_number, 0)::bigint, coalesce(numbered.count, 0)::bigint
            FROM \(fragment: counters) c FULL JOIN numbered USING (legal_entity_id)
            WHERE coalesce(c.last_number, 0) <> coalesce(numbered.count, 0)
            ORDER BY 1 LIMIT \(Reconciliation.limit)
            """
        ) { row in
            let entity: EntityID = try row.next()
            let last: Int64 = try row.next()
            let count: Int64 = try row.next()
            return ReconciliationDifference(
                kind: .numbers,
                tenant: nil,
                details: ["legal_entity": .string(entity.text), "last_number": .int(last), name: .int(count)]
            )
        }
    }

    private static func money(_ row: inout RowReader, _ currency: Currency) throws -> JSONValue {
        Money(minor: try row.next(), currency: currency).json
    }

    private static func amounts(_ row: inout RowReader, _ currency: Currency) throws -> JSONValue {
        [
            "subtotal": try money(&row, currency), "discount": try money(&row, currency),
            "tax": try money(&row, currency), "credits_applied": try money(&row, currency),
            "credited": try money(&row, currency),
        ]
    }
}
