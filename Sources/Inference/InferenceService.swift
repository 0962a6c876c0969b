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
        /// Asynchronous jobs that wait, of all tenants, when it was last looked.
        var deferred = 0
    }

    typealias Work = @Sendable () async -> Void

    let database: Database
    let time: any TimeSource
    let logger: Logger
    let keeper: NodeKeeper
    /// How many asynchronous jobs run here at once.
    let asynchronousLimit: Int
    let generators: [String: any TextGenerator]
    private let state = Mutex(State())
    private let works: AsyncStream<Work>
    private let submit: AsyncStream<Work>.Continuation
    /// Says that there may be an asynchronous job to take.
    let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// Makes the service; `run` must run while it is used.
    ///
    /// `generators`: by the names of the registry's models. A model without one is answered with 503.
    ///
    /// `keeper`: under its lease all work is done; each of its beats writes how far streams have come.
    ///
    /// `asynchronousLimit`: how many jobs that nobody waits for run here at once.
    package init(
        database: Database,
        generators: [String: any TextGenerator],
        keeper: NodeKeeper,
        time: any TimeSource,
        logger: Logger,
        asynchronousLimit: Int = 16
    ) {
        self.database = database
        self.generators = generators
        self.keeper = keeper
        self.time = time
        self.logger = logger
        self.asynchronousLimit = asynchronousLimit
        (works, submit) = AsyncStream.makeStream()
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        keeper.onBeat { [weak self] _ in self?.progressWrites() ?? [] }
        keeper.onLoss { lease, now, transaction in
            _ = try await transaction.execute(AsynchronousQueries.release(lease, at: now))
            await transaction.signal(InferenceOperations.channel)
        }
    }

    // MARK: - For callers

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
                group.addTask { await self.takeJobs() }
                group.addTask { await self.runBatches() }
                // The others never end by themselves.
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

    /// Has it looked for asynchronous jobs now.
    package func wake() { waker.yield() }

    /// Begins something in the service's own group; false if the server stops.
    func begin(_ work: @escaping Work) -> Bool {
        if case .terminated = submit.yield(work) { return false }
        return true
    }

    /// Asynchronous jobs that wait, of all tenants, when it was last looked.
    var deferredJobs: Int {
        get { state.withLock { $0.deferred } }
        set { state.withLock { $0.deferred = newValue } }
    }

    /// Lets a job be stopped and asked about; it runs here until it is forgotten.
    func remember(_ ticket: InferenceTicket) {
        state.withLock { $0.running[ticket.job] = Running(ticket: ticket) }
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

    /// How many of them nobody waits for.
    var runningAsynchronously: Int {
        state.withLock { state in state.running.values.count(where: \.ticket.isAsynchronous) }
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
