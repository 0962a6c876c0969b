import Glibc
import Inference
import Synchronization

/// Continuous batching: every step computes one token of each generation that writes and one chunk of a prompt that
/// waits.
///
/// Owned by one thread.
///
/// Prompt chunks are calls of their own, one sequence each. So a prompt's cache does not depend on what else runs, and
/// a cancelled prompt can be stopped in the middle of a call without touching anybody else.
struct EngineLoop {
    private let model: LlamaModel
    private let context: LlamaContext
    private let inbox: EngineInbox
    private let clock: clockid_t
    private let report: (EngineReport) -> Void
    private let publish: (EngineStatistics) -> Void

    private var sequences: [EngineSequence]
    private var counters = FairCounters<String>()
    private var statistics = EngineStatistics()
    private var cpuNanoseconds: UInt64 = 0
    private var arrivals = 0

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
        // With one thread the work is all this thread's; with more, nearly all of the process's.
        clock = options.threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID
        sequences = (0..<options.sequences).map { EngineSequence(index: $0) }
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
                case .cancel(let id): cancel(id)
                }
            }
            write()
            readPrompt()
        }
    }

    // MARK: - Beginnings and ends

    private mutating func begin(_ generation: PreparedGeneration) {
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
    private mutating func welcome(_ tenant: String) {
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

    private mutating func cancel(_ id: Int) {
        guard let sequence = sequences.first(where: { $0.active?.request.id == id }) else { return }
        end(sequence.index, .cancelled)
    }

    /// Sends what is left of the text and the account, and frees the sequence.
    private mutating func end(_ sequence: Int, _ reason: FinishReason) {
        guard var active = sequences[sequence].active else { return }
        let rest = reason == .cancelled ? "" : active.assembler.finish()
        if !rest.isEmpty || active.unsent > 0 {
            report(.piece(id: active.request.id, text: rest, tokens: active.unsent))
        }
        report(.done(id: active.request.id, reason: reason, usage: active.usage))
        free(sequence, active)
    }

    private mutating func fail(_ sequence: Int, _ reason: String) {
        guard let id = sequences[sequence].active?.request.id else { return }
        report(.failed(id: id, trouble: EngineTrouble(.fault, reason)))
        // What the cache holds after a failed call is not known.
        try? context.forget(sequence)
        sequences[sequence].active = nil
        sequences[sequence].keep([], of: "", use: arrivals)
    }

    private mutating func free(_ sequence: Int, _ active: ActiveGeneration) {
        let whole = min(active.computed, active.request.prompt.count) / EngineSequence.chunk * EngineSequence.chunk
        let held = (try? keep(whole, of: sequence)) ?? 0
        sequences[sequence].active = nil
        sequences[sequence].keep(active.request.prompt[..<held], of: active.request.tenant, use: arrivals)
        statistics.promptTokens += active.usage.promptTokens
        statistics.cachedTokens += active.usage.cachedTokens
        publish(statistics)
    }

    // MARK: - Steps

    /// One token of every generation that writes.
    private mutating func write() {
        let writing = sequences.filter { $0.active?.next != nil }.map(\.index)
        guard !writing.isEmpty else { return }
        let begin = cpuTime
        do throws(LlamaError) {
            context.clear()
            var rows: [Int32] = []
            for sequence in writing {
                guard let active = sequences[sequence].active, let token = active.next else { continue }
                rows.append(try context.add(token, to: sequence, at: active.computed, sampled: true))
            }
            guard try context.process() == .computed else {
                for sequence in writing {
                    fail(sequence, "the cache has no room")
                }
                return
            }
            let context = context
            let picks = zip(writing, rows).map { sequence, row in
                Result { () throws(LlamaError) in try context.sample(sequence, row: row) }
            }
            // Before anything is sent: the account of a generation that ends here holds this step.
            charge(cpuTime - begin, to: writing)
            statistics.steps += 1
            publish(statistics)
            for (sequence, pick) in zip(writing, picks) {
                sequences[sequence].active?.computed += 1
                take(pick, for: sequence)
            }
        } catch {
            for sequence in writing {
                fail(sequence, error.description)
            }
        }
    }

    /// One chunk of the prompt whose tenant has had least.
    private mutating func readPrompt() {
        let waiting = sequences.compactMap { sequence in
            sequence.active.flatMap { $0.isReadingPrompt ? (sequence: sequence.index, active: $0) : nil }
        }
        let next = waiting.min { left, right in
            let leftCounter = counters[left.active.request.tenant]
            let rightCounter = counters[right.active.request.tenant]
            return (leftCounter, left.active.order) < (rightCounter, right.active.order)
        }
        guard let (sequence, active) = next else { return }
        let request = active.request
        let chunk = active.chunk
        let begin = cpuTime
        do throws(LlamaError) {
            context.clear()
            var last: Int32 = 0
            for position in chunk {
                let isLast = position == request.prompt.count - 1
                last = try context.add(request.prompt[position], to: sequence, at: position, sampled: isLast)
            }
            let context = context
            let outcome = try inbox.interruptible(request.id, in: context) { () throws(LlamaError) in
                try context.process()
            }
            charge(cpuTime - begin, to: [sequence])
            switch outcome {
            case .aborted: return
            case .noRoom: return fail(sequence, "the cache has no room")
            case .computed: break
            }
            counters.charge(request.tenant, cost: chunk.count * FairCost.promptToken, weight: request.weight)
            sequences[sequence].active?.computed = chunk.upperBound
            if !active.isStarted {
                sequences[sequence].active?.isStarted = true
                report(.started(id: request.id, promptTokens: request.prompt.count, cachedTokens: active.cached))
            }
            statistics.steps += 1
            publish(statistics)
            if chunk.upperBound == request.prompt.count {
                let begin = cpuTime
                let pick = Result { () throws(LlamaError) in try context.sample(sequence, row: last) }
                charge(cpuTime - begin, to: [sequence])
                take(pick, for: sequence)
            }
        } catch {
            fail(sequence, error.description)
        }
    }

    /// Takes the token picked for a sequence: sends text that is certain, ends what is finished.
    private mutating func take(_ pick: Result<Token, LlamaError>, for sequence: Int) {
        let token: Token
        switch pick {
        case .success(let picked): token = picked
        case .failure(let error): return fail(sequence, error.description)
        }
        guard !model.endsGeneration(token) else { return end(sequence, .stop) }
        guard var active = sequences[sequence].active else { return }
        let request = active.request
        active.generated += 1
        active.unsent += 1
        statistics.completionTokens += 1
        counters.charge(request.tenant, cost: FairCost.generatedToken, weight: request.weight)
        let text = active.assembler.append(model.piece(token))
        if !text.isEmpty {
            report(.piece(id: request.id, text: text, tokens: active.unsent))
            active.unsent = 0
        }
        active.next = token
        let isStopped = active.assembler.isStopped
        let isFull = active.generated >= request.limit
        sequences[sequence].active = active
        if isStopped {
            end(sequence, .stop)
        } else if isFull {
            end(sequence, .length)
        }
    }

    // MARK: - Time

    private var cpuTime: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Splits processor time evenly, to the nanosecond.
    private mutating func charge(_ nanoseconds: UInt64, to chosen: [Int]) {
        let share = nanoseconds / UInt64(chosen.count)
        let rest = nanoseconds % UInt64(chosen.count)
        for (place, sequence) in chosen.enumerated() {
            sequences[sequence].active?.cpuNanoseconds += share + (place == 0 ? rest : 0)
        }
        cpuNanoseconds += nanoseconds
        statistics.cpuMilliseconds = Int(cpuNanoseconds / 1_000_000)
    }
}
