package import Postgres
package import Values

/// A quantity of a meter in a window, perhaps of the events with certain properties only.
package struct UsageRow: Hashable, Sendable {
    /// The window.
    package let window: Period
    /// The values of the properties by which usage is grouped; nil if it is not.
    package let group: JSONObject?
    /// What the events add up to; not below 0.
    package let quantity: Exact
}

/// What usage looks like over time: for customers to read, not for invoices.
extension UsageQueries {
    /// The most rows of one answer.
    package static let rowLimit = 10_000

    /// The quantities of a meter in windows that follow on one another; without groups a row for each, also the empty.
    ///
    /// `scope`: whose events; all of the tenant's unless given.
    ///
    /// `properties`: keeps events apart by their values of these; windows without events then have no row.
    ///
    /// Throws `MeteringError.tooManyGroups`; a problem with `group_by` for meters whose groups do not add up.
    package static func rows(
        of tenant: TenantID,
        meter: Meter,
        scope: UsageScope = .all,
        windows: [Period],
        by properties: [String] = [],
        in transaction: borrowing Transaction
    ) async throws -> [UsageRow] {
        guard let first = windows.first, let last = windows.last,
            let range = Period(start: first.start, end: last.end)
        else { return [] }
        let filter = UsageFilter(tenant: tenant, meter: meter, scope: scope, range: range)
        guard properties.isEmpty else {
            return try await grouped(filter, meter, windows: windows, by: properties, in: transaction)
        }
        guard UsageTotals.empty.quantity(meter.aggregation) != nil else {
            let usage = try await usage(
                of: tenant,
                meter: meter,
                scope: scope,
                during: range,
                wholeSeconds: range.seconds,
                ratio: .one,
                in: transaction
            )
            return try cut(usage, into: windows)
        }
        let totals = try await totals(filter, windows: windows, in: transaction)
        return zip(windows, totals).map { window, totals in
            UsageRow(window: window, group: nil, quantity: totals.quantity(meter.aggregation) ?? .zero)
        }
    }

    /// Each window as a whole of its own, of events that were read once for all of them.
    private static func cut(_ usage: PartUsage, into windows: [Period]) throws(Problem) -> [UsageRow] {
        var rest = usage.events[...]
        var earlier = usage.earlier
        var rows: [UsageRow] = []
        for window in windows {
            let events = Array(rest.prefix { $0.at < window.end })
            rest = rest.dropFirst(events.count)
            let part = PartUsage(
                events: events,
                rule: usage.rule,
                part: window,
                wholeSeconds: window.seconds,
                ratio: .one,
                earlier: earlier
            )
            rows.append(UsageRow(window: window, group: nil, quantity: try part.quantity()))
            if usage.rule.carryOver { earlier = RatingEvent.gathered(earlier + events) }
        }
        return rows
    }

    private static func grouped(
        _ filter: UsageFilter,
        _ meter: Meter,
        windows: [Period],
        by properties: [String],
        in transaction: borrowing Transaction
    ) async throws -> [UsageRow] {
        guard UsageTotals.empty.quantity(meter.aggregation) != nil else {
            throw Problem.invalid(
                "group_by",
                "is not possible: \(meter.code) counts by \(meter.aggregation.rawValue)"
            )
        }
        let rows = try await grouped(filter, windows: windows, by: properties, limit: rowLimit + 1, in: transaction)
        guard rows.count <= rowLimit else { throw MeteringError.tooManyGroups(limit: rowLimit) }
        return rows.compactMap { row in
            guard windows.indices.contains(row.window) else { return nil }
            var group = JSONObject()
            for (property, value) in zip(properties, row.group) { group[property] = value }
            return UsageRow(
                window: windows[row.window],
                group: group,
                quantity: row.totals.quantity(meter.aggregation) ?? .zero
            )
        }
    }
}
