import Jobs
import Logging
import Plans
import Postgres
import Values

/// Jobs that nobody waits for: this node takes as many as it has room for, runs them, and has them wait again if they
/// failed in a way that may pass.
extension InferenceService {
    /// So many may wait in all, of all tenants.
    static let deferredLimit = 10_000

    /// Reads, routes and counts a job, to be admitted by `InferenceOperations.submit`; `wake()` once that is committed.
    ///
    /// `isHalved`: whether it costs half.
    ///
    /// - Throws: as `begin` does before it admits; as many wait as may (503).
    package func prepare(
        _ submission: JobSubmission,
        by caller: InferenceCaller,
        isHalved: Bool = false
    ) async throws -> PreparedJob {
        let task = submission.task
        guard deferredJobs < Self.deferredLimit else {
            throw InferenceError.queueFull(ofTenant: false, retryAfterSeconds: 30)
        }
        let now = time.now()
        var deferral = InferenceTicket.Deferral(priority: submission.priority)
        deferral.deadline = task.timeout.map { now.adding(microseconds: Int64($0 / .microseconds(1))) }
        var ticket: InferenceTicket
        let model: Model?
        if let request = task.generation {
            (ticket, model, _, _) = try await prepare(request, by: caller)
        } else {
            try checkModel(of: task)
            (ticket, model) = (computationTicket(task, by: caller, at: now), nil)
        }
        ticket.lease = nil
        ticket.deferral = deferral
        ticket.isHalved = isHalved
        let order = InferenceOrder(
            model: model,
            asked: task.model,
            metadata: task.metadata,
            input: submission.input
        )
        return PreparedJob(ticket: ticket, order: order)
    }

    /// Empties files and what asynchronous jobs were given and what came of them, once they are past their retention.
    ///
    /// `run` does this from time to time.
    ///
    /// - Returns: of how many jobs.
    package func forgetContents() async throws -> Int {
        let now = time.now()
        var total = 0
        while true {
            let count = try await database.transaction(as: .system) { transaction in
                try await transaction.execute(AsynchronousQueries.forget(at: now, limit: 1_000))
            }
            total += count
            if count < 1_000 { break }
        }
        _ = try await database.transaction(as: .system) { transaction in
            try await transaction.batch(FileQueries.forget(at: now))
        }
        return total
    }

    // MARK: - Taking

    /// Takes jobs as they come, until the task is cancelled.
    func takeJobs() async {
        let listener = Listener(url: database.url, channel: InferenceOperations.channel)
        defer { listener.stop() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in listener.payloads { self.wake() } }
            group.addTask { await self.alarm() }
            for await _ in wakes where !isStopping {
                do { try await takeAll() } catch {
                    logger.warning("cannot take jobs", metadata: ["error": "\(error)"])
                }
            }
            group.cancelAll()
        }
    }

    /// Wakes when the next job may be taken or has run out of time, and each second.
    private func alarm() async {
        while !Task.isCancelled {
            var pause = Duration.seconds(1)
            do {
                let next = try await look()
                if let next {
                    let left = next - time.now()
                    pause = min(pause, .microseconds(max(left, 20_000)))
                }
            } catch {
                logger.warning("cannot look for jobs", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
            wake()
        }
    }

    /// Ends what has run out of time, and sees how much waits.
    ///
    /// - Returns: when there is something to do next.
    private func look() async throws -> Instant? {
        let now = time.now()
        let (late, deferred, next) = try await database.transaction(as: .system) { transaction in
            let late = try await transaction.query(AsynchronousQueries.late(at: now, limit: 200)) { row in
                try InferenceJobQueries.ticket(&row)
            }
            let outlook = try await transaction.first(AsynchronousQueries.outlook(at: now)) { row in
                (try row.next() as Int, try row.next() as Instant?)
            }
            return (late, outlook?.0 ?? 0, outlook?.1)
        }
        deferredJobs = deferred
        for ticket in late { await end(ticket, .unbegun(.expired), fence: .waiting) }
        return late.isEmpty ? next : now
    }

    /// Takes jobs while there is room and any can be had.
    private func takeAll() async throws {
        guard keeper.isHeld else { return }
        // Of a tenant that has no place left no other is tried in the same round.
        var full: Set<TenantID> = []
        while !isStopping {
            let room = asynchronousLimit - runningAsynchronously
            guard room > 0 else { return }
            let now = time.now()
            // What Abono computes itself needs no engine.
            let models = generators.keys.sorted() + [TextTasks.model]
            let candidates = try await database.transaction(as: .system) { transaction in
                try await transaction.query(
                    AsynchronousQueries.candidates(models: models, limit: room * 4 + 16, at: now),
                    AsynchronousQueries.candidate
                )
            }
            var taken = 0
            for candidate in candidates where taken < room && !full.contains(candidate.tenant) {
                let lease = keeper.lease
                let job = try await database.transaction(as: .tenant(candidate.tenant)) { transaction in
                    try await InferenceOperations.take(candidate, under: lease, at: now, in: transaction)
                }
                guard let job else {
                    full.insert(candidate.tenant)
                    continue
                }
                taken += 1
                remember(job.ticket)
                // If the server stops in between, whoever looks for what stopped servers leave has it wait again.
                if !begin({ await self.conduct(job) }) { forget(job.ticket.job) }
            }
            if taken == 0 { return }
        }
    }

    // MARK: - Running

    /// Runs a job that was taken, and ends it or has it wait again.
    private func conduct(_ job: TakenJob) async {
        let ticket = job.ticket
        let limit = ticket.deferral?.deadline.map { Duration.microseconds(max(1, $0 - time.now())) }
        let outcome = await withTimeLimit(limit, of: ticket.job) { await self.run(ticket, job) }
        forget(ticket.job)
        if await !giveBack(ticket, outcome) { await settle(ticket, outcome) }
        // There is room for another.
        wake()
    }

    private func run(_ ticket: InferenceTicket, _ job: TakenJob) async -> InferenceOutcome {
        let task: TaskRequest
        do {
            guard let name = TaskName(rawValue: ticket.task), let input = job.input else {
                throw Problem.invalid("input", "is past its retention")
            }
            var fields = try JSONFields(input)
            task = try TaskRequest(name, &fields)
        } catch {
            return .cut(.invalid(Problem.of(error)), progress: InferenceProgress(), isStream: false)
        }
        guard var request = task.generation else { return compute(task, ticket) }
        guard let generator = generators[ticket.model] else {
            let error = InferenceError.noEngine(reason: "no engine runs \(ticket.model)")
            return .cut(error, progress: InferenceProgress(), isStream: false)
        }
        request.lane = .batch
        do {
            request = try await fitting(request, to: ticket)
        } catch {
            return cut(ticket, by: error)
        }
        let (events, sink) = InferenceStream.makeStream()
        async let result = collect(events)
        var outcome = await play(ticket, request, job.grant, generator, to: sink)
        sink.finish()
        let content = await result
        guard let reason = outcome.reason, outcome.status == .succeeded else { return outcome }
        do {
            outcome.output = try task.output(of: content, reason)
            return outcome
        } catch {
            return .cut(.invalid(error), progress: InferenceProgress(), isStream: false)
        }
    }

    /// The request with the prompt that the model of a job was counted with.
    private func fitting(_ request: InferenceRequest, to ticket: InferenceTicket) async throws -> InferenceRequest {
        guard request.otherPrompt != nil else { return request }
        return try await database.transaction(as: .tenant(ticket.tenant)) { transaction in
            let model = try await ModelQueries.find(ticket.model, version: ticket.version, in: transaction)
            guard let model else { throw InferenceError.modelNotFound(ticket.model) }
            return request.fitting(model)
        }
    }

    private func collect(_ events: InferenceStream) async -> GenerationResult {
        var result = GenerationResult()
        do {
            for try await event in events { result.add(event) }
        } catch {
            // The outcome says what went wrong.
            return result
        }
        return result
    }

    /// Has a job wait again if it failed in a way that may pass and it may be tried again.
    private func giveBack(_ ticket: InferenceTicket, _ outcome: InferenceOutcome) async -> Bool {
        guard outcome.status == .failed, let error = outcome.error, error.isRetryable,
            let deferral = ticket.deferral
        else { return false }
        // A server that stops is not the job's failure.
        let isCounted = error != .stopping
        guard !isCounted || deferral.attempt < deferral.maxAttempts else { return false }
        let salt = UInt64(ticket.job.uuidText.utf8.suffix(4).reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff })
        let pause = isCounted ? Backoff.seconds(afterAttempt: deferral.attempt, salt: salt) : 0
        let runAt = time.now().adding(microseconds: Int64(pause * 1_000_000))
        do {
            return try await database.transaction(as: .tenant(ticket.tenant)) { transaction in
                try await InferenceOperations.giveBack(
                    ticket,
                    fence: .holder,
                    attempts: isCounted ? deferral.attempt : deferral.attempt - 1,
                    until: runAt,
                    in: transaction
                )
            }
        } catch {
            // Its row stays as it is: once the lease is void another node has it wait again.
            logger.warning("a job does not wait again yet", metadata: ["job": "\(ticket.job)", "error": "\(error)"])
            return true
        }
    }

    /// Ends a job that no node runs.
    private func end(
        _ ticket: InferenceTicket,
        _ outcome: InferenceOutcome,
        fence: InferenceJobQueries.Fence
    ) async {
        let stamp = Stamp(now: time.now(), author: .system("inference"))
        do {
            try await database.transaction(as: .tenant(ticket.tenant)) { transaction in
                try await InferenceOperations.settle(ticket, outcome, fence: fence, by: stamp, in: transaction)
            }
            InferenceMetrics.settled(ticket, outcome)
        } catch InferenceError.leaseLost {
            // Somebody else was faster.
            return
        } catch {
            logger.warning("a job has not ended yet", metadata: ["job": "\(ticket.job)", "error": "\(error)"])
        }
    }
}
