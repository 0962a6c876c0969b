package import Postgres
package import Values

/// What meters make of the events in the table.
extension UsageQueries {
    /// The quantity of a meter in a period that counts as a whole: not below 0, levels as they are.
    ///
    /// Rollups tell it where they can; of other aggregations the events are read.
    ///
    /// `scope`: whose events; all of the tenant's unless given.
    package static func quantity(
        of tenant: TenantID,
        meter: Meter,
        scope: UsageScope = .all,
        during period: Period,
        in transaction: borrowing Transaction
    ) async throws -> Exact {
        let rows = try await rows(
            of: tenant,
            meter: meter,
            scope: scope,
            windows: [period],
            in: transaction
        )
        return rows.first?.quantity ?? .zero
    }

    /// The usage of a part as rating takes it: its events and, where the meter carries over, what went before.
    ///
    /// `scope`: whose events; all of the tenant's unless given.
    ///
    /// `wholeSeconds`: the seconds of the whole period that holds the part's start.
    ///
    /// `ratio`: the part's ratio.
    ///
    /// `start`: events before it are not carried over: the subscription's start; nil: all are.
    ///
    /// `dimensions`: by which properties the price groups; carried sums are kept apart by them.
    package static func usage(
        of tenant: TenantID,
        meter: Meter,
        scope: UsageScope = .all,
        during part: Period,
        wholeSeconds: Int64,
        ratio: Exact,
        since start: Instant? = nil,
        by dimensions: [String] = [],
        in transaction: borrowing Transaction
    ) async throws -> PartUsage {
        let events = try await ratingEvents(
            of: tenant,
            meter: meter,
            scope: scope,
            during: part,
            in: transaction
        )
        var earlier: [RatingEvent] = []
        if meter.carryOver, let before = Period(start: start ?? UsageLimits.instants.lowerBound, end: part.start) {
            let carried = try await ratingEvents(
                of: tenant,
                meter: meter,
                scope: scope,
                during: before,
                in: transaction
            )
            earlier = RatingEvent.gathered(carried, by: dimensions)
        }
        return PartUsage(
            events: events,
            rule: meter.rule,
            part: part,
            wholeSeconds: wholeSeconds,
            ratio: ratio,
            earlier: earlier
        )
    }

    /// The events of a meter that count, in the order in which they count.
    ///
    /// `scope`: whose events; all of the tenant's unless given.
    ///
    /// Throws `MeteringError.meterNotFound`.
    package static func ratingEvents(
        of tenant: TenantID,
        meter code: String,
        scope: UsageScope = .all,
        during period: Period,
        in transaction: borrowing Transaction
    ) async throws -> [RatingEvent] {
        let meter = try await MeterQueries.require(code, in: transaction)
        return try await ratingEvents(of: tenant, meter: meter, scope: scope, during: period, in: transaction)
    }

    private static func ratingEvents(
        of tenant: TenantID,
        meter: Meter,
        scope: UsageScope = .all,
        during period: Period,
        in transaction: borrowing Transaction
    ) async throws -> [RatingEvent] {
        let filter = UsageFilter(tenant: tenant, meter: meter, scope: scope, range: period)
        return try await events(filter, in: transaction).map { event in
            RatingEvent(
                id: event.id,
                at: event.at,
                value: event.value.exact,
                properties: event.properties.object ?? JSONObject()
            )
        }
    }
}
