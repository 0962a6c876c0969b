import Synchronization

/// Starting when needed, and making room.
extension EnginePool {
    /// Makes the pool known to the memory it shares.
    func share() {
        guard let memory = configuration.memory else { return }
        memory.register(
            configuration.options.model,
            EngineMemory.Tenant(bytes: configuration.bytes) { [weak self] in self?.rest() ?? true }
        )
    }

    /// Lets the engines start before anybody asks for them, if there is room.
    package func prepare() {
        guard (try? claim()) != nil else { return }
        core.withLock { core in
            core.claims -= 1
            wake(&core)
        }
    }

    /// Asks for room, and keeps it until `claims` is counted down.
    ///
    /// - Throws: `InferenceError.noEngine` if there is none at the moment.
    func claim() throws(InferenceError) {
        core.withLock { $0.claims += 1 }
        do {
            try configuration.memory?.use(configuration.options.model)
        } catch {
            core.withLock { $0.claims -= 1 }
            throw error
        }
    }

    /// Lets the engines start.
    func wake(_ core: inout Core) {
        guard !core.isAwake else { return }
        core.isAwake = true
        change.yield()
    }

    /// Ends the engines, unless there is anything to do.
    private func rest() -> Bool {
        core.withLock { core in
            guard core.claims == 0, core.machine.isIdle else { return false }
            core.isAwake = false
            change.yield()
            return true
        }
    }

    /// Waits until engines are wanted, or not any more; false if all ends before.
    func isWanted(_ isWanted: Bool) async -> Bool {
        if core.withLock({ $0.isAwake }) == isWanted, !Task.isCancelled { return true }
        for await _ in changes where core.withLock({ $0.isAwake }) == isWanted { return true }
        return false
    }
}
