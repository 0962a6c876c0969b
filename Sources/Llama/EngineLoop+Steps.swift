import Inference

/// What the loop computes.
extension EngineLoop {
    /// A token that was picked, and how likely it was if that is asked for.
    struct Pick {
        let token: Token
        let logprob: TokenLogprob?
    }

    /// One token of each of some generations.
    mutating func write(_ writing: [Int]) {
        guard !writing.isEmpty else { return }
        let begin = clock.now
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
            let picks = zip(writing, rows).map { sequence, row in pick(sequence, row) }
            // Before anything is sent: the account of a generation that ends here holds this step.
            let time = clock.now - begin
            charge(time, to: writing)
            rates.wrote(sequences: writing.count, nanoseconds: time)
            statistics.steps += 1
            publish(statistics)
            for (sequence, pick) in zip(writing, picks) {
                sequences[sequence].active?.computed += 1
                sequences[sequence].active?.lastStep = statistics.steps
                take(pick, for: sequence)
            }
        } catch {
            for sequence in writing {
                fail(sequence, error.description)
            }
        }
    }

    /// The sampler's pick for a sequence from a row of the batch just computed.
    private func pick(_ sequence: Int, _ row: Int32) -> Result<Pick, LlamaError> {
        let count = sequences[sequence].active?.request.sampling.logprobs
        return Result { () throws(LlamaError) in
            let token = try context.sample(sequence, row: row)
            guard let count else { return Pick(token: token, logprob: nil) }
            let likeliest = try context.likeliest(count, after: row).map { candidate($0.token, $0.logprob) }
            let logarithms = try context.logprobs(of: [token], after: row)
            let picked = candidate(token, logarithms.first ?? -.infinity)
            return Pick(token: token, logprob: TokenLogprob(picked: picked, top: likeliest))
        }
    }

    private func candidate(_ token: Token, _ logprob: Double) -> TokenLogprob.Candidate {
        TokenLogprob.Candidate(token: Int(token), bytes: model.piece(token), logprob: logprob)
    }

    /// One chunk of a prompt, or some of the texts to be weighed after it.
    mutating func read(_ sequence: Int) {
        guard let active = sequences[sequence].active else { return }
        if active.isReadingPrompt {
            readChunk(sequence)
        } else {
            weigh(sequence)
        }
    }

    private mutating func readChunk(_ sequence: Int) {
        takeOver(for: sequence)
        guard let active = sequences[sequence].active else { return }
        let request = active.request
        let chunk = active.chunk
        let begin = clock.now
        do throws(LlamaError) {
            context.clear()
            var last: Int32 = 0
            for position in chunk {
                let isLast = position == request.prompt.count - 1
                last = try context.add(request.prompt[position], to: sequence, at: position, sampled: isLast)
            }
            guard try compute(sequence, request, tokens: chunk.count, since: begin) else { return }
            sequences[sequence].active?.computed = chunk.upperBound
            if !active.isStarted {
                sequences[sequence].active?.isStarted = true
                let tokens = request.promptTokens
                report(.started(id: request.id, promptTokens: tokens, cachedTokens: active.cached))
            }
            guard chunk.upperBound == request.prompt.count else { return }
            let sampling = clock.now
            if let continuations = request.continuations {
                let firsts = continuations.map { $0[0] }
                sequences[sequence].active?.scores = try context.logprobs(of: firsts, after: last)
                charge(clock.now - sampling, to: [sequence])
                endIfWeighed(sequence)
            } else {
                let pick = pick(sequence, last)
                charge(clock.now - sampling, to: [sequence])
                take(pick, for: sequence)
            }
        } catch {
            fail(sequence, error.description)
        }
    }

    /// Computes the batch, which is one sequence's alone, and charges for it; false if it was stopped or failed.
    private mutating func compute(
        _ sequence: Int,
        _ request: PreparedGeneration,
        tokens: Int,
        since begin: UInt64
    ) throws(LlamaError) -> Bool {
        let context = context
        let outcome = try inbox.interruptible(request.id, in: context) { () throws(LlamaError) in
            try context.process()
        }
        let time = clock.now - begin
        charge(time, to: [sequence])
        if outcome == .computed { rates.read(tokens: tokens, nanoseconds: time) }
        switch outcome {
        case .aborted: return false
        case .noRoom:
            fail(sequence, "the cache has no room")
            return false
        case .computed: break
        }
        counters.charge(request.tenant, cost: tokens * FairCost.promptToken, weight: request.weight)
        statistics.steps += 1
        publish(statistics)
        return true
    }

    /// Lets a prompt that begins take over what another sequence holds of it: whole chunks, and only the tenant's own.
    ///
    /// So of many that come together only the first computes the beginning they share.
    private mutating func takeOver(for sequence: Int) {
        guard let active = sequences[sequence].active, !active.isStarted else { return }
        let others = sequences.filter { $0.index != sequence }
        let best = others.max { $0.shared(with: active.request) < $1.shared(with: active.request) }
        guard let best else { return }
        let count = best.shared(with: active.request)
        guard count > active.computed else { return }
        let begin = clock.now
        // What the sequence held before is lost when that fails, and computed again.
        let isCopied = (try? context.copy(count, from: best.index, to: sequence)) != nil
        sequences[sequence].active?.computed = isCopied ? count : 0
        sequences[sequence].active?.cached = isCopied ? count : 0
        charge(clock.now - begin, to: [sequence])
    }

    // MARK: - Weighing

    /// Computes the next text that has more than one token; its first one is known from the prompt.
    private mutating func weigh(_ sequence: Int) {
        guard let active = sequences[sequence].active, let text = active.textToWeigh else { return }
        let request = active.request
        let begin = clock.now
        let rest = text.tokens.dropFirst(active.weighed)
        // Each row but the text's last gives the likelihood of the token after it.
        let part = rest.dropLast().prefix(EngineSequence.rows)
        do throws(LlamaError) {
            context.clear()
            var rows: [Int32] = []
            for (offset, token) in part.enumerated() {
                let position = request.prompt.count + active.weighed + offset
                rows.append(try context.add(token, to: sequence, at: position, sampled: true))
            }
            guard try compute(sequence, request, tokens: part.count, since: begin) else {
                // An aborted call leaves nothing of itself; the same part is computed again unless all is cancelled.
                return
            }
            var sum = 0.0
            for (row, token) in zip(rows, rest.dropFirst()) {
                sum += try context.logprobs(of: [token], after: row).reduce(0, +)
            }
            sequences[sequence].active?.scores?[text.index] += sum
            sequences[sequence].active?.weighed += part.count
            if part.count == rest.count - 1 {
                try context.forget(sequence, from: request.prompt.count)
                sequences[sequence].active?.finishText()
            }
            endIfWeighed(sequence)
        } catch {
            fail(sequence, error.description)
        }
    }

    private mutating func endIfWeighed(_ sequence: Int) {
        guard let active = sequences[sequence].active, active.textToWeigh == nil, let scores = active.scores,
            let continuations = active.request.continuations
        else { return }
        let results = zip(scores, continuations).map {
            ContinuationScore(logLikelihood: $0, tokens: $1.count)
        }
        report(.scores(id: active.request.id, results))
        end(sequence, .stop)
    }

    // MARK: - Picks

    /// Takes the token picked for a sequence: sends text that is certain, ends what is finished.
    private mutating func take(_ pick: Result<Pick, LlamaError>, for sequence: Int) {
        let token: Token
        let logprob: TokenLogprob?
        switch pick {
        case .success(let picked): (token, logprob) = (picked.token, picked.logprob)
        case .failure(let error): return fail(sequence, error.description)
        }
        guard !model.endsGeneration(token) else { return end(sequence, .stop) }
        guard var active = sequences[sequence].active else { return }
        let request = active.request
        active.generated += 1
        active.unsent += 1
        if let logprob { active.unsentLogprobs.append(logprob) }
        statistics.completionTokens += 1
        counters.charge(request.tenant, cost: FairCost.generatedToken, weight: request.weight)
        let text = active.assembler.append(model.piece(token))
        if !text.isEmpty {
            report(.piece(id: request.id, text: text, tokens: active.unsent, logprobs: active.unsentLogprobs))
            active.unsent = 0
            active.unsentLogprobs = []
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
