package import Postgres
package import Values

/// What the values of events add up to, apart by the model that they name.
package struct ModelUsageSum: Hashable, Sendable {
    /// The place of the window.
    package let window: Int
    /// The place of the last of the cuts that is not after the events; -1: they are before all.
    package let cut: Int
    /// The values of the properties by which usage is grouped.
    package let group: [JSONValue]
    /// The property `model`; nil where there is none.
    package let model: String?
    /// The sum.
    package let value: Exact
}

extension UsageQueries {
    /// What the events of a meter add up to in each window, apart by some properties, by instants at which something
    /// changes, and by model: what a price book makes a cost of.
    ///
    /// `cuts`: in order.
    ///
    /// Throws `MeteringError.tooManyGroups`.
    package static func sums(
        of tenant: TenantID,
        meter: Meter,
        scope: UsageScope = .all,
        windows: [Period],
        cuts: [Instant],
        by properties: [String] = [],
        in transaction: borrowing Transaction
    ) async throws -> [ModelUsageSum] {
        guard let first = windows.first, let last = windows.last,
            let range = Period(start: first.start, end: last.end)
        else { return [] }
        let filter = UsageFilter(tenant: tenant, meter: meter, scope: scope, range: range)
        try await UsageArchiveQueries.requireEvents(during: [range], in: transaction)
        let values = SQL(joining: properties.map { "e.properties -> \($0)::text" }, separator: ", ")
        // One cut more than there are, before all events: an empty array has no buckets.
        let bounds = [UsageLimits.instants.lowerBound] + cuts
        let sums = try await transaction.query(
            """
            SELECT width_bucket(e.at, \(windows.map(\.start))::timestamptz[]),
                   width_bucket(e.at, \(bounds)::timestamptz[]), jsonb_build_array(\(fragment: values)),
                   e.properties ->> 'model', sum(e.value)::text
            FROM app.usage_events e WHERE \(fragment: filter.events(during: range))
            GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT \(rowLimit + 1)
            """
        ) { row in
            let window: Int = try row.next()
            let cut: Int = try row.next()
            let group: JSONValue = try row.next()
            let model: String? = try row.next()
            let text: String = try row.next()
            guard let sum = Exact(decimal: text) else {
                throw PostgresError(.decoding, "a sum of usage is no decimal")
            }
            return ModelUsageSum(
                window: window - 1,
                cut: cut - 2,
                group: group.array ?? [],
                model: model,
                value: sum
            )
        }
        guard sums.count <= rowLimit else { throw MeteringError.tooManyGroups(limit: rowLimit) }
        return sums
    }
}
