import Postgres
import Values

/// Reading what comes in from tenants that partners brought, and what was accrued and paid.
enum PartnerAccrualQueries {
    /// Tenants that somebody brought, whose money is money, in the order of their ids.
    static func tenants(
        after: TenantID?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID] {
        try await transaction.query(
            """
            SELECT t.tenant_id FROM app.tenants t
            WHERE (\(after)::uuid IS NULL OR t.tenant_id > \(after)) AND t.clock_id IS NULL
              AND EXISTS (SELECT FROM app.partner_attributions a WHERE a.tenant_id = t.tenant_id)
            ORDER BY t.tenant_id LIMIT \(limit)
            """
        ) { row in try row.next() }
    }

    /// A receipt that is to be accrued.
    struct Due {
        let at: Instant
        let tenant: TenantID
        let source: String
    }

    /// What is not accrued of tenants whom a partner with tiers brought, the oldest first, in pages.
    static func due(
        until stamp: Stamp,
        after: Due?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [Due] {
        try await transaction.query(
            """
            SELECT f.at, f.tenant_id, f.source FROM (\(fragment: facts(of: nil))) AS f
            WHERE f.at <= \(stamp.at) AND f.recorded_at <= \(stamp.recordedAt) AND f.amount <> 0
              AND (\(after?.at)::timestamptz IS NULL
                   OR (f.at, f.tenant_id, f.source)
                      > (\(after?.at)::timestamptz, \(after?.tenant)::uuid, \(after?.source)::text))
              AND EXISTS (
                  SELECT FROM app.partner_attributions b JOIN app.partners p ON p.id = b.partner_id
                  WHERE b.tenant_id = f.tenant_id AND jsonb_array_length(p.tiers) > 1)
              AND \(fragment: RevenueReportQueries.isReal("f"))
              AND NOT EXISTS (
                  SELECT FROM app.partner_accruals x WHERE x.tenant_id = f.tenant_id AND x.source = f.source)
            ORDER BY f.at, f.tenant_id, f.source LIMIT \(limit)
            """
        ) { row in Due(at: try row.next(), tenant: try row.next(), source: try row.next()) }
    }

    /// What came of a tenant, or went back, and is not accrued; the oldest first.
    ///
    /// Money on invoices (payments, bought credit, the credit balance); refunds, lost disputes, credit notes as far as
    /// the invoice was paid, and what goes to the credit balance or is to be paid out, go back.
    static func receipts(
        of tenant: TenantID,
        until stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerReceipt] {
        try await transaction.query(
            """
            SELECT f.source, f.kind, f.at, f.currency, f.amount, f.net, f.gross, f.invoice_id, f.payment_id
            FROM (\(fragment: facts(of: tenant))) AS f
            WHERE f.at <= \(stamp.at) AND f.recorded_at <= \(stamp.recordedAt) AND f.amount <> 0
              AND NOT EXISTS (SELECT FROM app.partner_accruals x WHERE x.tenant_id = \(tenant) AND x.source = f.source)
            ORDER BY f.at, f.source
            """,
            receipt
        )
    }

    /// What came of tenants that somebody brought, or went back, up to an instant on both clocks, and is not accrued;
    /// the oldest of each tenant first: for `.finance`.
    static func pending(
        of tenant: TenantID?,
        until limit: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID: [PartnerReceipt]] {
        let rows: [(tenant: TenantID, receipt: PartnerReceipt)] = try await transaction.query(
            """
            SELECT f.tenant_id, f.source, f.kind, f.at, f.currency, f.amount, f.net, f.gross, f.invoice_id, f.payment_id
            FROM (\(fragment: facts(of: tenant))) AS f
            WHERE f.at <= \(limit) AND f.recorded_at <= \(limit) AND f.amount <> 0
              AND \(fragment: RevenueReportQueries.isReal("f"))
              AND EXISTS (SELECT FROM app.partner_attributions b WHERE b.tenant_id = f.tenant_id)
              AND NOT EXISTS (
                  SELECT FROM app.partner_accruals x WHERE x.tenant_id = f.tenant_id AND x.source = f.source)
            ORDER BY f.tenant_id, f.at, f.source
            """
        ) { row in (tenant: try row.next(), receipt: try receipt(&row)) }
        return Dictionary(grouping: rows, by: \.tenant).mapValues { $0.map(\.receipt) }
    }

    private static func receipt(_ row: inout RowReader) throws -> PartnerReceipt {
        let source: String = try row.next()
        let kind: String = try row.next()
        let at: Instant = try row.next()
        let currency: Currency = try row.next()
        return PartnerReceipt(
            source: source,
            kind: kind == "own" ? .own : kind == "back" ? .takesBack : .undoes(kind),
            at: at,
            amount: Money(minor: try row.next(), currency: currency),
            net: try row.next(),
            gross: try row.next(),
            invoice: try row.next(),
            payment: try row.next()
        )
    }

    /// What comes in and goes back, with the tenant as the last column.
    ///
    /// `tenant`: whose; nil is everyone's.
    static func facts(of tenant: TenantID?) -> SQL {
        let net: SQL = "i.subtotal_minor - i.discount_minor, i.subtotal_minor - i.discount_minor + i.tax_minor"
        func isOwn(_ table: SQL) -> SQL { tenant.map { "\(fragment: table).tenant_id = \($0)" } ?? "true" }
        return """
            SELECT 'allocation:' || a.id::text AS source,
                   CASE WHEN a.amount_minor > 0 THEN 'own' ELSE 'back' END AS kind, a.at, a.recorded_at, a.currency,
                   a.amount_minor AS amount,
                   i.subtotal_minor - i.discount_minor AS net,
                   i.subtotal_minor - i.discount_minor + i.tax_minor AS gross, a.invoice_id, a.payment_id, a.tenant_id
            FROM app.payment_allocations a JOIN app.invoices i ON i.tenant_id = a.tenant_id AND i.id = a.invoice_id
            WHERE \(fragment: isOwn("a")) AND a.kind = 'payment'
            UNION ALL
            SELECT 'credit:' || u.grant_id::text || ':' || u.invoice_id::text || ':' || u.kind,
                   CASE u.kind WHEN 'used' THEN 'own' ELSE 'back' END, u.at, u.recorded_at, g.currency, u.amount_minor,
                   \(fragment: net), u.invoice_id, NULL, u.tenant_id
            FROM app.credit_uses u
            JOIN app.credit_grants g ON g.tenant_id = u.tenant_id AND g.id = u.grant_id AND g.kind = 'prepaid'
            JOIN app.invoices i ON i.tenant_id = u.tenant_id AND i.id = u.invoice_id
            WHERE \(fragment: isOwn("u"))
            UNION ALL
            SELECT 'balance:' || m.invoice_id::text || ':' || m.kind,
                   CASE m.kind WHEN 'returned' THEN 'back' ELSE 'own' END, m.at, m.recorded_at, m.currency,
                   -m.amount_minor, \(fragment: net), m.invoice_id, NULL, m.tenant_id
            FROM app.credit_movements m JOIN app.invoices i ON i.tenant_id = m.tenant_id AND i.id = m.invoice_id
            WHERE \(fragment: isOwn("m")) AND m.kind <> 'credit_note'
            UNION ALL
            SELECT 'note:' || n.id::text, 'back', n.issued_at, n.recorded_at, n.currency,
                   -(n.balance_minor + n.refund_minor), n.net_minor, n.total_minor, n.invoice_id, NULL, n.tenant_id
            FROM app.credit_notes n WHERE \(fragment: isOwn("n"))
            UNION ALL
            SELECT 'refund:' || r.id::text, 'back', r.at, r.recorded_at, r.currency, -r.applied_minor, 1, 1, NULL,
                   r.payment_id, r.tenant_id
            FROM app.refunds r WHERE \(fragment: isOwn("r")) AND r.state <> 'failed'
            UNION ALL
            SELECT 'refund_failed:' || r.id::text, 'refund:' || r.id::text, r.settled_at, r.recorded_at, r.currency,
                   r.applied_minor, 1, 1, NULL, r.payment_id, r.tenant_id
            FROM app.refunds r WHERE \(fragment: isOwn("r")) AND r.state = 'failed'
            UNION ALL
            SELECT 'dispute:' || d.id::text, 'back', d.closed_at, d.recorded_at, d.currency, -d.applied_minor, 1, 1,
                   NULL, d.payment_id, d.tenant_id
            FROM app.payment_disputes d WHERE \(fragment: isOwn("d")) AND d.state = 'lost'
            UNION ALL
            SELECT 'refund_due:' || i.id::text, 'own', i.issued_at, i.recorded_at, i.currency, -i.refund_due_minor,
                   \(fragment: net), i.id, NULL, i.tenant_id
            FROM app.invoices i
            WHERE \(fragment: isOwn("i")) AND i.refund_due_minor > 0 AND i.number IS NOT NULL AND i.voided_at IS NULL
            """
    }

    /// All accruals of a tenant, in the order in which they happened.
    static func accruals(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerAccrual] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.partner_accruals a WHERE a.tenant_id = \(tenant) ORDER BY a.at, a.id
            """,
            accrual
        )
    }

    /// The accruals of a stretch of time that were known at an instant, of one partner or of all: for `.finance`.
    static func accruals(
        of partner: PartnerID?,
        from: Instant?,
        before limit: Instant,
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerAccrual] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.partner_accruals a
            WHERE (\(partner)::uuid IS NULL OR a.partner_id = \(partner))
              AND (\(from)::timestamptz IS NULL OR a.at >= \(from))
              AND a.at < \(limit) AND a.recorded_at <= \(asOf)
            ORDER BY a.at, a.tenant_id, a.id
            """,
            accrual
        )
    }

    /// What each stretch has come to.
    static func periods(
        in transaction: borrowing Transaction
    ) async throws -> [PartnerPeriod: (base: Int64, share: Int64)] {
        let rows: [(PartnerPeriod, (base: Int64, share: Int64))] = try await transaction.query(
            "SELECT partner_id, currency, period, base_minor, share_minor FROM app.partner_periods"
        ) { row in
            let partner: PartnerID = try row.next()
            let currency: Currency = try row.next()
            let period = PartnerPeriod(partner: partner, currency: currency, start: try row.next())
            return (period, (base: try row.next(), share: try row.next()))
        }
        return Dictionary(rows) { first, _ in first }
    }

    static func insert(_ accruals: [PartnerAccrual], by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.partner_accruals (tenant_id, source, id, partner_id, currency, invoice_id, payment_id, period,
                                          receipt_minor, base_minor, share_minor, at, recorded_at, author)
        SELECT tenant_id, source, id, partner_id, currency, invoice_id, payment_id, period, receipt_minor, base_minor,
               share_minor, at, \(stamp.recordedAt)::timestamptz, \(stamp.author)::text
        FROM unnest(\(accruals.map(\.tenant))::uuid[], \(accruals.map(\.source))::text[], \(accruals.map(\.id))::uuid[],
                    \(accruals.map(\.partner))::uuid[], \(accruals.map(\.share.currency))::text[],
                    \(accruals.map(\.invoice))::uuid[], \(accruals.map(\.payment))::uuid[],
                    \(accruals.map(\.period))::date[], \(accruals.map(\.receipt.minor))::bigint[],
                    \(accruals.map(\.base.minor))::bigint[], \(accruals.map(\.share.minor))::bigint[],
                    \(accruals.map(\.at))::timestamptz[])
            AS accrual (tenant_id, source, id, partner_id, currency, invoice_id, payment_id, period, receipt_minor,
                        base_minor, share_minor, at)
        RETURNING 1
        """
    }

    static func put(_ period: PartnerPeriod, base: Int64, share: Int64, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.partner_periods (partner_id, currency, period, base_minor, share_minor, recorded_at)
        VALUES (\(period.partner), \(period.currency), \(period.start), \(base), \(share), \(stamp.recordedAt))
        ON CONFLICT (partner_id, currency, period)
        DO UPDATE SET base_minor = excluded.base_minor, share_minor = excluded.share_minor,
                      recorded_at = excluded.recorded_at
        """
    }

    private static let columns: SQL = """
        a.tenant_id, a.source, a.id, a.partner_id, a.currency, a.invoice_id, a.payment_id, a.period, a.receipt_minor,
        a.base_minor, a.share_minor, a.at
        """

    private static func accrual(_ row: inout RowReader) throws -> PartnerAccrual {
        let tenant: TenantID = try row.next()
        let source: String = try row.next()
        let id: PartnerAccrualID = try row.next()
        let partner: PartnerID = try row.next()
        let currency: Currency = try row.next()
        func money(_ row: inout RowReader) throws -> Money { Money(minor: try row.next(), currency: currency) }
        let invoice: InvoiceID? = try row.next()
        let payment: ReceivedPaymentID? = try row.next()
        let period: CalendarDate = try row.next()
        return PartnerAccrual(
            id: id,
            tenant: tenant,
            source: source,
            partner: partner,
            invoice: invoice,
            payment: payment,
            period: period,
            receipt: try money(&row),
            base: try money(&row),
            share: try money(&row),
            at: try row.next()
        )
    }
}
