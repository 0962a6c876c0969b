import Plans
import Postgres
import Values

/// The statements that write invoices: each writes as many as there are.
enum InvoiceWriteQueries {
    static func insert(_ invoices: [Invoice], by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.invoices (tenant_id, id, subscription_id, legal_entity_id, status, reason, issued_at, currency,
            subtotal_minor, discount_minor, tax_minor, total_minor, credited_minor, refund_due_minor,
            credits_applied_minor, amount_due_minor, amount_paid_minor, amount_credited_minor, tax_status, recorded_at,
            author)
        SELECT tenant_id, id, subscription_id, legal_entity_id, status, reason, issued_at, currency, subtotal, discount,
               tax, total, credited, refund_due, credits_applied, amount_due, 0, 0, tax_status,
               \(stamp.recordedAt)::timestamptz, \(stamp.author)::text
        FROM unnest(
            \(invoices.map(\.tenant))::uuid[], \(invoices.map(\.id))::uuid[], \(invoices.map(\.subscription))::uuid[],
            \(invoices.map(\.legalEntity))::uuid[], \(invoices.map(\.status.rawValue))::text[],
            \(invoices.map(\.reason.rawValue))::text[], \(invoices.map(\.issuedAt))::timestamptz[],
            \(invoices.map(\.currency))::text[], \(invoices.map(\.subtotal.minor))::bigint[],
            \(invoices.map(\.discount.minor))::bigint[], \(invoices.map(\.tax.minor))::bigint[],
            \(invoices.map(\.total.minor))::bigint[], \(invoices.map(\.credited.minor))::bigint[],
            \(invoices.map(\.refundDue.minor))::bigint[], \(invoices.map(\.creditsApplied.minor))::bigint[],
            \(invoices.map(\.amountDue.minor))::bigint[], \(invoices.map(\.taxStatus.rawValue))::text[]
        ) AS invoice (tenant_id, id, subscription_id, legal_entity_id, status, reason, issued_at, currency, subtotal,
                      discount, tax, total, credited, refund_due, credits_applied, amount_due, tax_status)
        RETURNING 1
        """
    }

    static func insertLines(of invoices: [Invoice], recordedAt: Instant) -> SQL {
        let places = invoices.flatMap { invoice in
            invoice.lines.enumerated().map { (invoice: invoice, position: $0.offset + 1, line: $0.element) }
        }
        let lines = places.map(\.line)
        return """
            INSERT INTO app.invoice_lines (tenant_id, id, invoice_id, position, subscription_id, plan_version_id,
                plan_key, plan, price, kind, timing, meter, measure, unique_by, period_start, period_end, ratio,
                quantity, exact, amount_minor, discount_minor, tax_minor, discounts, taxes, is_correction, recorded_at)
            SELECT tenant_id, id, invoice_id, position, subscription_id, version, plan_key, plan, price, kind, timing,
                   meter, measure, unique_by, starts_at, ends_at, ratio, quantity, exact, amount, discount, tax,
                   discounts, taxes, is_correction, \(recordedAt)::timestamptz
            FROM unnest(
                \(places.map(\.invoice.tenant))::uuid[], \(lines.map(\.id))::uuid[],
                \(places.map(\.invoice.id))::uuid[], \(places.map(\.position))::int[],
                \(places.map(\.invoice.subscription))::uuid[], \(lines.map(\.planVersion))::uuid[],
                \(lines.map(\.storedPlanKey))::text[], \(lines.map(\.plan))::text[], \(lines.map(\.price))::text[],
                \(lines.map(\.kind.rawValue))::text[], \(lines.map(\.timing.rawValue))::text[],
                \(lines.map(\.meter))::text[], \(lines.map { $0.measure?.aggregation.rawValue })::text[],
                \(lines.map { $0.measure?.uniqueBy })::text[], \(lines.map(\.start))::timestamptz[],
                \(lines.map(\.end))::timestamptz[], \(lines.map(\.ratio.fractionText))::text[],
                \(lines.map(\.quantity))::numeric(38, 12)[], \(lines.map(\.exact.fractionText))::text[],
                \(lines.map(\.amount))::bigint[], \(lines.map(\.discount))::bigint[], \(lines.map(\.tax))::bigint[],
                \(lines.map(\.discounts.column))::jsonb[], \(lines.map(\.taxes.column))::jsonb[],
                \(lines.map(\.isCorrection))::boolean[]
            ) AS line (tenant_id, id, invoice_id, position, subscription_id, version, plan_key, plan, price, kind,
                       timing, meter, measure, unique_by, starts_at, ends_at, ratio, quantity, exact, amount, discount,
                       tax, discounts, taxes, is_correction)
            RETURNING 1
            """
    }

    /// What grants and the balance paid of invoices, and what those below zero left; nothing where nothing did.
    static func insertCredits(
        of made: [(invoice: Invoice, credit: CreditPool.Application)],
        recordedAt: Instant
    ) -> [SQL] {
        let uses = made.flatMap { item in item.credit.uses.map { (invoice: item.invoice, use: $0) } }
        let movements = made.flatMap { item -> [(invoice: Invoice, kind: String, minor: Int64)] in
            var own: [(invoice: Invoice, kind: String, minor: Int64)] = []
            if item.credit.fromBalance > 0 { own.append((item.invoice, "used", -item.credit.fromBalance)) }
            if item.invoice.credited.minor > 0 { own.append((item.invoice, "added", item.invoice.credited.minor)) }
            return own
        }
        var statements: [SQL] = []
        if !uses.isEmpty {
            statements.append(
                """
                INSERT INTO app.credit_uses (tenant_id, grant_id, invoice_id, kind, amount_minor, at, recorded_at)
                SELECT tenant_id, grant_id, invoice_id, 'used', minor, at, \(recordedAt)::timestamptz
                FROM unnest(\(uses.map(\.invoice.tenant))::uuid[], \(uses.map(\.use.grant))::uuid[],
                            \(uses.map(\.invoice.id))::uuid[], \(uses.map(\.use.minor))::bigint[],
                            \(uses.map(\.invoice.issuedAt))::timestamptz[])
                    AS used (tenant_id, grant_id, invoice_id, minor, at)
                RETURNING 1
                """
            )
        }
        if !movements.isEmpty {
            statements.append(
                """
                INSERT INTO app.credit_movements (tenant_id, invoice_id, kind, currency, amount_minor, at, recorded_at)
                SELECT tenant_id, invoice_id, kind, currency, minor, at, \(recordedAt)::timestamptz
                FROM unnest(\(movements.map(\.invoice.tenant))::uuid[], \(movements.map(\.invoice.id))::uuid[],
                            \(movements.map(\.kind))::text[], \(movements.map(\.invoice.currency))::text[],
                            \(movements.map(\.minor))::bigint[], \(movements.map(\.invoice.issuedAt))::timestamptz[])
                    AS moved (tenant_id, invoice_id, kind, currency, minor, at)
                RETURNING 1
                """
            )
        }
        return statements
    }

    /// Takes what drafts say, and what they took of credit, out of the tables: it is written anew.
    static func clear(_ drafts: [Invoice]) -> [SQL] {
        let given: SQL = """
            unnest(\(drafts.map(\.tenant))::uuid[], \(drafts.map(\.id))::uuid[]) AS given (tenant_id, id)
            """
        return ["app.invoice_lines", "app.credit_uses", "app.credit_movements"].map { table in
            """
            DELETE FROM \(unescaped: table) t USING \(fragment: given)
            WHERE t.tenant_id = given.tenant_id AND t.invoice_id = given.id
            """
        }
    }

    /// What drafts come to now.
    static func reissue(_ drafts: [Invoice], recordedAt: Instant) -> SQL {
        """
        UPDATE app.invoices i SET subtotal_minor = given.subtotal, discount_minor = given.discount,
            tax_minor = given.tax, total_minor = given.total, credited_minor = given.credited,
            refund_due_minor = given.refund_due, credits_applied_minor = given.credits_applied,
            amount_due_minor = given.amount_due, tax_status = given.tax_status, recorded_at = \(recordedAt)
        FROM unnest(
            \(drafts.map(\.tenant))::uuid[], \(drafts.map(\.id))::uuid[], \(drafts.map(\.subtotal.minor))::bigint[],
            \(drafts.map(\.discount.minor))::bigint[], \(drafts.map(\.tax.minor))::bigint[],
            \(drafts.map(\.total.minor))::bigint[], \(drafts.map(\.credited.minor))::bigint[],
            \(drafts.map(\.refundDue.minor))::bigint[], \(drafts.map(\.creditsApplied.minor))::bigint[],
            \(drafts.map(\.amountDue.minor))::bigint[], \(drafts.map(\.taxStatus.rawValue))::text[]
        ) AS given (tenant_id, id, subtotal, discount, tax, total, credited, refund_due, credits_applied, amount_due,
                    tax_status)
        WHERE i.tenant_id = given.tenant_id AND i.id = given.id
        """
    }

    /// Drafts of which nothing is left to bill.
    static func drop(_ drafts: [Invoice], by stamp: Stamp) -> SQL {
        """
        UPDATE app.invoices i SET status = 'void', voided_at = \(stamp.at), recorded_at = \(stamp.recordedAt),
            subtotal_minor = 0, discount_minor = 0, tax_minor = 0, total_minor = 0, credited_minor = 0,
            refund_due_minor = 0, credits_applied_minor = 0, amount_due_minor = 0
        FROM unnest(\(drafts.map(\.tenant))::uuid[], \(drafts.map(\.id))::uuid[]) AS given (tenant_id, id)
        WHERE i.tenant_id = given.tenant_id AND i.id = given.id
        """
    }

    /// Numbers, times and status of invoices that go to the books.
    static func finalize(_ invoices: [Invoice]) -> SQL {
        """
        UPDATE app.invoices i SET number = given.number, status = given.status, finalized_at = given.finalized_at,
            due_at = given.due_at, paid_at = given.paid_at
        FROM unnest(\(invoices.map(\.tenant))::uuid[], \(invoices.map(\.id))::uuid[],
                    \(invoices.map(\.number))::text[], \(invoices.map(\.status.rawValue))::text[],
                    \(invoices.map(\.finalizedAt))::timestamptz[], \(invoices.map(\.dueAt))::timestamptz[],
                    \(invoices.map(\.paidAt))::timestamptz[])
            AS given (tenant_id, id, number, status, finalized_at, due_at, paid_at)
        WHERE i.tenant_id = given.tenant_id AND i.id = given.id
        """
    }
}
