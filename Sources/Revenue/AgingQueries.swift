import Ledger
import Postgres
import Values

/// Reads what stands on the account receivable, by what it is for: for `.finance`.
///
/// Journals of invoices and disputes name what they are for. Those of payments and credit notes do not: of these the
/// rows that they book are read, which are appended as journals are, with the same two times.
enum AgingQueries {
    private struct Thing: Hashable {
        let tenant: TenantID
        let currency: Currency
        let reference: String
    }

    private struct Part {
        let thing: Thing
        let minor: Int64
        let at: Instant
    }

    static func items(
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [AgingReport.Item] {
        let parts =
            try await booked(asOf, in: transaction) + paid(asOf, in: transaction) + credited(asOf, in: transaction)
        var sums: [Thing: (minor: Int64, first: Instant)] = [:]
        for part in parts {
            let known = sums[part.thing] ?? (minor: 0, first: part.at)
            sums[part.thing] = (minor: known.minor + part.minor, first: min(known.first, part.at))
        }
        let open = sums.filter { $0.value.minor != 0 }
        let due = try await due(open.keys.compactMap { InvoiceID($0.reference) }, in: transaction)
        return open.map { thing, sum in
            AgingReport.Item(
                tenant: thing.tenant,
                reference: thing.reference,
                dueAt: due[thing.tenant]?[thing.reference] ?? sum.first,
                amount: Money(minor: sum.minor, currency: thing.currency)
            )
        }
    }

    /// What journals put on the account that name what it is for.
    private static func booked(_ asOf: Instant, in transaction: borrowing Transaction) async throws -> [Part] {
        try await transaction.query(
            """
            SELECT j.tenant_id, j.currency, j.reference, sum(e.amount)::bigint, min(j.at)
            FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
            WHERE e.account = \(Account.receivable.rawValue) AND j.at <= \(asOf) AND j.recorded_at <= \(asOf)
              AND \(fragment: RevenueReportQueries.isReal("j"))
              AND j.posting_key NOT LIKE 'payment:%' AND j.posting_key NOT LIKE 'write_off:%'
              AND j.posting_key NOT LIKE 'credit_note:%'
            GROUP BY j.tenant_id, j.currency, j.reference
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            return Part(
                thing: Thing(tenant: tenant, currency: currency, reference: try row.next()),
                minor: try row.next(),
                at: try row.next()
            )
        }
    }

    /// What invoices took of payments, and small rests that nobody pursues.
    private static func paid(_ asOf: Instant, in transaction: borrowing Transaction) async throws -> [Part] {
        try await ofInvoices(
            """
            SELECT a.tenant_id, a.currency, a.invoice_id, -sum(a.amount_minor)::bigint, min(a.at)
            FROM app.payment_allocations a
            WHERE a.account = 'receivable' AND a.at <= \(asOf) AND a.recorded_at <= \(asOf)
              AND \(fragment: RevenueReportQueries.isReal("a"))
            GROUP BY a.tenant_id, a.currency, a.invoice_id
            """,
            in: transaction
        )
    }

    private static func credited(_ asOf: Instant, in transaction: borrowing Transaction) async throws -> [Part] {
        try await ofInvoices(
            """
            SELECT n.tenant_id, n.currency, n.invoice_id, -sum(n.receivable_minor)::bigint, min(n.issued_at)
            FROM app.credit_notes n
            WHERE n.issued_at <= \(asOf) AND n.recorded_at <= \(asOf) AND \(fragment: RevenueReportQueries.isReal("n"))
            GROUP BY n.tenant_id, n.currency, n.invoice_id
            """,
            in: transaction
        )
    }

    private static func ofInvoices(_ sql: SQL, in transaction: borrowing Transaction) async throws -> [Part] {
        try await transaction.query(sql) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            let invoice: InvoiceID = try row.next()
            return Part(
                thing: Thing(tenant: tenant, currency: currency, reference: invoice.text),
                minor: try row.next(),
                at: try row.next()
            )
        }
    }

    /// When invoices are due, by tenant and wire id.
    private static func due(
        _ invoices: [InvoiceID],
        in transaction: borrowing Transaction
    ) async throws -> [TenantID: [String: Instant]] {
        let rows: [(tenant: TenantID, invoice: InvoiceID, due: Instant)] = try await transaction.query(
            """
            SELECT tenant_id, id, due_at FROM app.invoices
            WHERE id = ANY (\(invoices.sorted())::uuid[]) AND due_at IS NOT NULL
            """
        ) { row in (tenant: try row.next(), invoice: try row.next(), due: try row.next()) }
        var due: [TenantID: [String: Instant]] = [:]
        for row in rows { due[row.tenant, default: [:]][row.invoice.text] = row.due }
        return due
    }
}
