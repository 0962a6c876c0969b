package import Postgres
import Values

/// Everything that billing writes, as text: without ids, numbers and recorded times, which no two books share.
package enum BookDump {
    /// The dump of a whole database; tenants are told apart by their names.
    package static func text(_ database: Database) async throws -> String {
        try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            var text = ""
            for (name, statement) in statements {
                let rows: [String] = try await transaction.query(statement) { row in try row.next() }
                text += "\(name)\n" + rows.map { "  \($0)\n" }.joined()
            }
            return text
        }
    }

    /// Every number of a finalized invoice, in order; the last number that was given is their count.
    package static func numbers(_ database: Database) async throws -> (numbers: [String], last: Int) {
        try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            let numbers: [String] = try await transaction.query(
                "SELECT number FROM app.invoices WHERE number IS NOT NULL ORDER BY number"
            ) { row in try row.next() }
            let last: Int? = try await transaction.first(
                "SELECT coalesce(sum(last_number), 0)::bigint FROM app.invoice_counters"
            ) { row in try row.next() }
            return (numbers, last ?? 0)
        }
    }

    private static let statements: [(String, SQL)] = [
        (
            "invoices",
            """
            SELECT concat_ws(' ', t.name, i.issued_at, i.reason, i.status, i.number IS NOT NULL, i.due_at,
                i.finalized_at, i.paid_at, i.currency, i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor,
                i.credited_minor, i.credits_applied_minor, i.amount_due_minor, i.amount_paid_minor, i.author)
            FROM app.invoices i JOIN app.tenants t ON t.tenant_id = i.tenant_id
            ORDER BY t.name, i.issued_at, i.subscription_id
            """
        ),
        (
            "lines",
            """
            SELECT concat_ws(' ', t.name, i.issued_at, l.position, l.plan, l.price, l.kind, l.timing, l.meter,
                l.period_start, l.period_end, l.ratio, l.quantity, l.exact, l.amount_minor, l.discount_minor,
                l.tax_minor, l.discounts, l.taxes, l.is_correction)
            FROM app.invoice_lines l
            JOIN app.invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
            JOIN app.tenants t ON t.tenant_id = i.tenant_id
            ORDER BY t.name, i.issued_at, i.subscription_id, l.position
            """
        ),
        (
            "journals",
            """
            SELECT concat_ws(' ', t.name, j.at, j.currency, j.accounts, j.amounts, j.author)
            FROM app.journals j JOIN app.tenants t ON t.tenant_id = j.tenant_id ORDER BY 1
            """
        ),
        (
            "credit",
            """
            SELECT concat_ws(' ', t.name, u.kind, u.amount_minor, u.at)
            FROM app.credit_uses u JOIN app.tenants t ON t.tenant_id = u.tenant_id
            UNION ALL
            SELECT concat_ws(' ', t.name, m.kind, m.amount_minor, m.at)
            FROM app.credit_movements m JOIN app.tenants t ON t.tenant_id = m.tenant_id ORDER BY 1
            """
        ),
        (
            "subscriptions",
            """
            SELECT concat_ws(' ', t.name, s.status, s.current_period_start, s.current_period_end, s.last_invoice_at,
                s.next_billing_at, s.ended_at, s.quantities)
            FROM app.subscriptions s JOIN app.tenants t ON t.tenant_id = s.tenant_id ORDER BY t.name, s.starts_at
            """
        ),
        (
            "activity",
            """
            SELECT concat_ws(' ', t.name, a.verb, a.at, a.author, count(*))
            FROM app.activity a JOIN app.tenants t ON t.tenant_id = a.tenant_id
            GROUP BY t.name, a.verb, a.at, a.author ORDER BY t.name, a.at, a.verb, a.author
            """
        ),
    ]
}
