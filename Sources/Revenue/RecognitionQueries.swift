import Ledger
import Postgres
import Values

/// Reads what revenue is recognised from.
enum RecognitionQueries {
    /// When an invoice was taken back, if it was.
    private struct Booked {
        var isBooked = false
        var voidedAt: Instant?
    }

    /// The lines of all invoices that were in the books at an instant of recorded time.
    ///
    /// What a journal says counts, not the invoice's row: that is written over when it is paid or taken back.
    ///
    /// `tenant`: only this tenant's; nil is all that are not in test mode.
    static func lines(
        of tenant: TenantID?,
        recordedUntil asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [RecognitionLine] {
        let booked = try await booked(of: tenant, recordedUntil: asOf, in: transaction)
        let rows: [RecognitionLine?] = try await transaction.query(
            """
            SELECT l.tenant_id, l.invoice_id, l.id, l.price, l.kind, l.timing, l.period_start, l.period_end,
                   l.amount_minor - l.discount_minor, i.issued_at, i.currency, s.timezone
            FROM app.invoice_lines l
            JOIN app.invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
            JOIN app.subscriptions s ON s.tenant_id = l.tenant_id AND s.id = l.subscription_id
            WHERE l.recorded_at <= \(asOf) AND i.finalized_at IS NOT NULL
              AND l.amount_minor <> l.discount_minor AND \(fragment: scope(tenant, "l"))
            ORDER BY l.tenant_id, l.id
            """
        ) { row in try line(&row, booked) }
        return rows.compactMap(\.self)
    }

    private static func line(_ row: inout RowReader, _ booked: [InvoiceID: Booked]) throws -> RecognitionLine? {
        let tenant: TenantID = try row.next()
        let invoice: InvoiceID = try row.next()
        let id: InvoiceLineID = try row.next()
        let price: String? = try row.next()
        let kind: String = try row.next()
        let timing: String = try row.next()
        let start: Instant = try row.next()
        let end: Instant = try row.next()
        let minor: Int64 = try row.next()
        let issuedAt: Instant = try row.next()
        let currency: Currency = try row.next()
        let name: String = try row.next()
        guard let book = booked[invoice], book.isBooked else { return nil }
        guard let zone = Zone(name) else {
            throw Problem(.internal, "the invoice \(invoice) has the unknown time zone \(name)")
        }
        let isDeferred = timing == "advance"
        let account: Account =
            kind == "usage"
            ? .usageRevenue : price?.hasPrefix("addon:") == true ? .addOnRevenue : .subscriptionRevenue
        return RecognitionLine(
            tenant: tenant,
            invoice: invoice,
            line: id,
            account: account,
            isDeferred: isDeferred,
            schedule: RecognitionSchedule(
                at: issuedAt,
                start: start,
                end: isDeferred ? end : start,
                zone: zone,
                amount: Money(minor: minor, currency: currency)
            ),
            voidedAt: book.voidedAt
        )
    }

    private static func booked(
        of tenant: TenantID?,
        recordedUntil asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceID: Booked] {
        var booked: [InvoiceID: Booked] = [:]
        let rows: [(reference: String, key: String, at: Instant)] = try await transaction.query(
            """
            SELECT j.reference, j.posting_key, j.at FROM app.journals j
            WHERE j.posting_key LIKE 'invoice:%' AND j.recorded_at <= \(asOf) AND \(fragment: scope(tenant, "j"))
            """
        ) { row in (reference: try row.next(), key: try row.next(), at: try row.next()) }
        for row in rows {
            guard let invoice = InvoiceID(row.reference) else { continue }
            if row.key.hasSuffix(":finalized") { booked[invoice, default: Booked()].isBooked = true }
            if row.key.hasSuffix(":voided") { booked[invoice, default: Booked()].voidedAt = row.at }
        }
        return booked
    }

    private static func scope(_ tenant: TenantID?, _ table: SQL) -> SQL {
        guard let tenant else { return RevenueReportQueries.isReal(table) }
        return "\(fragment: table).tenant_id = \(tenant)"
    }

    /// The months that are recognised already, with what was moved from deferred revenue in all of them, by currency.
    static func posted(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [(currency: Currency, account: Account, amount: Int64, lastKey: String)] {
        try await transaction.query(
            """
            SELECT j.currency, e.account, -sum(e.amount)::bigint, max(j.posting_key) FROM app.journals j
            CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
            WHERE j.tenant_id = \(tenant) AND j.posting_key LIKE 'recognition:%'
              AND e.account <> \(Account.deferredRevenue.rawValue)
            GROUP BY j.currency, e.account
            """
        ) { row in
            let currency: Currency = try row.next()
            let name: String = try row.next()
            guard let account = Account(rawValue: name) else {
                throw Problem(.internal, "the books have the unknown account \(name)")
            }
            return (currency: currency, account: account, amount: try row.next(), lastKey: try row.next())
        }
    }

    /// Tenants with something in advance, in the order of their ids.
    static func tenants(
        after: TenantID?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID] {
        try await transaction.query(
            """
            SELECT t.tenant_id FROM app.tenants t
            WHERE (\(after)::uuid IS NULL OR t.tenant_id > \(after)) AND t.clock_id IS NULL
              AND EXISTS (SELECT FROM app.invoices i WHERE i.tenant_id = t.tenant_id AND i.finalized_at IS NOT NULL)
            ORDER BY t.tenant_id LIMIT \(limit)
            """
        ) { row in try row.next() }
    }
}
