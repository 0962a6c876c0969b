package import Logging
package import Postgres
import ServiceLifecycle
import Synchronization
package import Values

/// Claims jobs in batches and runs their handlers, until it is told to stop; then it drains.
package final class JobWorker: Service {
    /// Runs inside the transaction that also ends the job: effects and end are one.
    package typealias Handler = @Sendable (_ job: Job, _ now: Instant, borrowing Transaction) async throws -> Void
    /// Runs outside any transaction, for what takes long; the job ends after it returns.
    package typealias LongHandler = @Sendable (_ job: Job) async throws -> Void

    private enum Registered {
        case transactional(Scope, Handler)
        case long(LongHandler)
    }

    private let database: Database
    private let keeper: NodeKeeper
    private let time: any TimeSource
    private let logger: Logger
    private let concurrency: Int
    private let pause: Duration
    private let isStopping = Mutex(false)
    private let handlers = Mutex<[String: Registered]>([:])
    private let schedules = Mutex<[(name: String, schedule: Schedule, request: @Sendable (Instant) -> JobRequest)]>([])

    /// Makes a worker that runs up to `concurrency` jobs at once, and looks for work every `pause` if nobody calls it.
    package init(
        database: Database,
        keeper: NodeKeeper,
        time: any TimeSource,
        logger: Logger,
        concurrency: Int = 4,
        lookEvery pause: Duration = .seconds(1)
    ) {
        self.database = database
        self.keeper = keeper
        self.time = time
        self.logger = logger
        self.concurrency = concurrency
        self.pause = pause
    }

    /// Registers what to do for a kind, in the transaction that ends the job.
    package func register(_ kind: String, as scope: Scope = .system, _ handler: @escaping Handler) {
        handlers.withLock { $0[kind] = .transactional(scope, handler) }
    }

    /// Registers what to do for a kind outside any transaction.
    package func registerLong(_ kind: String, _ handler: @escaping LongHandler) {
        handlers.withLock { $0[kind] = .long(handler) }
    }

    /// Has a job written at each slot of a schedule, once however many nodes run.
    package func schedule(
        _ name: String,
        _ schedule: Schedule,
        _ request: @escaping @Sendable (_ slot: Instant) -> JobRequest
    ) {
        schedules.withLock { $0.append((name, schedule, request)) }
    }

    /// Works until the service is told to stop; then jobs begun are finished and those only claimed are given back.
    package func run() async throws {
        let listener = Listener(url: database.url, channel: JobOperations.channel)
        defer { listener.stop() }
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in listener.payloads { wake.yield() } }
                group.addTask {
                    // The fallback when a notification was lost, and the clock of schedules and retries.
                    while !Task.isCancelled {
                        wake.yield()
                        try? await Task.sleep(for: self.pause)
                    }
                }
                for await _ in wakes where isWorking { await work() }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.isStopping.withLock { $0 = true }
            wake.finish()
        }
    }

    private var isWorking: Bool { !Task.isCancelled && !isStopping.withLock { $0 } }

    /// Fires due schedules and works off everything that is ready now; returns how many jobs ran.
    ///
    /// Each round ends the jobs of the one before and claims the next in one transaction.
    @discardableResult
    package func work() async -> Int {
        await fireSchedules()
        var total = 0
        var size = concurrency * JobWorker.jobsAhead
        var round = Round()
        while isWorking, keeper.isHeld {
            let jobs: [Job]
            let begun = ContinuousClock.now
            do { jobs = try await exchange(round, limit: size, isFirst: total == 0) } catch {
                logger.warning("cannot claim jobs", metadata: ["error": "\(error)"])
                break
            }
            round = Round()
            guard !jobs.isEmpty else { return total }
            total += jobs.count
            round = await run(jobs)
            // Short jobs are claimed many at once; of long ones others shall have their part.
            let isShort = ContinuousClock.now - begun < JobWorker.shortRound
            size = isShort ? min(size * 2, JobWorker.largestRound) : max(size / 2, concurrency)
        }
        await end(round)
        return total
    }

    /// The jobs of a round that no lane has begun.
    private final class Waiting: Sendable {
        private let jobs: Mutex<ArraySlice<Job>>

        init(_ jobs: [Job]) { self.jobs = Mutex(jobs[...]) }

        func next() -> Job? { jobs.withLock { $0.popFirst() } }
    }

    /// What a round leaves to be written.
    private struct Round: Sendable {
        /// All of a batch were claimed under one lease.
        var lease: NodeLease?
        /// Jobs that have run and are to be ended.
        var finished: [Job] = []
        /// Jobs that were not begun and go back.
        var rest: [Job] = []

        func statements(now: Instant) -> [SQL] {
            guard let lease else { return [] }
            return (finished.isEmpty ? [] : [JobQueries.complete(finished, lease: lease, now: now)])
                + (rest.isEmpty ? [] : [JobQueries.giveBack(rest, lease: lease)])
        }
    }

    /// How many jobs are claimed at first for each that runs at once.
    private static let jobsAhead = 25
    /// The most jobs of a round.
    private static let largestRound = 1_000
    /// A round that took less doubles the next.
    private static let shortRound = Duration.milliseconds(200)

    /// Writes what the last round left and claims the next, in one transaction.
    private func exchange(_ round: Round, limit: Int, isFirst: Bool) async throws -> [Job] {
        let kinds = handlers.withLock { $0.keys.sorted() }
        guard !kinds.isEmpty else { return [] }
        let lease = keeper.lease
        let now = time.now()
        var statements = round.statements(now: now)
        if isFirst { statements.append(JobQueries.releaseClocks(now: now)) }
        statements.append(JobQueries.claim(kinds: kinds, limit: limit, lease: lease, now: now))
        let batch = statements
        return try await database.transaction(as: .system) { transaction in
            guard let claimed = try await transaction.results(batch).last else { return [] }
            return try Transaction.decode(claimed) { row in
                Job(
                    id: try row.next(),
                    kind: try row.next(),
                    payload: try row.next(),
                    tenant: try row.next(),
                    dueAt: try row.next(),
                    attempt: try row.next(),
                    maxAttempts: try row.next(),
                    lease: lease
                )
            }
        }
    }

    /// Writes what a round left, without claiming more.
    private func end(_ round: Round) async {
        let statements = round.statements(now: time.now())
        guard !statements.isEmpty else { return }
        do {
            try await database.transaction(as: .system) { transaction in _ = try await transaction.batch(statements) }
        } catch {
            logger.error("cannot end jobs", metadata: ["error": "\(error)"])
        }
    }

    /// Runs a batch in as many lanes as jobs may run at once.
    ///
    /// Jobs already begun are finished when the worker is told to stop; those not begun go back.
    private func run(_ jobs: [Job]) async -> Round {
        let waiting = Waiting(jobs)
        return await withTaskGroup(of: [Job].self) { lanes in
            for _ in 0..<min(concurrency, jobs.count) {
                lanes.addTask {
                    var finished: [Job] = []
                    while self.isWorking, let job = waiting.next() {
                        if let ended = await self.run(job) { finished.append(ended) }
                    }
                    return finished
                }
            }
            var round = Round(lease: jobs.first?.lease)
            for await finished in lanes { round.finished += finished }
            while let job = waiting.next() { round.rest.append(job) }
            return round
        }
    }

    /// Runs one job; returns it if it still has to be ended.
    private func run(_ job: Job) async -> Job? {
        guard let handler = handlers.withLock({ $0[job.kind] }) else { return nil }
        do {
            switch handler {
            case .long(let body):
                try await body(job)
                return job
            case .transactional(let scope, let body):
                let now = time.now()
                try await database.transaction(as: scope) { transaction in
                    try await body(job, now, transaction)
                    try await JobOperations.complete(job, now: now, in: transaction)
                }
                return nil
            }
        } catch {
            await fail(job, error)
            return nil
        }
    }

    private func fail(_ job: Job, _ error: any Error) async {
        // The job did not fail, its run was ended by force; the node gives it back as it leaves.
        guard !Task.isCancelled else { return }
        let problem = Problem.of(error)
        let now = time.now()
        let wait = Backoff.seconds(afterAttempt: job.attempt, salt: UInt64(job.id.hashSalt))
        let isLast = job.attempt >= job.maxAttempts
        let retryAt = isLast ? nil : now.adding(microseconds: Int64(wait * 1_000_000))
        logger.warning(
            "job failed",
            metadata: [
                "job": "\(job.id)", "kind": "\(job.kind)", "attempt": "\(job.attempt)", "error": "\(error)",
                "dead": "\(isLast)",
            ]
        )
        do {
            try await database.transaction(as: .system) { transaction in
                _ = try await transaction.execute(
                    JobQueries.fail(job, error: problem.message, retryAt: retryAt, now: now)
                )
            }
        } catch {
            // The lease runs out or the node leaves; then the job is given back.
            logger.error("cannot record a failed job", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }

    private func fireSchedules() async {
        let now = time.now()
        for (name, schedule, request) in schedules.withLock({ $0 }) {
            guard let slot = schedule.slot(atOrBefore: now) else { continue }
            do {
                try await database.transaction(as: .system) { transaction in
                    let taken = try await transaction.execute(
                        """
                        INSERT INTO app.schedules (name, expression, fired_slot)
                        VALUES (\(name), \(schedule.text), \(slot))
                        ON CONFLICT (name) DO UPDATE SET fired_slot = excluded.fired_slot, expression = excluded.expression
                        WHERE schedules.fired_slot < excluded.fired_slot
                        """
                    )
                    guard taken == 1 else { return }
                    try await JobOperations.enqueue([request(slot)], at: now, in: transaction)
                }
            } catch {
                logger.warning("cannot fire a schedule", metadata: ["schedule": "\(name)", "error": "\(error)"])
            }
        }
    }
}

extension ID {
    /// A number that spreads retries; no meaning beyond that.
    fileprivate var hashSalt: Int { Int(uuidText.utf8.suffix(4).reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff }) }
}
