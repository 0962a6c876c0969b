package import Postgres
package import Values

/// Whether a month of usage is billed, so that its events may go into a file.
package enum UsageArchiveBilling {
    /// Refuses a month of which something is still to be billed, or would be measured again.
    ///
    /// For `.system`.
    ///
    /// - Throws: a problem that names a subscription.
    package static func requireBilled(_ month: Period, in transaction: borrowing Transaction) async throws {
        if let open: SubscriptionID = try await transaction.first(open(month), { row in try row.next() }) {
            throw refusal("the subscription \(open) has not been invoiced to the end of the month", month)
        }
        if let draft: InvoiceID = try await transaction.first(drafts(month), { row in try row.next() }) {
            throw refusal("the invoice \(draft) of it is a draft", month)
        }
        if let held: SubscriptionID = try await transaction.first(committed(month), { row in try row.next() }) {
            throw refusal("the subscription \(held) has a commitment, of which all usage is measured again", month)
        }
    }

    private static func refusal(_ why: String, _ month: Period) -> Problem {
        Problem(.precondition, code: "month_not_billed", "\(month.start.text.prefix(7)) stays: \(why)")
    }

    private static func open(_ month: Period) -> SQL {
        """
        SELECT s.id FROM app.subscriptions s
        WHERE s.starts_at < \(month.end) AND s.next_billing_at IS NOT NULL
          AND (coalesce(s.last_invoice_at, '-infinity') < \(month.end) OR s.current_period_start < \(month.end))
          AND (s.ended_at IS NULL OR s.ended_at > \(month.start))
        ORDER BY s.tenant_id, s.id LIMIT 1
        """
    }

    private static func drafts(_ month: Period) -> SQL {
        """
        SELECT i.id FROM app.invoices i
        JOIN app.invoice_lines l ON l.tenant_id = i.tenant_id AND l.invoice_id = i.id
        WHERE i.status = 'draft' AND l.kind = 'usage' AND l.period_start < \(month.end)
        ORDER BY i.tenant_id, i.id LIMIT 1
        """
    }

    private static func committed(_ month: Period) -> SQL {
        """
        SELECT l.subscription_id FROM app.invoice_lines l
        JOIN app.plan_versions v ON v.id = l.plan_version_id AND v.document ->> 'minimum_commitment' IS NOT NULL
        JOIN app.subscriptions s ON s.tenant_id = l.tenant_id AND s.id = l.subscription_id
        WHERE l.kind = 'usage' AND l.period_start < \(month.end) AND l.period_end > \(month.start)
          AND s.next_billing_at IS NOT NULL
        ORDER BY l.tenant_id, l.subscription_id LIMIT 1
        """
    }
}
