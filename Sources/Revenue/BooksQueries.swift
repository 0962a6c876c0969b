import Ledger
import Postgres
import Values

/// Reads what reports of the books are made of: for `.finance`, over all tenants that are not in test mode.
///
/// What a journal says counts, and when it was recorded: rows of invoices are written over when they are paid or taken
/// back, and are read only for what never changes once an invoice is in the books.
enum BooksQueries {
    /// A span of business time, known at an instant.
    struct Span {
        let start: Instant
        let end: Instant
        let asOf: Instant

        init(_ months: ReportMonths) {
            start = months.from.start(in: months.zone)
            end = months.limit(months.to)
            asOf = months.asOf
        }

        /// All that happened until an instant.
        init(until instant: Instant) {
            start = Month(index: 12).start(in: .utc)
            end = instant.adding(microseconds: 1)
            asOf = instant
        }

        func holds(_ table: SQL) -> SQL {
            """
            \(fragment: table).at >= \(start) AND \(fragment: table).at < \(end)
            AND \(fragment: table).recorded_at <= \(asOf) AND \(fragment: RevenueReportQueries.isReal(table))
            """
        }
    }

    /// An invoice of a tenant.
    private struct InvoiceKey: Hashable {
        let tenant: TenantID
        let invoice: InvoiceID
    }

    /// A journal that books an invoice, or takes it back.
    private struct Booking {
        let invoice: InvoiceKey
        let at: Instant
        let isVoid: Bool
        let deferred: Int64
    }

    /// Invoices as the table `k`.
    private static func table(_ keys: Set<InvoiceKey>) -> SQL {
        let sorted = keys.sorted { ($0.tenant, $0.invoice) < ($1.tenant, $1.invoice) }
        return """
            unnest(\(sorted.map(\.tenant))::uuid[], \(sorted.map(\.invoice))::uuid[]) AS k (tenant_id, id)
            """
    }

    // MARK: - Invoices

    private static func bookings(_ span: Span, in transaction: borrowing Transaction) async throws -> [Booking] {
        let rows: [Booking?] = try await transaction.query(
            """
            SELECT j.tenant_id, j.reference, j.at, j.posting_key LIKE '%:voided',
                   coalesce((SELECT sum(e.amount) FROM unnest(j.accounts, j.amounts) AS e (account, amount)
                             WHERE e.account = \(Account.deferredRevenue.rawValue)), 0)::bigint
            FROM app.journals j
            WHERE \(fragment: span.holds("j"))
              AND (j.posting_key LIKE 'invoice:%:finalized' OR j.posting_key LIKE 'invoice:%:voided')
            ORDER BY j.tenant_id, j.id
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let reference: String = try row.next()
            guard let invoice = InvoiceID(reference) else { return nil }
            return Booking(
                invoice: InvoiceKey(tenant: tenant, invoice: invoice),
                at: try row.next(),
                isVoid: try row.next(),
                deferred: try row.next()
            )
        }
        return rows.compactMap(\.self)
    }

    /// Invoices that were booked or taken back in a span.
    static func invoiced(
        _ span: Span,
        in transaction: borrowing Transaction
    ) async throws -> [BillingsReport.Invoiced] {
        let bookings = try await bookings(span, in: transaction)
        let keys = Set(bookings.map(\.invoice))
        struct Amounts {
            let currency: Currency
            let subtotal: Int64
            let discount: Int64
            let tax: Int64
            let credits: Int64
        }
        var amounts: [InvoiceKey: Amounts] = [:]
        let rows: [(key: InvoiceKey, amounts: Amounts)] = try await transaction.query(
            """
            SELECT i.tenant_id, i.id, i.currency, i.subtotal_minor, i.discount_minor, i.tax_minor,
                   i.credits_applied_minor
            FROM \(fragment: table(keys)) JOIN app.invoices i ON i.tenant_id = k.tenant_id AND i.id = k.id
            WHERE i.number IS NOT NULL
            """
        ) { row in
            (
                key: InvoiceKey(tenant: try row.next(), invoice: try row.next()),
                amounts: Amounts(
                    currency: try row.next(),
                    subtotal: try row.next(),
                    discount: try row.next(),
                    tax: try row.next(),
                    credits: try row.next()
                )
            )
        }
        for row in rows { amounts[row.key] = row.amounts }
        return bookings.compactMap { booking in
            guard let own = amounts[booking.invoice] else { return nil }
            return BillingsReport.Invoiced(
                tenant: booking.invoice.tenant,
                invoice: booking.invoice.invoice,
                at: booking.at,
                isVoid: booking.isVoid,
                currency: own.currency,
                subtotal: own.subtotal,
                discount: own.discount,
                tax: own.tax,
                credits: own.credits,
                inAdvance: booking.isVoid ? booking.deferred : -booking.deferred
            )
        }
    }

    /// Credit notes of a span.
    static func credited(
        _ span: Span,
        in transaction: borrowing Transaction
    ) async throws -> [BillingsReport.Credited] {
        try await transaction.query(
            """
            SELECT n.tenant_id, n.id, n.invoice_id, n.issued_at, n.currency, n.total_minor
            FROM app.credit_notes n
            WHERE n.issued_at >= \(span.start) AND n.issued_at < \(span.end) AND n.recorded_at <= \(span.asOf)
              AND \(fragment: RevenueReportQueries.isReal("n"))
            ORDER BY n.tenant_id, n.id
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let note: ID<CreditNoteRow> = try row.next()
            let invoice: InvoiceID = try row.next()
            return BillingsReport.Credited(
                tenant: tenant,
                ids: [note.text, invoice.text],
                at: try row.next(),
                currency: try row.next(),
                total: try row.next()
            )
        }
    }

    // MARK: - Tax

    /// Taxes on the lines of invoices that were booked or taken back in a span, and of its credit notes.
    static func taxShares(
        _ span: Span,
        in transaction: borrowing Transaction
    ) async throws -> [TaxReport.Share] {
        let catalogue = try await TaxCatalogue.read(asOf: span.asOf, in: transaction)
        let bookings = Dictionary(grouping: try await bookings(span, in: transaction), by: \.invoice)
        let lines = try await taxedLines(
            """
            SELECT l.tenant_id, l.invoice_id, l.id, NULL::uuid, i.issued_at, i.currency, i.tax_status,
                   l.amount_minor - l.discount_minor, l.taxes, i.issued_at
            FROM \(fragment: table(Set(bookings.keys)))
            JOIN app.invoices i ON i.tenant_id = k.tenant_id AND i.id = k.id
            JOIN app.invoice_lines l ON l.tenant_id = k.tenant_id AND l.invoice_id = k.id
            WHERE i.number IS NOT NULL AND l.amount_minor <> l.discount_minor
            ORDER BY l.tenant_id, l.id
            """,
            in: transaction
        )
        let credits = try await taxedLines(
            """
            SELECT c.tenant_id, n.invoice_id, c.invoice_line_id, n.id, n.issued_at, n.currency, i.tax_status,
                   c.net_minor, c.taxes, i.issued_at
            FROM app.credit_note_lines c
            JOIN app.credit_notes n ON n.tenant_id = c.tenant_id AND n.id = c.credit_note_id
            JOIN app.invoices i ON i.tenant_id = n.tenant_id AND i.id = n.invoice_id
            WHERE n.issued_at >= \(span.start) AND n.issued_at < \(span.end) AND n.recorded_at <= \(span.asOf)
              AND \(fragment: RevenueReportQueries.isReal("n"))
            ORDER BY c.tenant_id, c.credit_note_id, c.position
            """,
            in: transaction
        )
        let invoiced = try lines.flatMap { line in
            try (bookings[InvoiceKey(tenant: line.tenant, invoice: line.invoice)] ?? []).flatMap { booking in
                try line.shares(at: booking.at, sign: booking.isVoid ? -1 : 1, catalogue)
            }
        }
        return invoiced + (try credits.flatMap { line in try line.shares(at: line.at, sign: 1, catalogue) })
    }

    private static func taxedLines(_ sql: SQL, in transaction: borrowing Transaction) async throws -> [TaxedLine] {
        try await transaction.query(sql) { row in
            TaxedLine(
                tenant: try row.next(),
                invoice: try row.next(),
                line: try row.next(),
                note: try row.next(),
                at: try row.next(),
                currency: try row.next(),
                status: try row.next(),
                net: try row.next(),
                taxes: try row.next(),
                issuedAt: try row.next()
            )
        }
    }
}

/// A row of credit notes, as their wire ids have it.
enum CreditNoteRow: Entity { static let prefix = "crn" }
