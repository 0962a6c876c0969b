import Values

/// What is taken in, and what goes where.
extension EnginePoolMachine {
    func admit(_ request: GenerationRequest) throws(InferenceError) {
        guard !isStopping else { throw .stopping }
        do {
            try request.check()
        } catch {
            throw .invalid(error)
        }
        let bytes = request.prompt.byteCount
        guard bytes <= Self.maximumPromptBytes else {
            let field =
                switch request.prompt {
                case .messages, .scores(_, .messages): "messages"
                case .embeddings: "input"
                case .text, .tokens, .scores: "prompt"
                }
            let message = "\(field) has \(bytes) bytes; at most \(Self.maximumPromptBytes) can be read"
            throw .invalid(Problem.invalid(field, message))
        }
        try workers.lazy.compactMap(\.description).first?.check(request.prompt)
        if isBroken {
            throw .noEngine(reason: brokenReason)
        }
        let mustWait = !queue.isEmpty || workers.allSatisfy { $0.freeSequences <= 0 }
        guard mustWait else { return }
        if let limit = request.queueLimit, queue.count(of: request.tenant) >= limit {
            throw .queueFull(ofTenant: true, retryAfterSeconds: retryAfterSeconds)
        }
        guard queue.count < queueLimit else {
            throw .queueFull(ofTenant: false, retryAfterSeconds: retryAfterSeconds)
        }
    }

    /// Gives waiting generations to free sequences, those of the freest worker first.
    mutating func dispatch(now: Duration) -> [Action] {
        var actions: [Action] = []
        while let entry = nextEntry() {
            guard var generation = held[entry.item], let worker = worker(for: generation.prefix) else { continue }
            generation.worker = worker
            generation.dispatchedAt = now
            held[entry.item] = generation
            workers[worker].running.insert(entry.item)
            workers[worker].take(generation.prefix)
            actions.append(.send(worker: worker, .generate(EngineGeneration(generation.request, id: entry.item))))
        }
        if queue.counterCount > 1024 {
            queue.prune(busy: Set(held.values.map(\.request.tenant)))
        }
        return actions
    }

    /// What gets a sequence now: whatever is next while there is one for everybody, then only what belongs to tenants
    /// that have nothing under way, as long as one is kept for them.
    private mutating func nextEntry() -> FairQueue<TenantID, Int>.Entry? {
        if workers.contains(where: { $0.freeSequences > 0 }) { return queue.pop() }
        guard !queue.isEmpty, workers.contains(where: { $0.freeReserve > 0 }) else { return nil }
        let busy = Set(workers.flatMap(\.running).compactMap { held[$0]?.request.tenant })
        return queue.pop { !busy.contains($0) }
    }

    /// Of the workers with a free sequence that which may hold most of a prompt's beginning, then the freest; sequences
    /// that are kept for some are taken only when there are no others.
    private func worker(for prefix: PrefixFingerprint) -> Int? {
        let free = workers.indices.filter { workers[$0].freeSequences > 0 }
        let open = free.isEmpty ? workers.indices.filter { workers[$0].freeReserve > 0 } : free
        return open.max { left, right in
            (workers[left].shared(prefix), workers[left].freeSequences)
                < (workers[right].shared(prefix), workers[right].freeSequences)
        }
    }

    mutating func putQuestions() -> [Action] {
        let ready = workers.indices.filter { workers[$0].description != nil }
        guard let worker = ready.min(by: { workers[$0].questions.count < workers[$1].questions.count }),
            let description = workers[worker].description
        else { return [] }
        var actions: [Action] = []
        for id in unasked.sorted() {
            switch questions[id] {
            case .tokens(let prompt):
                workers[worker].questions.insert(id)
                actions.append(.send(worker: worker, .tokenize(id: id, prompt: prompt)))
            case .description:
                questions[id] = nil
                actions.append(.answer(id, .success(.description(description))))
            case nil: break
            }
        }
        unasked = []
        return actions
    }

    mutating func charge(_ request: GenerationRequest, cost: Int) {
        queue.charge(request.tenant, cost: cost, weight: request.weight)
    }

    /// When the queue will have moved, by the measured service rate.
    var retryAfterSeconds: Int {
        let sequences = max(workers.reduce(0) { $0 + ($1.description?.sequences ?? 0) }, 1)
        let seconds = Double(queue.count + 1) * serviceSeconds / Double(sequences)
        return min(max(Int(seconds.rounded(.up)), 1), 120)
    }

    /// What there is to see from outside.
    var status: EnginePoolStatus {
        EnginePoolStatus(
            workers: workers.map { worker in
                EnginePoolStatus.Worker(
                    description: worker.description,
                    statistics: worker.statistics,
                    running: worker.running.count,
                    failure: worker.failure
                )
            },
            waiting: queue.count
        )
    }
}
