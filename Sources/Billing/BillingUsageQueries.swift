import Metering
import Plans
import Postgres
import Values

/// Reads the usage that the invoice function asks for: one statement for all sums, one for the events of each meter.
enum BillingUsageQueries {
    /// What the events of some parts add up to, in the order asked for.
    ///
    /// Whole quarters of an hour come from the rollups; where a part begins or ends inside one, from the events.
    static func totals(
        of tenant: TenantID,
        _ parts: [(meter: String, part: Period)],
        in transaction: borrowing Transaction
    ) async throws -> [UsageTotals] {
        var totals = [UsageTotals](repeating: .empty, count: parts.count)
        guard !parts.isEmpty else { return totals }
        let edges = parts.map { Edges($0.part) }
        let rows: [(Int, UsageTotals)] = try await transaction.query(
            """
            SELECT p.number, sum(x.count)::bigint, sum(x.sum)::text, min(x.min), max(x.max)
            FROM unnest(\(parts.map(\.meter))::text[], \(parts.map(\.part.start))::timestamptz[],
                        \(parts.map(\.part.end))::timestamptz[], \(edges.map(\.first))::timestamptz[],
                        \(edges.map(\.last))::timestamptz[])
                WITH ORDINALITY AS p (meter, starts_at, ends_at, first, last, number)
            CROSS JOIN LATERAL (
                SELECT r.count, r.sum, r.min, r.max FROM app.usage_rollups r
                WHERE r.tenant_id = \(tenant) AND r.meter = p.meter AND r.bucket >= p.first AND r.bucket < p.last
                  AND r.count > 0
                UNION ALL
                SELECT 1, e.value, e.value, e.value FROM app.usage_events e
                WHERE p.starts_at < p.first AND e.tenant_id = \(tenant) AND e.meter = p.meter
                  AND e.at >= p.starts_at AND e.at < p.first AND \(fragment: UsageQueries.counts)
                UNION ALL
                SELECT 1, e.value, e.value, e.value FROM app.usage_events e
                WHERE p.last < p.ends_at AND e.tenant_id = \(tenant) AND e.meter = p.meter
                  AND e.at >= p.last AND e.at < p.ends_at AND \(fragment: UsageQueries.counts)
            ) x
            GROUP BY 1
            """
        ) { row in
            let number: Int = try row.next()
            let count: Int = try row.next()
            let text: String = try row.next()
            guard let sum = Exact(decimal: text) else {
                throw PostgresError(.decoding, "a sum of usage is no decimal")
            }
            return (number, UsageTotals(count: count, sum: sum, min: try row.next(), max: try row.next()))
        }
        for (number, total) in rows where totals.indices.contains(number - 1) { totals[number - 1] = total }
        return totals
    }

    /// The events of a meter that count.
    static func events(
        of tenant: TenantID,
        meter: String,
        from start: Instant,
        to end: Instant,
        in transaction: borrowing Transaction
    ) async throws -> UsageLog {
        UsageLog(
            try await transaction.query(
                """
                SELECT e.event_id, e.at, e.value, e.properties FROM app.usage_events e
                WHERE e.tenant_id = \(tenant) AND e.meter = \(meter) AND e.at >= \(start) AND e.at < \(end)
                  AND \(fragment: UsageQueries.counts)
                ORDER BY e.at, e.event_id
                """
            ) { row in
                let id: String = try row.next()
                let instant: Instant = try row.next()
                let value: Decimal12 = try row.next()
                let properties: JSONValue = try row.next()
                return RatingEvent(
                    id: id,
                    at: instant,
                    value: value.exact,
                    properties: properties.object ?? JSONObject()
                )
            }
        )
    }

    /// Which of some parts, by place, have events that came or were taken back since an instant of recorded time.
    static func changed(
        of tenant: TenantID,
        _ parts: [(meter: String, part: Period, since: Instant)],
        in transaction: borrowing Transaction
    ) async throws -> Set<Int> {
        guard !parts.isEmpty else { return [] }
        let numbers: [Int] = try await transaction.query(
            """
            SELECT p.number
            FROM unnest(\(parts.map(\.meter))::text[], \(parts.map(\.part.start))::timestamptz[],
                        \(parts.map(\.part.end))::timestamptz[], \(parts.map(\.since))::timestamptz[])
                WITH ORDINALITY AS p (meter, starts_at, ends_at, since, number)
            WHERE EXISTS (
                SELECT FROM app.usage_events e
                LEFT JOIN app.usage_voids v ON v.tenant_id = e.tenant_id AND v.event_id = e.event_id
                WHERE e.tenant_id = \(tenant) AND e.meter = p.meter AND e.at >= p.starts_at AND e.at < p.ends_at
                  AND (e.recorded_at >= p.since OR v.recorded_at >= p.since))
            """
        ) { row in try row.next() }
        return Set(numbers.map { $0 - 1 })
    }

    /// The whole quarters of an hour in a part; without any both are its end.
    private struct Edges {
        let first: Instant
        let last: Instant

        init(_ part: Period) {
            let up = UsageBucket.start(atOrAfter: part.start)
            let down = UsageBucket.start(of: part.end)
            (first, last) = up <= down ? (up, down) : (part.end, part.end)
        }
    }
}
