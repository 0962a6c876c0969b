package import Postgres
import Synchronization
package import Values

/// Plan versions that were read before: they never change, so a run over many subscriptions reads each once.
///
/// What can change beside a version, such as that its plan is archived, is as it was when it was read.
package final class PlanVersionCache: Sendable {
    /// Beyond so many it forgets all of them.
    private static let limit = 5_000

    private let known = Mutex<[PlanVersionID: PlanVersion]>([:])

    /// Knows none yet.
    package init() {}

    /// Versions by their ids; those that are not there are left out.
    package func versions(
        _ ids: Set<PlanVersionID>,
        in transaction: borrowing Transaction
    ) async throws -> [PlanVersionID: PlanVersion] {
        var found: [PlanVersionID: PlanVersion] = [:]
        known.withLock { known in
            for id in ids { found[id] = known[id] }
        }
        let missing = ids.subtracting(found.keys)
        guard !missing.isEmpty else { return found }
        let read = try await PlanQueries.versions(missing.sorted(), in: transaction)
        for version in read { found[version.id] = version }
        known.withLock { known in
            if known.count + read.count > PlanVersionCache.limit { known = [:] }
            for version in read { known[version.id] = version }
        }
        return found
    }
}
