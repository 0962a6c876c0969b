import Jobs
package import Postgres
package import Values

/// Storing events of usage and taking them back.
package enum MeteringOperations {
    /// Stores events of any tenants; answers for each, in the order they came.
    ///
    /// Runs in the scopes `.ingest`, `.tenant` (its own events only) and `.system`. An event is stored once for good:
    /// one that comes again is a duplicate, one with the same id and other content a conflict. The answers hold once
    /// the transaction has committed.
    ///
    /// - Throws: `MeteringError.batchTooLarge` beyond `UsageLimits.batch` events.
    package static func ingest(
        _ events: [(tenant: TenantID, event: UsageEvent)],
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [IngestOutcome] {
        guard !events.isEmpty else { return [] }
        guard events.count <= UsageLimits.batch else { throw MeteringError.batchTooLarge(events.count) }
        let batch = UsageBatch(events, meters: try await meters(of: events, in: transaction))
        guard !batch.written.isEmpty else { return batch.outcomes(stored: [:]) }
        let results = try await transaction.results([
            UsageIngestQueries.ensurePartitions(batch.months),
            UsageIngestQueries.insert(batch.written, recordedAt: recordedAt),
        ])
        guard let last = results.last else { return [] }
        // SQL counts from 1.
        let known: [Int] = try Transaction.decode(last) { row in
            let position: Int = try row.next()
            return position - 1
        }
        guard !known.isEmpty else { return batch.outcomes(stored: [:]) }
        let entries = known.map { batch.written[$0] }
        let hashes: [(Int, [UInt8])] = try await transaction.query(UsageIngestQueries.hashes(entries)) { row in
            let position: Int = try row.next()
            return (known[position - 1], try row.bytes())
        }
        guard hashes.count == known.count else { throw MeteringError.keyMissing }
        return batch.outcomes(stored: Dictionary(uniqueKeysWithValues: hashes))
    }

    /// Stores what a caller sent for one tenant; what could not be read as an event is answered as rejected.
    package static func ingest(
        _ inputs: [UsageInput],
        for tenant: TenantID,
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [IngestOutcome] {
        let events = inputs.compactMap(\.event).map { (tenant: tenant, event: $0) }
        return UsageInput.merge(inputs, try await ingest(events, recordedAt: recordedAt, in: transaction))
    }

    /// Takes an event back: it stays, and counts no more.
    ///
    /// Taking it back again is no work.
    ///
    /// Runs in the scopes `.tenant` and `.system`.
    ///
    /// - Returns: the event as it stands.
    /// - Throws: `MeteringError.eventNotFound` if the tenant has no event with the id.
    @discardableResult
    package static func void(
        _ eventID: String,
        of tenant: TenantID,
        reason: String = "",
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> StoredEvent {
        let length = reason.unicodeScalars.count
        guard length <= 500, !reason.utf8.contains(0) else {
            throw Problem.invalid("reason", "has \(length) characters; at most 500 are allowed, and none is U+0000")
        }
        guard let stored = try await UsageQueries.find(eventID, of: tenant, in: transaction) else {
            throw MeteringError.eventNotFound(eventID)
        }
        let isNew = try await transaction.execute(
            """
            INSERT INTO app.usage_voids (tenant_id, event_id, at, recorded_at, reason, author)
            VALUES (\(tenant), \(eventID), \(stamp.at), \(stamp.recordedAt), \(reason), \(stamp.author))
            ON CONFLICT (tenant_id, event_id) DO NOTHING
            """
        )
        if isNew == 1 {
            try await subtract(stored.event, of: tenant, in: transaction)
            try await Activity.record(
                "usage.voided",
                object: eventID,
                tenant: tenant,
                details: ["event": stored.event.json, "reason": .string(reason)],
                by: stamp,
                in: transaction
            )
        }
        return try await UsageQueries.find(eventID, of: tenant, in: transaction) ?? stored
    }

    /// Takes an event out of its rollup: subtracts, or where it may have been the least or greatest adds up anew.
    ///
    /// The lock comes in a statement of its own: the next one then sees all events whose transactions the rollup has.
    private static func subtract(
        _ event: UsageEvent,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws {
        let rollup = RollupKey(event, of: tenant)
        let bounds: [Decimal12?]? = try await transaction.first(RollupQueries.lock(rollup)) { row in
            [try row.next(), try row.next()]
        }
        guard let bounds, let least = bounds[0], let greatest = bounds[1] else {
            throw MeteringError.rollupMissing(event.id)
        }
        let isInside = least < event.value && event.value < greatest
        try await transaction.execute(
            isInside ? RollupQueries.subtract(event.value, from: rollup) : RollupQueries.addUp(rollup)
        )
    }

    private static func meters(
        of events: [(tenant: TenantID, event: UsageEvent)],
        in transaction: borrowing Transaction
    ) async throws -> MeterNames {
        var seen: Set<[UInt8]> = []
        let codes = events.map(\.event.meter).filter { seen.insert(Array($0.utf8)).inserted }
        let known: [String] = try await transaction.query(UsageIngestQueries.knownMeters(codes)) { row in
            try row.next()
        }
        guard known.count < codes.count else { return MeterNames(known: known) }
        let all = try await MeterQueries.codes(in: transaction)
        let names = MeterNames(known: known)
        return MeterNames(known: known, unknown: codes.filter { !names.contains($0) }, all: all)
    }
}
