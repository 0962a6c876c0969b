import Values

/// Which generation runs where and what waits.
///
/// Pure: it returns what is to be done, and the pool does it.
///
/// Invariants: a generation is in the queue, on one worker, or forgotten; a worker never gets more generations than it
/// has sequences; after `finish` nothing about a generation is delivered.
struct EnginePoolMachine: Sendable {
    enum Action: Sendable {
        case send(worker: Int, EngineCommand)
        case deliver(Int, GenerationEvent)
        case finish(Int, InferenceError?)
        case answer(Int, Result<EngineAnswer, InferenceError>)
    }

    struct Worker: Sendable {
        var description: EngineDescription?
        var statistics = EngineStatistics()
        var running: Set<Int> = []
        var questions: Set<Int> = []
        /// Why its last process ended; nil once one is ready.
        var failure: String?
        /// What the running process said was wrong with it.
        var complaint: String?
        /// Processes in a row that ended before they were ready.
        var failedStarts = 0

        /// The prompts that its sequences have had last, the latest last.
        var prefixes: [PrefixFingerprint] = []

        var freeSequences: Int { (description?.sequences ?? 0) - running.count }
        /// The same with those kept for tenants that have nothing under way.
        var freeReserve: Int { freeSequences + (description?.reserve ?? 0) }

        /// Blocks of a prompt that one of its sequences may still hold.
        func shared(_ prefix: PrefixFingerprint) -> Int { prefixes.reduce(0) { max($0, $1.common(with: prefix)) } }

        /// Notes a prompt that a sequence gets.
        mutating func take(_ prefix: PrefixFingerprint) {
            guard !prefix.isEmpty else { return }
            prefixes.append(prefix)
            if prefixes.count > (description?.sequences ?? 0) + (description?.reserve ?? 0) { prefixes.removeFirst() }
        }
    }

    struct Held: Sendable {
        let request: GenerationRequest
        let prefix: PrefixFingerprint
        var worker: Int?
        /// What fairness has charged for the prompt so far.
        var chargedPrompt: Int
        var dispatchedAt: Duration = .zero
    }

    static let maximumPromptBytes = 4 << 20
    private static let hopelessStarts = 3

    let queueLimit: Int
    var workers: [Worker]
    var held: [Int: Held] = [:]
    var queue = FairQueue<TenantID, Int>()
    var questions: [Int: EngineQuestion] = [:]
    var unasked: Set<Int> = []
    var isStopping = false
    /// Seconds a generation takes on average, the last ones weighing most.
    var serviceSeconds = 1.0

    init(workers: Int, queueLimit: Int) {
        self.workers = Array(repeating: Worker(), count: workers)
        self.queueLimit = queueLimit
    }

    // MARK: - What callers want

    /// Takes a generation under the number `id`.
    mutating func submit(
        _ request: GenerationRequest,
        id: Int,
        now: Duration
    ) throws(InferenceError) -> [Action] {
        try admit(request)
        let expected = request.expectedPromptTokens ?? request.prompt.byteCount / 4
        held[id] = Held(
            request: request,
            prefix: PrefixFingerprint(request.prompt, of: request.tenant),
            chargedPrompt: expected
        )
        queue.push(
            id,
            client: request.tenant,
            lane: request.lane,
            weight: request.weight,
            promptTokens: expected
        )
        return dispatch(now: now)
    }

    /// Cancels a generation: one that waits ends at once, one that runs when its engine says what it used.
    mutating func cancel(_ id: Int) -> [Action] {
        guard let entry = held[id] else { return [] }
        if let worker = entry.worker {
            return [.send(worker: worker, .cancel(id: id))]
        }
        held[id] = nil
        _ = queue.remove(client: entry.request.tenant) { $0 == id }
        return [.deliver(id, .finished(.cancelled, .none)), .finish(id, nil)]
    }

    /// Puts a question to the engine with the least to do, or keeps it until one is ready.
    mutating func ask(_ question: EngineQuestion, id: Int) -> [Action] {
        guard !isStopping else { return [.answer(id, .failure(.stopping))] }
        guard !isBroken else { return [.answer(id, .failure(.noEngine(reason: brokenReason)))] }
        questions[id] = question
        unasked.insert(id)
        return putQuestions()
    }

    /// Forgets a question.
    mutating func withdraw(_ id: Int) {
        questions[id] = nil
        unasked.remove(id)
        for index in workers.indices {
            workers[index].questions.remove(id)
        }
    }

    /// Refuses and ends everything.
    mutating func stop() -> [Action] {
        isStopping = true
        return refuseAll(.stopping)
    }

    /// Whether nothing runs, waits or is asked.
    var isIdle: Bool { held.isEmpty && questions.isEmpty }

    /// The engines have been ended since nobody wanted them: their end says nothing about the next ones.
    mutating func rested() {
        workers = workers.map { _ in Worker() }
    }

    private mutating func refuseAll(_ error: InferenceError) -> [Action] {
        _ = queue.removeAll()
        let actions: [Action] =
            held.keys.sorted().map { .finish($0, error) }
            + questions.keys.sorted().map { .answer($0, .failure(error)) }
        held = [:]
        questions = [:]
        unasked = []
        return actions
    }

    // MARK: - What engines say

    /// Takes a report of a worker's engine.
    mutating func received(_ report: EngineReport, from worker: Int, now: Duration) -> [Action] {
        switch report {
        case .hello(let description):
            workers[worker].description = description
            workers[worker].failure = nil
            workers[worker].failedStarts = 0
            return putQuestions() + dispatch(now: now)
        case .pong(_, let statistics):
            workers[worker].statistics = statistics
            return []
        case .tokenized(let id, let tokens):
            guard questions[id] != nil else { return [] }
            withdraw(id)
            return [.answer(id, .success(.tokens(tokens)))]
        case .started(let id, let promptTokens, let cachedTokens):
            guard var entry = held[id] else { return [] }
            let computed = promptTokens - cachedTokens
            charge(entry.request, cost: (computed - entry.chargedPrompt) * FairCost.promptToken)
            entry.chargedPrompt = computed
            held[id] = entry
            return [.deliver(id, .started(promptTokens: promptTokens, cachedTokens: cachedTokens))]
        case .piece(let id, let text, let tokens, let logprobs):
            guard let entry = held[id] else { return [] }
            charge(entry.request, cost: tokens * FairCost.generatedToken)
            return [.deliver(id, .piece(text: text, tokens: tokens, logprobs: logprobs))]
        case .vectors(let id, let vectors):
            return held[id] == nil ? [] : [.deliver(id, .vectors(vectors))]
        case .scores(let id, let scores):
            return held[id] == nil ? [] : [.deliver(id, .scores(scores))]
        case .done(let id, let reason, let usage):
            return release(id, now: now) { [.deliver(id, .finished(reason, usage)), .finish(id, nil)] }
        case .failed(let id?, let trouble):
            if questions[id] != nil {
                withdraw(id)
                return [.answer(id, .failure(trouble.inferenceError))]
            }
            return release(id, now: now) { [.finish(id, trouble.inferenceError)] }
        case .failed(nil, let trouble):
            workers[worker].complaint = trouble.message
            return []
        }
    }

    /// A worker's process has ended: what ran on it failed, what waited goes on waiting.
    mutating func lost(_ worker: Int, reason: String) -> [Action] {
        let running = workers[worker].running.sorted()
        unasked.formUnion(workers[worker].questions)
        let failedStarts = workers[worker].description == nil ? workers[worker].failedStarts + 1 : 0
        workers[worker] = Worker(failure: workers[worker].complaint ?? reason, failedStarts: failedStarts)
        for id in running {
            held[id] = nil
        }
        let lost: [Action] = running.map { .finish($0, .engineLost) }
        return lost + (isBroken ? refuseAll(.noEngine(reason: brokenReason)) : putQuestions())
    }

    /// Whether no engine comes up, so that waiting for one is in vain.
    ///
    /// Starting goes on, with pauses.
    var isBroken: Bool {
        workers.allSatisfy { $0.failedStarts >= Self.hopelessStarts }
    }

    var brokenReason: String {
        workers.lazy.compactMap(\.failure).first ?? "no engine is configured"
    }

    // MARK: - Deciding

    private mutating func release(_ id: Int, now: Duration, _ actions: () -> [Action]) -> [Action] {
        guard let entry = held.removeValue(forKey: id), let worker = entry.worker else { return [] }
        workers[worker].running.remove(id)
        serviceSeconds += (((now - entry.dispatchedAt) / .seconds(1)) - serviceSeconds) / 16
        return actions() + dispatch(now: now)
    }
}
