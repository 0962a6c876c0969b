import Metering
import Plans
import Postgres
import Subscriptions
import Values

/// A stretch of a meter's usage that a subscription bills.
struct UsageStretch: Sendable {
    let tenant: TenantID
    let subscription: SubscriptionID
    /// Whether only events count that name the subscription; otherwise those that name none do, too.
    let isNamed: Bool
    let meter: String
    let part: Period

    init(of subscription: Subscription, _ meter: String, _ part: Period) {
        tenant = subscription.tenant
        self.subscription = subscription.id
        isNamed = subscription.usage == .named
        self.meter = meter
        self.part = part
    }
}

/// Reads the usage that the invoice function asks for, of many subscriptions of many tenants at once.
enum BillingUsageQueries {
    /// What the events of some stretches add up to, in the order asked for.
    ///
    /// Whole quarters of an hour come from the rollups; where a stretch begins or ends inside one, from the events.
    static func totals(_ stretches: [UsageStretch], in transaction: borrowing Transaction) async throws -> [UsageTotals]
    {
        var totals = [UsageTotals](repeating: .empty, count: stretches.count)
        guard !stretches.isEmpty else { return totals }
        let edges = stretches.map { Edges($0.part) }
        let rows: [(Int, UsageTotals)] = try await transaction.query(
            """
            SELECT p.number, sum(x.count)::bigint, sum(x.sum)::text, min(x.min), max(x.max)
            FROM unnest(\(fragment: columns(stretches)), \(edges.map(\.first))::timestamptz[],
                        \(edges.map(\.last))::timestamptz[])
                WITH ORDINALITY AS p (\(fragment: names), first, last, number)
            JOIN \(fragment: MeterQueries.counted) m ON m.code = p.meter
            CROSS JOIN LATERAL (
                SELECT r.count, r.sum, r.min, r.max FROM app.usage_rollups r
                WHERE m.is_computed AND r.tenant_id = p.tenant_id AND r.meter = p.meter AND r.bucket >= p.first AND r.bucket < p.last
                  AND r.count > 0 AND (r.subscription_id = p.subscription_id
                      OR (NOT p.is_named AND r.subscription_id = '00000000-0000-0000-0000-000000000000'))
                UNION ALL
                SELECT 1, e.value, e.value, e.value FROM app.usage_events e
                WHERE (p.starts_at < p.first OR NOT m.is_computed) AND e.at >= p.starts_at
                  AND e.at < CASE WHEN m.is_computed THEN p.first ELSE p.ends_at END AND \(fragment: isOwn)
                  AND \(fragment: UsageQueries.counts)
                UNION ALL
                SELECT 1, e.value, e.value, e.value FROM app.usage_events e
                WHERE m.is_computed AND p.last < p.ends_at AND e.at >= p.last AND e.at < p.ends_at AND \(fragment: isOwn)
                  AND \(fragment: UsageQueries.counts)
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

    /// The events of some stretches that count, in the order asked for.
    static func events(_ stretches: [UsageStretch], in transaction: borrowing Transaction) async throws -> [UsageLog] {
        var events = [[RatingEvent]](repeating: [], count: stretches.count)
        guard !stretches.isEmpty else { return [] }
        let rows: [(Int, RatingEvent)] = try await transaction.query(
            """
            SELECT p.number, e.event_id, e.at, e.value, e.properties
            FROM unnest(\(fragment: columns(stretches))) WITH ORDINALITY AS p (\(fragment: names), number)
            JOIN \(fragment: MeterQueries.counted) m ON m.code = p.meter
            JOIN app.usage_events e ON \(fragment: isOwn) AND e.at >= p.starts_at AND e.at < p.ends_at
            WHERE \(fragment: UsageQueries.counts)
            ORDER BY p.number, e.at, e.event_id
            """
        ) { row in
            let number: Int = try row.next()
            let id: String = try row.next()
            let instant: Instant = try row.next()
            let value: Decimal12 = try row.next()
            let properties: JSONValue = try row.next()
            let event = RatingEvent(
                id: id,
                at: instant,
                value: value.exact,
                properties: properties.object ?? JSONObject()
            )
            return (number - 1, event)
        }
        for (place, event) in rows where events.indices.contains(place) { events[place].append(event) }
        return events.map { UsageLog($0) }
    }

    /// Which of some stretches, by place, have events that came or were taken back since an instant of recorded time.
    static func changed(
        _ stretches: [(stretch: UsageStretch, since: Instant)],
        in transaction: borrowing Transaction
    ) async throws -> Set<Int> {
        guard !stretches.isEmpty else { return [] }
        let numbers: [Int] = try await transaction.query(
            """
            SELECT p.number
            FROM unnest(\(fragment: columns(stretches.map(\.stretch))), \(stretches.map(\.since))::timestamptz[])
                WITH ORDINALITY AS p (\(fragment: names), since, number)
            JOIN \(fragment: MeterQueries.counted) m ON m.code = p.meter
            WHERE EXISTS (
                SELECT FROM app.usage_events e
                LEFT JOIN app.usage_voids v
                    ON v.tenant_id = e.tenant_id AND v.event_id = e.event_id AND v.revision = e.revision
                WHERE \(fragment: isOwn) AND e.at >= p.starts_at AND e.at < p.ends_at
                  AND (e.recorded_at >= p.since OR v.recorded_at >= p.since))
            """
        ) { row in try row.next() }
        return Set(numbers.map { $0 - 1 })
    }

    private static let names: SQL = "tenant_id, subscription_id, is_named, meter, starts_at, ends_at"

    /// Whether an event `e` is of a stretch's subscription and one that its meter `m` counts.
    private static let isOwn: SQL =
        """
        e.tenant_id = p.tenant_id AND e.meter = m.source
        AND (m.filter IS NULL OR app.usage_passes(e.properties, m.filter))
        AND (e.subscription_id = p.subscription_id OR (NOT p.is_named AND e.subscription_id IS NULL))
        """

    private static func columns(_ stretches: [UsageStretch]) -> SQL {
        """
        \(stretches.map(\.tenant))::uuid[], \(stretches.map(\.subscription))::uuid[],
        \(stretches.map(\.isNamed))::boolean[], \(stretches.map(\.meter))::text[],
        \(stretches.map(\.part.start))::timestamptz[], \(stretches.map(\.part.end))::timestamptz[]
        """
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
