import Plans
package import Postgres
package import Values

/// Reading and writing invoices.
package enum InvoiceQueries {
    /// One invoice of a tenant with its lines; nil if the tenant has none with the id.
    package static func find(
        _ id: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Invoice? {
        try await invoices(
            "SELECT \(fragment: columns) FROM app.invoices i WHERE i.tenant_id = \(tenant) AND i.id = \(id)",
            in: transaction
        ).first
    }

    /// Invoices with their lines, in the order of their ids.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        subscription: SubscriptionID? = nil,
        status: InvoiceStatus? = nil,
        limit: Int,
        after: InvoiceID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        try await invoices(
            """
            SELECT \(fragment: columns) FROM app.invoices i
            WHERE (\(tenant)::uuid IS NULL OR i.tenant_id = \(tenant))
              AND (\(subscription)::uuid IS NULL OR i.subscription_id = \(subscription))
              AND (\(status?.rawValue)::text IS NULL OR i.status = \(status?.rawValue))
              AND (\(after)::uuid IS NULL OR i.id > \(after))
            ORDER BY i.id LIMIT \(limit)
            """,
            in: transaction
        )
    }

    /// All invoices of a subscription with their lines, in the order of their instants.
    package static func all(
        of subscription: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        try await invoices(
            """
            SELECT \(fragment: columns) FROM app.invoices i
            WHERE i.tenant_id = \(tenant) AND i.subscription_id = \(subscription) ORDER BY i.issued_at
            """,
            in: transaction
        )
    }

    /// The invoice, held until the transaction ends.
    static func lock(
        _ id: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        let found = try await invoices(
            """
            SELECT \(fragment: columns) FROM app.invoices i
            WHERE i.tenant_id = \(tenant) AND i.id = \(id) FOR NO KEY UPDATE
            """,
            in: transaction
        ).first
        guard let found else { throw InvoiceError.notFound(id) }
        return found
    }

    /// Holds a tenant's credit until the transaction ends: grants and balance are taken from by one at a time.
    ///
    /// - Returns: who sells to the tenant.
    static func lockTenant(_ tenant: TenantID, in transaction: borrowing Transaction) async throws -> EntityID {
        let entity: EntityID? = try await transaction.first(
            "SELECT legal_entity_id FROM app.tenants WHERE tenant_id = \(tenant) FOR NO KEY UPDATE"
        ) { row in try row.next() }
        guard let entity else { throw InvoiceError.tenantNotFound(tenant) }
        return entity
    }

    /// Drafts of all tenants that fell due up to an instant, the earliest first: for `.system`.
    static func drafts(
        issuedUpTo instant: Instant,
        tenant: TenantID?,
        after: DraftKey?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [DraftKey] {
        try await transaction.query(
            """
            SELECT issued_at, tenant_id, id FROM app.invoices
            WHERE status = 'draft' AND issued_at <= \(instant)
              AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
              AND (\(after?.issuedAt)::timestamptz IS NULL
                   OR (issued_at, tenant_id, id)
                      > (\(after?.issuedAt)::timestamptz, \(after?.tenant)::uuid, \(after?.id)::uuid))
            ORDER BY issued_at, tenant_id, id LIMIT \(limit)
            """
        ) { row in DraftKey(issuedAt: try row.next(), tenant: try row.next(), id: try row.next()) }
    }

    /// Where a page of drafts ends.
    struct DraftKey: Hashable, Sendable {
        let issuedAt: Instant
        let tenant: TenantID
        let id: InvoiceID
    }

    static func insert(_ invoice: Invoice, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.invoices (tenant_id, id, subscription_id, legal_entity_id, status, reason, issued_at, currency,
            subtotal_minor, discount_minor, tax_minor, total_minor, credited_minor, refund_due_minor,
            credits_applied_minor, amount_due_minor, amount_paid_minor, recorded_at, author)
        VALUES (\(invoice.tenant), \(invoice.id), \(invoice.subscription), \(invoice.legalEntity),
                \(invoice.status.rawValue), \(invoice.reason.rawValue), \(invoice.issuedAt), \(invoice.currency),
                \(invoice.subtotal.minor), \(invoice.discount.minor), \(invoice.tax.minor), \(invoice.total.minor),
                \(invoice.credited.minor), \(invoice.refundDue.minor), \(invoice.creditsApplied.minor),
                \(invoice.amountDue.minor), \(invoice.amountPaid.minor), \(stamp.recordedAt), \(stamp.author))
        """
    }

    static func insertLines(of invoice: Invoice, recordedAt: Instant) -> SQL {
        let lines = invoice.lines
        return """
            INSERT INTO app.invoice_lines (tenant_id, id, invoice_id, position, subscription_id, plan_version_id, plan,
                price, kind, timing, meter, measure, unique_by, period_start, period_end, ratio, quantity, exact,
                amount_minor, discount_minor, tax_minor, is_correction, recorded_at)
            SELECT \(invoice.tenant)::uuid, id, \(invoice.id)::uuid, position, \(invoice.subscription)::uuid, version,
                   plan, price, kind, timing, meter, measure, unique_by, starts_at, ends_at, ratio, quantity, exact,
                   amount, discount, tax, is_correction, \(recordedAt)::timestamptz
            FROM unnest(
                \(lines.map(\.id))::uuid[], \(lines.map(\.planVersion))::uuid[], \(lines.map(\.plan))::text[],
                \(lines.map(\.price))::text[], \(lines.map(\.kind.rawValue))::text[],
                \(lines.map(\.timing.rawValue))::text[], \(lines.map(\.meter))::text[],
                \(lines.map { $0.measure?.aggregation.rawValue })::text[],
                \(lines.map { $0.measure?.uniqueBy })::text[],
                \(lines.map(\.start))::timestamptz[], \(lines.map(\.end))::timestamptz[],
                \(lines.map(\.ratio.fractionText))::text[], \(lines.map(\.quantity))::numeric(38, 12)[],
                \(lines.map(\.exact.fractionText))::text[], \(lines.map(\.amount))::bigint[],
                \(lines.map(\.discount))::bigint[], \(lines.map(\.tax))::bigint[],
                \(lines.map(\.isCorrection))::boolean[]
            ) WITH ORDINALITY AS line (id, version, plan, price, kind, timing, meter, measure, unique_by, starts_at,
                                       ends_at, ratio, quantity, exact, amount, discount, tax, is_correction, position)
            RETURNING 1
            """
    }

    private static let columns: SQL =
        """
        i.id, i.tenant_id, i.subscription_id, i.legal_entity_id, i.number, i.status, i.reason, i.issued_at, i.due_at,
        i.finalized_at, i.paid_at, i.voided_at, i.currency, i.subtotal_minor, i.discount_minor, i.tax_minor,
        i.total_minor, i.credited_minor, i.refund_due_minor, i.credits_applied_minor, i.amount_due_minor,
        i.amount_paid_minor, i.recorded_at
        """

    /// Reads invoices, and the lines of all of them in one more statement.
    private static func invoices(_ sql: SQL, in transaction: borrowing Transaction) async throws -> [Invoice] {
        let rows = try await transaction.query(sql, InvoiceRows.Row.init(reading:))
        guard !rows.isEmpty else { return [] }
        let lines: [(InvoiceID, InvoiceLine)] = try await transaction.query(
            """
            SELECT l.invoice_id, \(fragment: InvoiceRows.lineColumns)
            FROM unnest(\(rows.map(\.tenant))::uuid[], \(rows.map(\.id))::uuid[]) AS given (tenant_id, invoice_id)
            JOIN app.invoice_lines l ON l.tenant_id = given.tenant_id AND l.invoice_id = given.invoice_id
            ORDER BY l.invoice_id, l.position
            """
        ) { row in
            let invoice: InvoiceID = try row.next()
            return (invoice, try InvoiceRows.line(&row, of: invoice))
        }
        let byInvoice = Dictionary(grouping: lines, by: \.0).mapValues { $0.map(\.1) }
        return rows.map { $0.invoice(lines: byInvoice[$0.id] ?? []) }
    }
}
