import Inference

/// Continuous batching: every step computes one token of each generation that writes and one chunk of a prompt that
/// waits.
///
/// Owned by one thread. Its steps are in another file.
///
/// Prompt chunks are calls of their own, one sequence each. So a prompt's cache does not depend on what else runs, and
/// a cancelled prompt can be stopped in the middle of a call without touching anybody else.
struct EngineLoop {
    let model: LlamaModel
    let context: LlamaContext
    let inbox: EngineInbox
    let clock: EngineClock
    let report: (EngineReport) -> Void
    let publish: (EngineStatistics) -> Void

    var sequences: [EngineSequence]
    var counters = FairCounters<String>()
    var statistics = EngineStatistics()
    var cpuNanoseconds: UInt64 = 0
    var arrivals = 0
    var rates = StepRates()
    /// The tenant whose work came first in the last step.
    private var favoured: String?

    init(
        model: LlamaModel,
        context: LlamaContext,
        options: EngineOptions,
        inbox: EngineInbox,
        report: @escaping (EngineReport) -> Void,
        publish: @escaping (EngineStatistics) -> Void
    ) {
        self.model = model
        self.context = context
        self.inbox = inbox
        self.report = report
        self.publish = publish
        clock = EngineClock(threads: options.threads)
        sequences = (0..<options.allSequences).map { EngineSequence(index: $0) }
    }

    /// Works for ever; sleeps while there is nothing to do.
    mutating func run() -> Never {
        while true {
            let isIdle = sequences.allSatisfy { $0.active == nil }
            if isIdle != !statistics.isBusy {
                statistics.isBusy = !isIdle
                publish(statistics)
            }
            for item in inbox.take(waiting: isIdle) {
                switch item {
                case .generate(let generation): begin(generation)
                // Whoever reads prompts lets none of these through to a model that writes text.
                case .embed: break
                case .cancel(let id): cancel(id)
                }
            }
            let plan = StepPlan(candidates, rates: rates, last: favoured)
            favoured = plan.favoured
            write(plan.writing)
            if let sequence = plan.reading { read(sequence) }
        }
    }

    /// What there is to do.
    private var candidates: [StepPlan.Candidate] {
        sequences.compactMap { sequence in
            guard let active = sequence.active, active.next != nil || active.isReading else { return nil }
            return StepPlan.Candidate(
                sequence: sequence.index,
                tenant: active.request.tenant,
                counter: counters[active.request.tenant],
                reading: active.next == nil ? active.tokensToRead : nil,
                order: active.order,
                lastStep: active.lastStep
            )
        }
    }

    // MARK: - Beginnings and ends

    mutating func begin(_ generation: PreparedGeneration) {
        let idle = sequences.filter { $0.active == nil }
        let choice = idle.min { left, right in
            let leftReuse = left.reusable(for: generation)
            let rightReuse = right.reusable(for: generation)
            guard leftReuse == rightReuse else { return leftReuse > rightReuse }
            return (left.lastUse, left.index) < (right.lastUse, right.index)
        }
        guard let choice else {
            let trouble = EngineTrouble(.busy, "all \(sequences.count) sequences are in use")
            return report(.failed(id: generation.id, trouble: trouble))
        }
        do throws(LlamaError) {
            let cached = try keep(choice.reusable(for: generation), of: choice.index)
            let seed = generation.sampling.seed ?? UInt32.random(in: 0..<UInt32.max)
            try context.setSampler(of: choice.index, generation.sampling, seed: seed)
            welcome(generation.tenant)
            arrivals += 1
            sequences[choice.index].active = ActiveGeneration(generation, order: arrivals, cached: cached)
        } catch {
            report(.failed(id: generation.id, trouble: EngineTrouble(.fault, error.description)))
        }
    }

    /// A tenant that comes back gets no lead for its pause; tenants long gone are forgotten.
    mutating func welcome(_ tenant: String) {
        let present = Set(sequences.compactMap { $0.active?.request.tenant })
        let floor = present.map { counters[$0] }.min() ?? counters[tenant]
        if !present.contains(tenant) {
            counters.lift(tenant, to: floor)
        }
        if counters.count > 1024 {
            counters.forget(upTo: floor, keeping: present.union([tenant]))
        }
    }

    /// Makes a sequence forget all but `count` tokens and returns how many it still holds: none, if its model cannot
    /// forget a part.
    private func keep(_ count: Int, of sequence: Int) throws(LlamaError) -> Int {
        if count > 0, (try? context.forget(sequence, from: count)) != nil {
            return count
        }
        try context.forget(sequence)
        return 0
    }

    mutating func cancel(_ id: Int) {
        guard let sequence = sequences.first(where: { $0.active?.request.id == id }) else { return }
        end(sequence.index, .cancelled)
    }

    /// Sends what is left of the text and the account, and frees the sequence.
    mutating func end(_ sequence: Int, _ reason: FinishReason) {
        guard var active = sequences[sequence].active else { return }
        let rest = reason == .cancelled ? "" : active.assembler.finish()
        if !rest.isEmpty || active.unsent > 0 {
            report(.piece(id: active.request.id, text: rest, tokens: active.unsent, logprobs: active.unsentLogprobs))
        }
        report(.done(id: active.request.id, reason: reason, usage: active.usage))
        free(sequence, active)
    }

    mutating func fail(_ sequence: Int, _ reason: String) {
        guard let id = sequences[sequence].active?.request.id else { return }
        report(.failed(id: id, trouble: EngineTrouble(.fault, reason)))
        // What the cache holds after a failed call is not known.
        try? context.forget(sequence)
        sequences[sequence].active = nil
        sequences[sequence].keep([], of: "", use: arrivals)
    }

    mutating func free(_ sequence: Int, _ active: ActiveGeneration) {
        let whole = min(active.computed, active.request.prompt.count) / EngineSequence.chunk * EngineSequence.chunk
        let held = (try? keep(whole, of: sequence)) ?? 0
        sequences[sequence].active = nil
        sequences[sequence].keep(active.request.prompt[..<held], of: active.request.tenant, use: arrivals)
        statistics.promptTokens += active.usage.promptTokens
        statistics.cachedTokens += active.usage.cachedTokens
        publish(statistics)
    }
}
