package import Postgres
package import Values

/// Storing events of usage, amending them and taking them back.
package enum MeteringOperations {
    /// Stores events of any tenants; answers for each, in the order they came.
    ///
    /// Runs in the scopes `.ingest`, `.tenant` (its own events only) and `.system`. An event is stored once for good:
    /// one that comes again, as it was first or as it was amended, is a duplicate; one with the same id and other
    /// content a conflict. One whose meter is not known is rejected and kept until there is such a meter. The answers
    /// hold once the transaction has committed.
    ///
    /// - Throws: `MeteringError.batchTooLarge` beyond `UsageLimits.batch` events.
    package static func ingest(
        _ events: [(tenant: TenantID, event: UsageEvent)],
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [IngestOutcome] {
        guard !events.isEmpty else { return [] }
        guard events.count <= UsageLimits.batch else { throw MeteringError.batchTooLarge(events.count) }
        let refused = try await UsageRestoreOperations.refused(events, recordedAt: recordedAt, in: transaction)
        guard refused.isEmpty else {
            let rest = events.indices.filter { refused[$0] == nil }
            var answered = try await store(rest.map { events[$0] }, recordedAt: recordedAt, in: transaction)[...]
            return events.indices.compactMap { refused[$0] ?? answered.popFirst() }
        }
        return try await store(events, recordedAt: recordedAt, in: transaction)
    }

    /// Stores events none of which is of an archived month and new.
    private static func store(
        _ events: [(tenant: TenantID, event: UsageEvent)],
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [IngestOutcome] {
        guard !events.isEmpty else { return [] }
        let batch = UsageBatch(events, meters: try await meters(of: events, in: transaction))
        let kept = try await UsageKeptOperations.keep(batch.unknown, recordedAt: recordedAt, in: transaction)
        guard !batch.written.isEmpty else { return batch.outcomes(kept: kept) }
        let stored = try await UsageStorageOperations.store(batch, recordedAt: recordedAt, in: transaction)
        try await add(stored.fresh, to: stored.views, in: transaction)
        let amended = try await amended(stored.hashes, of: batch, in: transaction)
        return batch.outcomes(stored: stored.hashes, amended: amended, kept: kept)
    }

    /// Adds the events that were stored to the rollups of the meters that count them beside the ones that they name.
    private static func add(
        _ fresh: [UsageBatch.Entry],
        to views: [MeterView],
        in transaction: borrowing Transaction
    ) async throws {
        guard !views.isEmpty else { return }
        let counted = views.flatMap { view in
            fresh.filter { view.counts($0.event) }.map { (view: view, entry: $0) }
        }
        guard !counted.isEmpty else { return }
        let codes = views.map(\.code).filter { code in counted.contains { $0.view.code == code } }
        try await transaction.execute(MeterViewQueries.share(codes))
        try await transaction.execute(MeterViewQueries.add(counted))
    }

    /// The entries, by position, that say what is stored under their ids since it was amended.
    private static func amended(
        _ hashes: [Int: [UInt8]],
        of batch: UsageBatch,
        in transaction: borrowing Transaction
    ) async throws -> Set<Int> {
        let differing = batch.differing(stored: hashes)
        guard !differing.isEmpty else { return [] }
        let amended: [Int] = try await transaction.query(UsageCorrectionQueries.amended(differing)) { row in
            try row.next()
        }
        return Set(amended.map { differing[$0 - 1].position })
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

    private static func meters(
        of events: [(tenant: TenantID, event: UsageEvent)],
        in transaction: borrowing Transaction
    ) async throws -> MeterNames {
        var seen: Set<[UInt8]> = []
        let codes = events.map(\.event.meter).filter { seen.insert(Array($0.utf8)).inserted }
        let sources = try await MeterQueries.sources(of: codes, in: transaction)
        let known = sources.filter { $0 == $1 }.keys.sorted()
        guard known.count < codes.count else { return MeterNames(known: known) }
        let views = sources.filter { $0 != $1 }
        let names = MeterNames(known: known, views: views)
        let unknown = codes.filter { names.isUnknown($0) }
        guard !unknown.isEmpty else { return names }
        let all = try await MeterQueries.codes(in: transaction)
        return MeterNames(known: known, unknown: unknown, all: all, views: views)
    }
}
