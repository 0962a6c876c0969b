import Jobs
import Logging
import Plans
import Postgres
import Values

/// One job from its admission to its settlement.
extension InferenceService {
    /// Runs and settles a job; its reader learns the end once it is settled.
    func conduct(
        _ ticket: InferenceTicket,
        _ request: InferenceRequest,
        _ grant: InferenceGrant,
        _ generator: any TextGenerator,
        to sink: InferenceStream.Continuation
    ) async {
        let outcome = await withTimeLimit(request.timeout, of: ticket.job) {
            await self.play(ticket, request, grant, generator, to: sink)
        }
        forget(ticket.job)
        guard await settle(ticket, outcome) else {
            sink.finish(throwing: InferenceError.leaseLost)
            return
        }
        if let reason = outcome.reason, outcome.error == nil {
            sink.yield(.finished(reason, outcome.usage))
            sink.finish()
        } else {
            sink.finish(throwing: outcome.error ?? .interrupted)
        }
    }

    /// Does something in its time; once that has passed the job is stopped.
    func withTimeLimit(
        _ limit: Duration?,
        of job: JobID,
        _ body: @escaping @Sendable () async -> InferenceOutcome
    ) async -> InferenceOutcome {
        guard let limit else { return await body() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return }
                self.stop(job, .expired)
            }
            let outcome = await body()
            group.cancelAll()
            return outcome
        }
    }

    /// Waits for the job's turn, if it must, and generates.
    func play(
        _ ticket: InferenceTicket,
        _ request: InferenceRequest,
        _ grant: InferenceGrant,
        _ generator: any TextGenerator,
        to sink: InferenceStream.Continuation
    ) async -> InferenceOutcome {
        do {
            if grant.isWaiting, let stop = try await waitForTurn(ticket, concurrency: grant.inference.concurrency) {
                return .unbegun(stop)
            }
            if let stop = with(ticket.job, \.stop).flatMap(\.self) { return .unbegun(stop) }
            let generation = try generator.generate(generationRequest(ticket, request, grant))
            return try await follow(generation, of: ticket, to: sink)
        } catch {
            return cut(ticket, by: error)
        }
    }

    /// Asks until it is the job's turn.
    ///
    /// - Returns: why it shall not begin at all, if so.
    func waitForTurn(_ ticket: InferenceTicket, concurrency: Int) async throws -> InferenceStop? {
        while true {
            if let stop = with(ticket.job, \.stop).flatMap(\.self) { return stop }
            try Task.checkCancellation()
            let now = time.now()
            let before = try await database.transaction(as: .tenant(ticket.tenant)) { transaction in
                try await InferenceOperations.begin(ticket, concurrency: concurrency, at: now, in: transaction)
            }
            if before <= 0 { return nil }
            // Those at the front ask often, those behind them seldom.
            try await Task.sleep(for: .milliseconds(min(1000, 40 * before)))
        }
    }

    private func generationRequest(
        _ ticket: InferenceTicket,
        _ request: InferenceRequest,
        _ grant: InferenceGrant
    ) -> GenerationRequest {
        var generation = request.generation(id: ticket.job, tenant: ticket.tenant)
        generation.maxTokens = ticket.maxTokens
        generation.weight = grant.inference.weight
        // How many may be under way was decided; the queue before the engines only orders them.
        generation.queueLimit = grant.inference.concurrency + grant.inference.queued
        generation.expectedPromptTokens = ticket.promptTokens
        return generation
    }

    /// Reads a generation to its end, and hands on what it says.
    private func follow(
        _ generation: Generation,
        of ticket: InferenceTicket,
        to sink: InferenceStream.Continuation
    ) async throws -> InferenceOutcome {
        let isStopped = with(ticket.job) { running in
            running.generation = generation
            return running.stop != nil
        }
        if isStopped == true { generation.cancel() }
        let begun = SuspendingClock.now
        for try await event in generation.events {
            switch event {
            case .started(let promptTokens, let cachedTokens):
                with(ticket.job) { running in
                    running.progress.isPromptComputed = true
                    running.progress.promptTokens = promptTokens
                    running.progress.cachedTokens = cachedTokens
                }
                InferenceMetrics.firstChunk(ticket, after: SuspendingClock.now - begun)
                sink.yield(event)
            case .piece(_, let tokens, _):
                if case .terminated = sink.yield(event) { continue }
                with(ticket.job) { $0.progress.deliveredTokens += tokens }
            case .vectors, .scores: sink.yield(event)
            case .finished(let reason, let usage):
                let (stop, progress) = with(ticket.job) { ($0.stop, $0.progress) } ?? (nil, InferenceProgress())
                return .ended(reason, usage, stop: stop, progress: progress, isStream: ticket.isStream)
            }
        }
        // The stream ended without an end: our own task was cancelled.
        generation.cancel()
        throw InferenceError.stopping
    }

    func cut(_ ticket: InferenceTicket, by error: any Error) -> InferenceOutcome {
        let (stop, progress) = with(ticket.job) { ($0.stop, $0.progress) } ?? (nil, InferenceProgress())
        let cause: InferenceError
        switch error {
        case let error as InferenceError: cause = error
        case is CancellationError: cause = .stopping
        default:
            logger.error("a job failed", metadata: ["job": "\(ticket.job)", "error": "\(error)"])
            cause = .interrupted
        }
        if stop == .expired {
            return InferenceOutcome(status: .expired, usage: progress.usage, reason: nil, error: .expired)
        }
        return .cut(cause, progress: progress, isStream: ticket.isStream || stop == .cancelled)
    }

    // MARK: - Settlement

    /// Settles a job, however long the database is away; a cancelled task settles, too.
    ///
    /// - Returns: whether it is settled by us; if not, it is another's by now.
    @discardableResult
    func settle(_ ticket: InferenceTicket, _ outcome: InferenceOutcome) async -> Bool {
        // Waited for at once: the task is only there so that a cancellation does not reach the transaction.
        await Task { await self.settleUncancelled(ticket, outcome) }.value
    }

    private func settleUncancelled(_ ticket: InferenceTicket, _ outcome: InferenceOutcome) async -> Bool {
        var pause = Duration.milliseconds(50)
        var mayBeDone = false
        while true {
            let stamp = Stamp(now: time.now(), author: .key(ticket.key))
            do {
                try await database.transaction(as: .tenant(ticket.tenant)) { transaction in
                    try await InferenceOperations.settle(ticket, outcome, fence: .holder, by: stamp, in: transaction)
                }
                InferenceMetrics.settled(ticket, outcome)
                return true
            } catch InferenceError.leaseLost {
                // After a commit whose outcome was unknown a finished row is our own doing.
                return mayBeDone
            } catch let error as PostgresError {
                mayBeDone = mayBeDone || error.kind == .commitUnknown
                logger.warning("a job is not settled yet", metadata: ["job": "\(ticket.job)", "error": "\(error)"])
            } catch {
                logger.error("a job cannot be settled", metadata: ["job": "\(ticket.job)", "error": "\(error)"])
                return false
            }
            // A server that ends leaves it to whoever looks for what stopped servers leave.
            guard !isStopping || pause < .seconds(2) else { return false }
            try? await Task.sleep(for: pause)
            pause = min(pause * 1.5, .seconds(2))
        }
    }
}
