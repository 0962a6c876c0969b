package import Postgres
package import Values

/// Reading events and what they add up to.
///
/// Everything is exact as of the commits that the transaction sees.
package enum UsageQueries {
    /// What the events of a meter add up to in a period.
    ///
    /// `scope`: whose events; all of the tenant's unless given.
    ///
    /// Throws `MeteringError.meterNotFound`.
    package static func totals(
        of tenant: TenantID,
        meter code: String,
        scope: UsageScope = .all,
        during period: Period,
        in transaction: borrowing Transaction
    ) async throws -> UsageTotals {
        let meter = try await MeterQueries.require(code, in: transaction)
        let filter = UsageFilter(tenant: tenant, meter: meter, scope: scope, range: period)
        return try await totals(filter, windows: [period], in: transaction).first ?? .empty
    }

    /// The events of a meter that count, in the order of (`at`, `id`).
    static func events(
        _ filter: UsageFilter,
        in transaction: borrowing Transaction
    ) async throws -> [UsageEvent] {
        try await UsageArchiveQueries.requireEvents(during: [filter.range], in: transaction)
        return try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.usage_events e
            WHERE \(fragment: filter.events(during: filter.range)) ORDER BY e.at, e.event_id
            """,
            event
        )
    }

    /// What the events of a meter add up to in each of some windows that follow on one another and make up the range.
    ///
    /// Whole quarters of an hour come from the rollups; where the range begins or ends inside one, from the events.
    static func totals(
        _ filter: UsageFilter,
        windows: [Period],
        in transaction: borrowing Transaction
    ) async throws -> [UsageTotals] {
        let parts = filter.parts(starts: windows.map(\.start))
        var totals = [UsageTotals](repeating: .empty, count: windows.count)
        guard !parts.isEmpty else { return totals }
        try await UsageArchiveQueries.requireEvents(during: filter.edges, in: transaction)
        let rows: [(Int, UsageTotals)] = try await transaction.query(
            """
            SELECT part.number, \(fragment: sums)
            FROM (\(fragment: SQL(joining: parts, separator: " UNION ALL "))) part (number, count, sum, min, max)
            GROUP BY 1
            """
        ) { row in (try row.next(), try read(&row)) }
        for (number, total) in rows where windows.indices.contains(number - 1) { totals[number - 1] = total }
        return totals
    }

    /// What the events of a meter add up to in each window, apart by the values of some properties.
    static func grouped(
        _ filter: UsageFilter,
        windows: [Period],
        by properties: [String],
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [(window: Int, group: [JSONValue], totals: UsageTotals)] {
        try await UsageArchiveQueries.requireEvents(during: [filter.range], in: transaction)
        let values = SQL(joining: properties.map { "e.properties -> \($0)::text" }, separator: ", ")
        return try await transaction.query(
            """
            SELECT part.number, part.properties, \(fragment: sums)
            FROM (
                SELECT width_bucket(e.at, \(windows.map(\.start))::timestamptz[]) AS number,
                       jsonb_build_array(\(fragment: values)) AS properties,
                       1 AS count, e.value AS sum, e.value AS min, e.value AS max
                FROM app.usage_events e WHERE \(fragment: filter.events(during: filter.range))
            ) part
            GROUP BY 1, 2 ORDER BY 1, 2 LIMIT \(limit)
            """
        ) { row in
            let number: Int = try row.next()
            let group: JSONValue = try row.next()
            return (number - 1, group.array ?? [], try read(&row))
        }
    }

    /// A revision of an event, `e`, counts unless it was taken back.
    package static let counts: SQL =
        """
        NOT EXISTS (
            SELECT FROM app.usage_voids v
            WHERE v.tenant_id = e.tenant_id AND v.event_id = e.event_id AND v.revision = e.revision)
        """

    static let columns: SQL =
        "e.event_id, e.meter, e.at, e.value, e.properties, e.subject, e.subscription_id"

    private static let sums: SQL = "sum(part.count)::bigint, sum(part.sum)::text, min(part.min), max(part.max)"

    static func event(_ row: inout RowReader) throws -> UsageEvent {
        UsageEvent(
            stored: try row.next(),
            meter: try row.next(),
            at: try row.next(),
            value: try row.next(),
            properties: try row.next(),
            subject: try row.next(),
            subscription: try row.next()
        )
    }

    private static func read(_ row: inout RowReader) throws -> UsageTotals {
        let count: Int = try row.next()
        let text: String = try row.next()
        guard let sum = Exact(decimal: text) else {
            throw PostgresError(.decoding, "a sum of usage is no decimal")
        }
        return UsageTotals(count: count, sum: sum, min: try row.next(), max: try row.next())
    }
}

/// Which events are meant.
struct UsageFilter {
    let tenant: TenantID
    let meter: Meter
    /// Whose events.
    let scope: UsageScope
    let range: Period

    /// The condition on events `e`.
    func events(during period: Period) -> SQL {
        let whole: SQL =
            """
            e.tenant_id = \(tenant) AND \(fragment: UsageQueries.isOf(meter))
            AND e.at >= \(period.start) AND e.at < \(period.end) AND \(fragment: UsageQueries.counts)
            """
        return switch scope {
        case .all: whole
        case .named(let id): "\(fragment: whole) AND e.subscription_id = \(id)"
        case .unnamed(or: let id):
            "\(fragment: whole) AND (e.subscription_id IS NULL OR e.subscription_id = \(id))"
        }
    }

    /// What `parts` reads from the events.
    var edges: [Period] {
        guard meter.isComputed else { return [range] }
        let first = UsageBucket.start(atOrAfter: range.start)
        let last = UsageBucket.start(of: range.end)
        guard first <= last else { return [range] }
        return [Period(start: range.start, end: first), Period(start: last, end: range.end)].compactMap(\.self)
    }

    /// The rows to add up: whole quarters from the rollups and up to two edges from the events, each with the number
    /// of its window, from 1.
    func parts(starts: [Instant]) -> [SQL] {
        guard meter.isComputed else { return [edge(range, starts)] }
        let first = UsageBucket.start(atOrAfter: range.start)
        let last = UsageBucket.start(of: range.end)
        guard first <= last else { return [edge(range, starts)] }
        var parts: [SQL] = []
        if let whole = Period(start: first, end: last) { parts.append(rollups(during: whole, starts)) }
        if let head = Period(start: range.start, end: first) { parts.append(edge(head, starts)) }
        if let tail = Period(start: last, end: range.end) { parts.append(edge(tail, starts)) }
        return parts
    }

    private func rollups(during period: Period, _ starts: [Instant]) -> SQL {
        let whole: SQL =
            """
            SELECT width_bucket(r.bucket, \(starts)::timestamptz[]), r.count, r.sum, r.min, r.max
            FROM app.usage_rollups r
            WHERE r.tenant_id = \(tenant) AND r.meter = \(meter.code) AND r.bucket >= \(period.start)
              AND r.bucket < \(period.end) AND r.count > 0
            """
        return switch scope {
        case .all: whole
        case .named(let id): "\(fragment: whole) AND r.subscription_id = \(id)"
        case .unnamed(or: let id):
            "\(fragment: whole) AND r.subscription_id IN (\(UsageIngestQueries.noSubscription)::uuid, \(id))"
        }
    }

    private func edge(_ period: Period, _ starts: [Instant]) -> SQL {
        """
        SELECT width_bucket(e.at, \(starts)::timestamptz[]), 1, e.value, e.value, e.value
        FROM app.usage_events e WHERE \(fragment: events(during: period))
        """
    }
}
