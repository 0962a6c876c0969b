import Postgres
import Values

/// How a batch comes into the tables: keys first and in order, then the events whose keys are new, and their rollups
/// last and in order, so that writers of the same rows wait for each other and do not deadlock.
enum UsageStorageOperations {
    /// What became of a batch in the tables.
    struct Stored {
        /// The entries that were new and are stored now.
        let fresh: [UsageBatch.Entry]
        /// The hashes of what was stored before under the ids of the others, by their index in `written`.
        let hashes: [Int: [UInt8]]
        /// The meters that count the events beside those that they name, asked after the events were written.
        let views: [MeterView]
    }

    /// Stores what is new of a batch that has something to write.
    static func store(
        _ batch: UsageBatch,
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Stored {
        let written = batch.written
        let keys = try await transaction.results([
            UsageIngestQueries.ensurePartitions(batch.months),
            UsageIngestQueries.insertKeys(written, recordedAt: recordedAt),
        ])
        // SQL counts from 1.
        let known: [Int] = try Transaction.decode(keys[1]) { row in
            let position: Int = try row.next()
            return position - 1
        }
        let isKnown = Set(known)
        let fresh = known.isEmpty ? written : written.indices.filter { !isKnown.contains($0) }.map { written[$0] }
        guard !fresh.isEmpty else {
            let hashes = try await transaction.results([UsageIngestQueries.hashes(written)])
            return Stored(fresh: [], hashes: try Self.hashes(hashes[0], known), views: [])
        }
        let results = try await transaction.results([
            UsageIngestQueries.insertEvents(fresh, recordedAt: recordedAt),
            UsageIngestQueries.addRollups(UsageSum.sums(fresh)),
            MeterViewQueries.views(of: batch.meters),
            UsageIngestQueries.hashes(known.map { written[$0] }),
        ])
        let stored: [Int] = try Transaction.decode(results[0]) { row in try row.next() }
        guard stored == [fresh.count] else { throw MeteringError.keyMissing }
        return Stored(
            fresh: fresh,
            hashes: try Self.hashes(results[3], known),
            views: try Transaction.decode(results[2], MeterViewQueries.view)
        )
    }

    private static func hashes(_ set: ResultSet, _ known: [Int]) throws -> [Int: [UInt8]] {
        let hashes: [(Int, [UInt8])] = try Transaction.decode(set) { row in
            let position: Int = try row.next()
            return (known[position - 1], try row.bytes())
        }
        guard hashes.count == known.count else { throw MeteringError.keyMissing }
        return Dictionary(uniqueKeysWithValues: hashes)
    }
}
