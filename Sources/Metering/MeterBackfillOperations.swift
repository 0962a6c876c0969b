package import Postgres
package import Values

/// Computing a meter with a source over the events there are.
///
/// A step is a short transaction that makes the rollups of some quarters what the events say, and keeps how far it has
/// come. Ingest changes the meter's rollups all the while; a step holds the meter's lock alone, so that what it adds up
/// has none of the events whose transactions come after, and all of those that came before. Until the last step the
/// meter is read from the events.
package enum MeterBackfillOperations {
    /// A step ends once it has looked at so many events, or so many tenants.
    private static let eventLimit = 20_000
    private static let tenantLimit = 200
    private static let bucketLimit = 500

    private struct Place {
        var tenant: String
        var bucket: Instant
        var done: Int
        let total: Int
    }

    /// Does the next step of a meter's computing; called until there is nothing to do.
    ///
    /// Runs in the scope `.system`.
    ///
    /// - Throws: `MeteringError.meterNotFound`.
    package static func step(
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> MeterBackfill.Next {
        let meter = try await MeterQueries.require(code, in: transaction)
        guard let source = meter.source, !meter.isComputed else { return .none }
        let generation = try await MeterBackfillQueries.generation(code, in: transaction)
        guard var place = try await place(code, generation, source, stamp, in: transaction) else { return .wait }
        try await transaction.execute(MeterViewQueries.hold(code))
        // Read again under the lock: the definition may have been replaced while it was waited for.
        guard try await MeterBackfillQueries.generation(code, in: transaction) == generation else { return .step }
        let isFinished = try await advance(&place, meter, source, in: transaction)
        try await transaction.execute(
            MeterBackfillQueries.move(
                code,
                generation,
                to: (place.tenant, place.bucket, place.done),
                finished: isFinished,
                at: stamp.recordedAt
            )
        )
        guard isFinished else { return .step }
        try await transaction.execute(
            """
            UPDATE app.meters SET computed = \(generation)
            WHERE code = \(code) AND generation = \(generation)
            """
        )
        return .none
    }

    /// Where it stands, held until the transaction ends; begins if it has not begun.
    ///
    /// Nil if it has to wait.
    private static func place(
        _ code: String,
        _ generation: Int,
        _ source: String,
        _ stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Place? {
        let found: (isReady: Bool, place: Place)? = try await transaction.first(
            MeterBackfillQueries.lock(code, generation)
        ) { row in
            let isReady: Bool = try row.next()
            let place = Place(
                tenant: try row.next(),
                bucket: try row.next(),
                done: try row.next(),
                total: try row.next()
            )
            return (isReady, place)
        }
        guard let found else {
            try await transaction.execute(
                MeterBackfillQueries.begin(code, generation, source: source, at: stamp.recordedAt)
            )
            return nil
        }
        return found.isReady ? found.place : nil
    }

    /// Computes the next quarters; returns whether there are no more.
    private static func advance(
        _ place: inout Place,
        _ meter: Meter,
        _ source: String,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        var events = 0
        var tenants = 0
        defer { place.done += events }
        while events < eventLimit, tenants < tenantLimit {
            let tenant = TenantID(uuidText: place.tenant)
            var buckets: [(bucket: Instant, count: Int)] = []
            if let tenant {
                buckets = try await transaction.query(
                    MeterBackfillQueries.buckets(of: tenant, source, after: place.bucket, limit: bucketLimit)
                ) { row in (try row.next(), try row.next()) }
            }
            guard let tenant, let first = buckets.first else {
                tenants += 1
                let next: String? = try await transaction.first(MeterBackfillQueries.tenant(after: place.tenant)) {
                    row in
                    try row.next()
                }
                guard let next else { return true }
                place.tenant = next
                place.bucket = MeterBackfillQueries.beforeAll
                continue
            }
            var last = first
            for bucket in buckets where events < eventLimit {
                events += bucket.count
                last = bucket
            }
            let end = last.bucket.adding(microseconds: UsageBucket.microseconds)
            for statement in MeterViewQueries.compute(meter, of: tenant, from: first.bucket, until: end) {
                try await transaction.execute(statement)
            }
            place.bucket = last.bucket
        }
        return false
    }
}
