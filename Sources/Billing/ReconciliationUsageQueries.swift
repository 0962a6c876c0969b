import Postgres
import Values

/// Adds up the events of every stretch that was billed, in one statement.
enum ReconciliationUsageQueries {
    /// Every billed stretch of a metered price whose quantity follows from its events alone.
    ///
    /// Of counts and sums only those come back that do not agree with what counts now.
    static func stretches(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [Reconciliation.BilledStretch] {
        try await transaction.query(
            """
            WITH stretches AS MATERIALIZED (
                SELECT l.tenant_id, l.subscription_id, plan_version_id, price, meter, measure, unique_by, period_start,
                       period_end, ratio, sum(quantity) AS quantity, max(l.recorded_at) AS known_at,
                       array_agg(DISTINCT invoice_id) AS invoices,
                       coalesce(sum(quantity) FILTER (WHERE i.status = 'void'), 0) AS voided
                FROM app.invoice_lines l
                JOIN app.invoices i ON i.tenant_id = l.tenant_id AND i.id = l.invoice_id
                WHERE kind = 'usage' AND measure IS NOT NULL AND (\(tenant)::uuid IS NULL OR l.tenant_id = \(tenant))
                GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
                -- What was billed before the end of a period and taken back by a change is billed under other stretches.
                HAVING sum(quantity) <> 0 OR sum(amount_minor) <> 0 OR NOT bool_or(is_correction)
            )
            SELECT b.tenant_id, b.subscription_id, b.price, b.meter, b.measure, b.unique_by, b.period_start,
                   b.period_end, b.ratio, b.quantity::text, b.voided::text, b.invoices,
                   s.next_billing_at IS NULL AND s.paused_at IS NULL,
                   \(fragment: sums("counts")), \(fragment: sums("known"))
            FROM stretches b
            JOIN app.subscriptions s ON s.tenant_id = b.tenant_id AND s.id = b.subscription_id
            JOIN app.meters m ON m.code = b.meter
            CROSS JOIN LATERAL (
                SELECT \(fragment: added("counts")), \(fragment: added("known"))
                FROM (
                    SELECT e.value, e.at, e.event_id, e.properties, v.event_id IS NULL AS counts,
                           e.recorded_at <= b.known_at AND (v.event_id IS NULL OR v.recorded_at > b.known_at) AS known
                    FROM app.usage_events e
                    LEFT JOIN app.usage_voids v
                        ON v.tenant_id = e.tenant_id AND v.event_id = e.event_id AND v.revision = e.revision
                    WHERE e.tenant_id = b.tenant_id AND e.meter = m.source
                      AND (m.filter IS NULL OR app.usage_passes(e.properties, m.filter)) AND e.at >= b.period_start
                      AND e.at < b.period_end AND (e.subscription_id = b.subscription_id
                          OR (NOT s.names_usage AND e.subscription_id IS NULL))
                ) event
            ) a
            -- What is billed of an archived month is closed, and its file was checked.
            WHERE NOT EXISTS (
                SELECT FROM app.usage_archives z
                WHERE z.state = 'archived' AND b.period_end > z.month::timestamptz
                  AND b.period_start < (z.month + interval '1 month')::timestamptz)
              AND CASE b.measure
                WHEN 'count' THEN b.quantity <> a.counts_count
                    AND NOT (b.quantity = b.voided AND b.voided > a.counts_count)
                WHEN 'sum' THEN b.quantity <> greatest(0, coalesce(a.counts_sum, 0))
                    AND NOT (b.quantity = b.voided AND b.voided > coalesce(a.counts_sum, 0))
                ELSE true
            END
            ORDER BY 1, 2, 7, 3
            """,
            stretch
        )
    }

    /// The aggregates over those events for which a flag is set, under names that begin with it.
    private static func added(_ flag: String) -> SQL {
        """
        count(*) FILTER (WHERE \(unescaped: flag)) AS \(unescaped: flag)_count,
        sum(value) FILTER (WHERE \(unescaped: flag)) AS \(unescaped: flag)_sum,
        min(value) FILTER (WHERE \(unescaped: flag)) AS \(unescaped: flag)_min,
        max(value) FILTER (WHERE \(unescaped: flag)) AS \(unescaped: flag)_max,
        (array_agg(value ORDER BY at DESC, event_id DESC)
            FILTER (WHERE \(unescaped: flag) AND b.measure = 'latest'))[1] AS \(unescaped: flag)_latest,
        count(DISTINCT properties -> b.unique_by)
            FILTER (WHERE \(unescaped: flag) AND b.measure = 'unique') AS \(unescaped: flag)_distinct
        """
    }

    private static func sums(_ flag: String) -> SQL {
        """
        a.\(unescaped: flag)_count, coalesce(a.\(unescaped: flag)_sum, 0)::text, a.\(unescaped: flag)_min,
        a.\(unescaped: flag)_max, a.\(unescaped: flag)_latest, a.\(unescaped: flag)_distinct
        """
    }

    private static func stretch(_ row: inout RowReader) throws -> Reconciliation.BilledStretch {
        let tenant: TenantID = try row.next()
        let subscription: SubscriptionID = try row.next()
        let price: String = try row.next()
        let meter: String = try row.next()
        let measure: String = try row.next()
        let rule = InvoiceRows.rule(measure, uniqueBy: try row.next())
        let start: Instant = try row.next()
        let end: Instant = try row.next()
        let ratio: String = try row.next()
        let quantity: String = try row.next()
        let voided: String = try row.next()
        guard let rule, let ratio = Exact(fraction: ratio), let quantity = Exact(decimal: quantity),
            let voided = Exact(decimal: voided)
        else {
            throw PostgresError(.decoding, "a usage line cannot be read")
        }
        return Reconciliation.BilledStretch(
            tenant: tenant,
            subscription: subscription,
            price: price,
            meter: meter,
            rule: rule,
            start: start,
            end: end,
            ratio: ratio,
            quantity: quantity,
            voided: voided,
            invoices: try row.next(),
            isOver: try row.next(),
            now: try sums(&row),
            known: try sums(&row)
        )
    }

    private static func sums(_ row: inout RowReader) throws -> Reconciliation.BilledStretch.Sums {
        let count: Int = try row.next()
        let text: String = try row.next()
        guard let sum = Exact(decimal: text) else { throw PostgresError(.decoding, "a sum of usage is no decimal") }
        let least: Decimal12? = try row.next()
        let greatest: Decimal12? = try row.next()
        let latest: Decimal12? = try row.next()
        return Reconciliation.BilledStretch.Sums(
            count: count,
            sum: sum,
            min: least?.exact,
            max: greatest?.exact,
            latest: latest?.exact,
            distinct: try row.next()
        )
    }
}
