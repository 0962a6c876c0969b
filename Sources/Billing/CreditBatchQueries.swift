import Postgres
import Values

/// Reading the credit of many tenants and invoices at once.
extension CreditQueries {
    /// A tenant's credit in one currency.
    struct PoolKey: Hashable, Sendable {
        let tenant: TenantID
        let currency: Currency
    }

    /// All that is left of grants and balances; whoever takes of them locks the tenants' credit first.
    static func pools(
        of keys: Set<PoolKey>,
        in transaction: borrowing Transaction
    ) async throws -> [PoolKey: CreditPool] {
        guard !keys.isEmpty else { return [:] }
        let ordered = keys.sorted { ($0.tenant, $0.currency.code) < ($1.tenant, $1.currency.code) }
        let given: SQL = """
            unnest(\(ordered.map(\.tenant))::uuid[], \(ordered.map(\.currency))::text[]) AS given (tenant_id, currency)
            """
        let results = try await transaction.results([
            """
            SELECT \(fragment: columns)
              JOIN \(fragment: given) ON given.tenant_id = g.tenant_id AND given.currency = g.currency
            WHERE g.voided_at IS NULL
              AND g.amount_minor > greatest(coalesce(u.used, 0), g.paid_back_minor) + g.withdrawn_minor
            """,
            """
            SELECT m.tenant_id, m.currency, sum(m.amount_minor)::bigint
            FROM \(fragment: given) JOIN app.credit_movements m
                ON m.tenant_id = given.tenant_id AND m.currency = given.currency
            GROUP BY 1, 2
            """,
        ])
        guard let grantRows = results.first, let balanceRows = results.last else { return [:] }
        let grants = Dictionary(grouping: try Transaction.decode(grantRows, grant)) { grant in
            PoolKey(tenant: grant.tenant, currency: grant.amount.currency)
        }
        let balances: [(PoolKey, Int64)] = try Transaction.decode(balanceRows) { row in
            (PoolKey(tenant: try row.next(), currency: try row.next()), try row.next())
        }
        let balance = Dictionary(balances) { first, _ in first }
        return Dictionary(
            ordered.map { ($0, CreditPool(grants: grants[$0] ?? [], balance: balance[$0] ?? 0)) }
        ) { first, _ in first }
    }

    /// What invoices took of grants, and of the balance; nothing is left out.
    static func applications(
        to invoices: [(tenant: TenantID, id: InvoiceID)],
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceID: CreditPool.Application] {
        guard !invoices.isEmpty else { return [:] }
        let given: SQL = """
            unnest(\(invoices.map(\.tenant))::uuid[], \(invoices.map(\.id))::uuid[]) AS given (tenant_id, id)
            """
        let results = try await transaction.results([
            """
            SELECT u.invoice_id, u.grant_id, g.kind, u.amount_minor
            FROM \(fragment: given)
            JOIN app.credit_uses u ON u.tenant_id = given.tenant_id AND u.invoice_id = given.id
            JOIN app.credit_grants g ON g.tenant_id = given.tenant_id AND g.id = u.grant_id
            WHERE u.kind = 'used' ORDER BY u.invoice_id, u.grant_id
            """,
            """
            SELECT m.invoice_id, -m.amount_minor
            FROM \(fragment: given)
            JOIN app.credit_movements m ON m.tenant_id = given.tenant_id AND m.invoice_id = given.id
            WHERE m.kind = 'used'
            """,
        ])
        guard let useRows = results.first, let movementRows = results.last else { return [:] }
        var applications = Dictionary(invoices.map { ($0.id, CreditPool.Application()) }) { first, _ in first }
        for (invoice, use) in try Transaction.decode(useRows, invoiceUse) { applications[invoice]?.uses.append(use) }
        let movements: [(InvoiceID, Int64)] = try Transaction.decode(movementRows) { row in
            (try row.next(), try row.next())
        }
        for (invoice, minor) in movements { applications[invoice]?.fromBalance = minor }
        return applications
    }

    private static func invoiceUse(_ row: inout RowReader) throws -> (InvoiceID, CreditPool.Use) {
        let invoice: InvoiceID = try row.next()
        let grant: GrantID = try row.next()
        let kind: String = try row.next()
        // The table's CHECK has no other words.
        let known = CreditGrant.Kind(rawValue: kind) ?? .promotional
        return (invoice, CreditPool.Use(grant: grant, kind: known, minor: try row.next()))
    }
}
