package import Jobs
package import Logging
import Plans
package import Postgres
import ServiceLifecycle
import Synchronization
package import Values

/// Runs requests for inference: admits, generates, and settles whatever becomes of the caller.
///
/// A generation belongs to the service's own task group, which `run` keeps. So it is settled exactly once also when the
/// caller is gone, is cancelled, or the engine dies; what a whole server leaves behind when it dies is settled by `run`
/// of any other, or of the next.
package final class InferenceService: Service {
    /// How long what runs may go on once the server is told to stop.
    package static let drain = Duration.seconds(20)

    struct Running: Sendable {
        let ticket: InferenceTicket
        var progress = InferenceProgress()
        var generation: Generation?
        var stop: InferenceStop?
    }

    private struct State: Sendable {
        var running: [JobID: Running] = [:]
        var isStopping = false
    }

    typealias Work = @Sendable () async -> Void

    let database: Database
    let time: any TimeSource
    let logger: Logger
    let keeper: NodeKeeper
    private let generators: [String: any TextGenerator]
    private let state = Mutex(State())
    private let works: AsyncStream<Work>
    private let submit: AsyncStream<Work>.Continuation

    /// Makes the service; `run` must run while it is used.
    ///
    /// `generators`: by the names of the registry's models. A model without one is answered with 503.
    ///
    /// `keeper`: under its lease all work is done; each of its beats writes how far streams have come.
    package init(
        database: Database,
        generators: [String: any TextGenerator],
        keeper: NodeKeeper,
        time: any TimeSource,
        logger: Logger
    ) {
        self.database = database
        self.generators = generators
        self.keeper = keeper
        self.time = time
        self.logger = logger
        (works, submit) = AsyncStream.makeStream()
        keeper.onBeat { [weak self] _ in self?.progressWrites() ?? [] }
    }

    // MARK: - For callers

    /// Admits a request and begins it.
    ///
    /// The caller reads `events` of the run, or `answer()`. Nothing is charged for a request that is refused here.
    ///
    /// - Throws: `InferenceError` and other `ProblemConvertible` errors: the request is wrong (400, `param` names the
    ///   field), `modelNotFound` (404), `refused` (403, or 429 with the code `rate_limit_exceeded` or
    ///   `insufficient_quota`), `contextExceeded` (400, code `context_length_exceeded`), no engine (503).
    package func begin(_ request: InferenceRequest, by caller: InferenceCaller) async throws -> InferenceRun {
        do { try request.check() } catch { throw InferenceError.invalid(error) }
        guard !isStopping else { throw InferenceError.stopping }
        let route = try await database.transaction(as: .tenant(caller.tenant)) { transaction in
            try await ModelQueries.resolve(request.model, in: transaction)
        }
        guard let generator = generators[route.model.name] else {
            throw InferenceError.noEngine(reason: "no engine runs \(route.model.name)")
        }
        let ticket = try await ticket(for: request, by: caller, on: route, generator)
        let grant = try await admit(ticket, request, route.model, by: caller)
        InferenceMetrics.admitted(ticket)
        return start(ticket, request, grant, generator)
    }

    /// Asks that a job be cancelled, wherever it runs; what was generated until then is charged.
    ///
    /// - Returns: the job as it stands.
    /// - Throws: `InferenceError.jobNotFound` if the tenant has no job with the id.
    package func cancel(_ job: JobID, by caller: InferenceCaller) async throws -> InferenceJob {
        let stamp = stamp(caller)
        let found = try await database.transaction(as: .tenant(caller.tenant)) { transaction in
            try await InferenceOperations.cancel(job, of: caller.tenant, by: stamp, in: transaction)
        }
        stop(job, .cancelled)
        return found
    }

    /// The models that a tenant may use, in the order of names; only those that an engine of ours runs.
    package func models(of tenant: TenantID) async throws -> [Model] {
        let now = time.now()
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            let terms = try await InferenceTermsQueries.terms(of: tenant, at: now, in: transaction)
            var seen: Set<String> = []
            return try await ModelQueries.list(in: transaction).filter { model in
                generators[model.name] != nil && terms.allows(model, askedFor: nil)
                    && seen.insert(model.name).inserted
            }
        }
    }

    /// What a tenant has left of this minute; nil if no plan of it includes inference.
    package func rates(of tenant: TenantID) async throws -> RateFigures? {
        let now = time.now()
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            let terms = try await InferenceTermsQueries.terms(of: tenant, at: now, in: transaction)
            guard let inference = terms.inference else { return nil }
            return try await InferenceJobQueries.recent(of: tenant, at: now, in: transaction).figures(
                requestsPerMinute: inference.requestsPerMinute,
                tokensPerMinute: inference.tokensPerMinute,
                at: now
            )
        }
    }

    // MARK: - Admission

    private func ticket(
        for request: InferenceRequest,
        by caller: InferenceCaller,
        on route: ModelRoute,
        _ generator: any TextGenerator
    ) async throws -> InferenceTicket {
        let context = try await generator.contextSize()
        let promptTokens = try await generator.promptTokens(of: request.prompt)
        guard promptTokens + (request.maxTokens ?? 1) <= context else {
            throw InferenceError.contextExceeded(
                promptTokens: promptTokens,
                maxTokens: promptTokens < context ? request.maxTokens : nil,
                context: context
            )
        }
        let now = time.now()
        return InferenceTicket(
            tenant: caller.tenant,
            job: .make(at: now),
            key: caller.key,
            task: request.task,
            model: route.model.name,
            version: route.model.version,
            route: route.reason,
            subject: request.subject,
            isStream: request.isStream,
            promptTokens: promptTokens,
            maxTokens: request.maxTokens ?? context - promptTokens,
            lease: keeper.lease,
            createdAt: now
        )
    }

    private func admit(
        _ ticket: InferenceTicket,
        _ request: InferenceRequest,
        _ model: Model,
        by caller: InferenceCaller
    ) async throws -> InferenceGrant {
        guard keeper.isHeld else { throw InferenceError.leaseLost }
        let stamp = Stamp(now: ticket.createdAt, author: caller.author, requestID: caller.requestID)
        do {
            return try await database.transaction(as: .tenant(caller.tenant)) { transaction in
                try await InferenceOperations.admit(ticket, request, model: model, by: stamp, in: transaction)
            }
        } catch let error as PostgresError where error.kind == .commitUnknown {
            // The row may be there, with a reservation that nobody would give back.
            submit.yield { await self.settle(ticket, .cut(.interrupted, progress: .init(), isStream: false)) }
            throw error
        }
    }

    /// Hands an admitted request over to the service's own group.
    ///
    /// Nothing in here can fail or wait.
    private func start(
        _ ticket: InferenceTicket,
        _ request: InferenceRequest,
        _ grant: InferenceGrant,
        _ generator: any TextGenerator
    ) -> InferenceRun {
        // Bounded by the number of tokens that were admitted.
        let (events, sink) = InferenceStream.makeStream()
        let job = ticket.job
        state.withLock { $0.running[job] = Running(ticket: ticket) }
        sink.onTermination = { [weak self] termination in
            guard case .cancelled = termination else { return }
            self?.stop(job, .cancelled)
        }
        let work: Work = { await self.conduct(ticket, request, grant, generator, to: sink) }
        if case .terminated = submit.yield(work) {
            // The server stopped in between; the row is left to whoever looks for what stopped servers leave.
            state.withLock { $0.running[job] = nil }
            sink.finish(throwing: InferenceError.stopping)
        }
        return InferenceRun(ticket, rates: grant.rates, events: events) { [weak self] in
            self?.stop(job, .cancelled)
        }
    }

    func stamp(_ caller: InferenceCaller) -> Stamp {
        Stamp(now: time.now(), author: caller.author, requestID: caller.requestID)
    }

    // MARK: - Life

    /// Runs what is admitted, and takes over what servers that died have left.
    ///
    /// On a graceful shutdown it refuses new requests, lets the others end for `drain`, then stops them, and returns
    /// when all is settled. The generators and the node's lease must outlive it.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await withDiscardingTaskGroup { works in
                        for await work in self.works { works.addTask { await work() } }
                    }
                }
                group.addTask { await self.watch() }
                // The watch never ends by itself.
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.close()
        }
        close()
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Refuses what comes from now on.
    private func close() {
        state.withLock { $0.isStopping = true }
        submit.finish()
    }

    /// Stops a job that runs here; the first reason counts.
    func stop(_ job: JobID, _ reason: InferenceStop) {
        let generation = state.withLock { state -> Generation? in
            guard var running = state.running[job], running.stop == nil else { return nil }
            running.stop = reason
            state.running[job] = running
            return running.generation
        }
        generation?.cancel()
    }

    /// Reads or changes what is known of a job that runs here; nil if none does.
    @discardableResult
    func with<Value: Sendable>(_ job: JobID, _ body: (inout Running) -> Value) -> Value? {
        state.withLock { state in
            guard var running = state.running[job] else { return nil }
            defer { state.running[job] = running }
            return body(&running)
        }
    }

    /// The jobs that run here.
    var runningJobs: [JobID] { state.withLock { Array($0.running.keys) } }

    func forget(_ job: JobID) {
        state.withLock { $0.running[job] = nil }
    }

    /// What a beat writes: how far streams have come.
    private func progressWrites() -> [SQL] {
        let jobs = state.withLock { state in
            state.running.values.filter(\.progress.isPromptComputed).map { ($0.ticket, $0.progress) }
        }
        return jobs.isEmpty ? [] : [InferenceJobQueries.progress(jobs.map { (ticket: $0.0, progress: $0.1) })]
    }
}
