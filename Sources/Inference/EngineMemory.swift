import Synchronization

/// The memory that all pools of a node share: a pool asks before it is used, and those with nothing to do make room.
package final class EngineMemory: Sendable {
    /// A pool, as far as its memory goes.
    struct Tenant: Sendable {
        let bytes: Int
        /// Ends its engines if it has nothing to do, and says whether it did so.
        let rest: @Sendable () -> Bool
    }

    private struct State: Sendable {
        var residency: ModelResidency
        var pools: [String: Tenant] = [:]
    }

    private let state: Mutex<State>

    /// `budget`: bytes that all engines of the node may take together.
    package init(budget: Int) {
        state = Mutex(State(residency: ModelResidency(budget: budget)))
    }

    /// Bytes that the engines in memory take.
    package var bytes: Int { state.withLock { $0.residency.bytes } }

    /// Makes a pool known.
    func register(_ name: String, _ tenant: Tenant) {
        state.withLock { $0.pools[name] = tenant }
    }

    /// Makes room for a pool that is to be used.
    ///
    /// - Throws: `InferenceError.noEngine` while the models in memory have work and leave too little room.
    func use(_ name: String) throws(InferenceError) {
        // Under the lock, so that of two pools that come together the second sees what the first has taken. One that
        // was put to rest in vain is counted on, and starts again when it is used.
        let hasRoom = state.withLock { state -> Bool in
            guard let pool = state.pools[name] else { return true }
            let pools = state.pools
            return state.residency.use(name, bytes: pool.bytes) { pools[$0]?.rest() ?? true } != nil
        }
        guard hasRoom else {
            throw .noEngine(reason: "there is too little memory for \(name) beside the models that work")
        }
    }
}
