package import Postgres
package import Values

/// Events whose meter is not known: kept until there is such a meter.
package enum UsageKeptOperations {
    /// So many of a tenant wait at most; what comes beyond is refused and not kept.
    package static let limit = 100_000
    /// So many are stored by a transaction.
    static let batch = 1_000

    /// Keeps events; returns the positions of those that are kept, also from before.
    static func keep(
        _ entries: [UsageBatch.Entry],
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Set<Int> {
        guard !entries.isEmpty else { return [] }
        let waiting: [(TenantID, Int)] = try await transaction.query(
            UsageKeptQueries.waiting(Set(entries.map(\.tenant)).sorted(), upTo: limit)
        ) { row in (try row.next(), try row.next()) }
        var room = Dictionary(uniqueKeysWithValues: waiting.map { ($0, limit - $1) })
        let admitted = entries.filter { entry in
            let left = room[entry.tenant] ?? 0
            room[entry.tenant] = left - 1
            return left > 0
        }
        if !admitted.isEmpty {
            try await transaction.execute(UsageKeptQueries.insert(admitted, recordedAt: recordedAt))
        }
        let kept: [Int] = try await transaction.query(UsageKeptQueries.kept(entries)) { row in try row.next() }
        return Set(kept.map { entries[$0 - 1].position })
    }

    /// What became of kept events that were stored.
    package struct Replay: Hashable, Sendable {
        /// How many of each outcome.
        package private(set) var counts: [IngestOutcome.Kind: Int] = [:]
        /// Whether there may be more.
        package var hasMore = false

        /// Begins with none.
        package init() {}

        /// How many there were.
        package var total: Int { counts.values.reduce(0, +) }

        /// Counts one.
        package mutating func add(_ kind: IngestOutcome.Kind, _ count: Int = 1) { counts[kind, default: 0] += count }

        /// Adds what another batch came to.
        package mutating func add(_ other: Replay) {
            for (kind, count) in other.counts { add(kind, count) }
            hasMore = other.hasMore
        }
    }

    /// Stores one batch of kept events, of one tenant, whose meters are there by now; called until there are no more.
    ///
    /// They are stored as if they were sent again: each id once for good. Runs in the scope `.system`.
    ///
    /// `meter`: only its events; nil is all.
    package static func replay(
        meter: String? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Replay {
        var replay = Replay()
        let tenant: TenantID? = try await transaction.first(UsageKeptQueries.tenant(meter)) { row in try row.next() }
        guard let tenant else { return replay }
        let kept = try await transaction.query(
            UsageKeptQueries.next(of: tenant, meter: meter, limit: batch),
            UsageKeptQueries.event
        )
        // Another replay holds the rest.
        guard !kept.isEmpty else { return replay }
        let outcomes = try await MeteringOperations.ingest(
            kept.map { (tenant: tenant, event: $0.event) },
            recordedAt: stamp.recordedAt,
            in: transaction
        )
        // Without its meter an event would wait on; meters are never taken away.
        let ended = zip(kept, outcomes).filter { $1.isKept == nil }
        for (_, outcome) in ended { replay.add(outcome.kind) }
        try await transaction.execute(
            UsageKeptQueries.end(ended.map { ($0.event.id, $0.hash, $1.kind) }, of: tenant, at: stamp.recordedAt)
        )
        replay.hasMore = !ended.isEmpty
        return replay
    }

    /// How many wait, by meter, in the order of codes.
    ///
    /// `meter`: only its events; nil is all.
    package static func waiting(
        meter: String? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [(meter: String, events: Int, tenants: Int)] {
        try await transaction.query(UsageKeptQueries.waitingByMeter(meter)) { row in
            (try row.next(), try row.next(), try row.next())
        }
    }
}
