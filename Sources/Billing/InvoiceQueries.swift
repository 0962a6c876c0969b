import Plans
package import Postgres
import Tenants
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

    /// All invoices of subscriptions with their lines, of each in the order of their instants.
    static func all(
        of keys: [(tenant: TenantID, subscription: SubscriptionID)],
        in transaction: borrowing Transaction
    ) async throws -> [SubscriptionID: [Invoice]] {
        guard !keys.isEmpty else { return [:] }
        let found = try await invoices(
            """
            SELECT \(fragment: columns)
            FROM unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.subscription))::uuid[]) AS given (tenant_id, id)
            JOIN app.invoices i ON i.tenant_id = given.tenant_id AND i.subscription_id = given.id
            ORDER BY i.tenant_id, i.subscription_id, i.issued_at
            """,
            in: transaction
        )
        return Dictionary(grouping: found, by: \.subscription)
    }

    /// Invoices with their lines, held until the transaction ends; in the order of tenants and ids, in which they are
    /// locked, too.
    ///
    /// `skippingHeld`: leaves out what another transaction holds; otherwise waits for it.
    static func lock(
        _ keys: [(tenant: TenantID, id: InvoiceID)],
        skippingHeld: Bool,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        try await invoices(
            """
            SELECT \(fragment: columns)
            FROM unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.id))::uuid[]) AS given (tenant_id, id)
            JOIN app.invoices i ON i.tenant_id = given.tenant_id AND i.id = given.id
            ORDER BY i.tenant_id, i.id FOR NO KEY UPDATE OF i \(unescaped: skippingHeld ? "SKIP LOCKED" : "")
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

    /// Holds the subscription of an invoice until the transaction ends.
    ///
    /// So what is given back of it is decided by one at a time, billing included. Whoever needs the invoice, too, locks
    /// it after this.
    static func lockSubscription(
        of invoice: InvoiceID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            """
            SELECT FROM app.subscriptions s
            WHERE s.tenant_id = \(tenant) AND s.id = (
                SELECT i.subscription_id FROM app.invoices i WHERE i.tenant_id = \(tenant) AND i.id = \(invoice))
            FOR UPDATE
            """
        )
    }

    /// Holds a tenant's credit until the transaction ends: grants and balance are taken from by one at a time.
    ///
    /// - Returns: who sells to the tenant.
    static func lockTenant(_ tenant: TenantID, in transaction: borrowing Transaction) async throws -> EntityID {
        guard let entity = try await lockTenants([tenant], in: transaction)[tenant] else {
            throw InvoiceError.tenantNotFound(tenant)
        }
        return entity
    }

    /// Holds the credit of tenants likewise, in the order of their ids.
    ///
    /// - Returns: who sells to each.
    static func lockTenants(
        _ tenants: Set<TenantID>,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID: EntityID] {
        let found: [(TenantID, EntityID)] = try await transaction.query(
            """
            SELECT tenant_id, legal_entity_id FROM app.tenants
            WHERE tenant_id = ANY (\(tenants.sorted())::uuid[]) ORDER BY tenant_id FOR NO KEY UPDATE
            """
        ) { row in (try row.next(), try row.next()) }
        return Dictionary(found) { first, _ in first }
    }

    /// Drafts that fell due up to an instant, the earliest first: for `.system`.
    ///
    /// `tenant`: whose; nil is everyone's who lives by the machine's clock.
    static func drafts(
        issuedUpTo instant: Instant,
        tenant: TenantID?,
        after: DraftKey?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [DraftKey] {
        let whose: SQL = tenant.map { "tenant_id = \($0)" } ?? TenantQueries.onMachineTime("tenant_id")
        let rest: SQL = after.map { "AND (issued_at, tenant_id, id) > (\($0.issuedAt), \($0.tenant), \($0.id))" } ?? ""
        return try await transaction.query(
            """
            SELECT issued_at, tenant_id, id, subscription_id, recorded_at FROM app.invoices
            WHERE status = 'draft' AND issued_at <= \(instant) AND \(fragment: whose) \(fragment: rest)
            ORDER BY issued_at, tenant_id, id LIMIT \(limit)
            """
        ) { row in
            DraftKey(
                issuedAt: try row.next(),
                tenant: try row.next(),
                id: try row.next(),
                subscription: try row.next(),
                recordedAt: try row.next()
            )
        }
    }

    /// Where a page of drafts ends.
    struct DraftKey: Hashable, Sendable {
        let issuedAt: Instant
        let tenant: TenantID
        let id: InvoiceID
        let subscription: SubscriptionID
        let recordedAt: Instant
    }

    private static let columns: SQL =
        """
        i.id, i.tenant_id, i.subscription_id, i.legal_entity_id, i.number, i.status, i.reason, i.issued_at, i.due_at,
        i.finalized_at, i.paid_at, i.voided_at, i.uncollectible_at, i.tax_status, i.currency, i.subtotal_minor,
        i.discount_minor, i.tax_minor, i.total_minor, i.credited_minor, i.refund_due_minor, i.credits_applied_minor,
        i.amount_due_minor, i.amount_paid_minor, i.amount_credited_minor, i.recorded_at
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
