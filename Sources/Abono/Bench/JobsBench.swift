import Jobs
import Logging
import Postgres
import Synchronization
import Values

/// How many background jobs a second are claimed and completed: jobs that do nothing, inserted beforehand.
struct JobsBench: Sendable {
    /// How many of each.
    let jobs: Int
    /// Workers in this process, each with its own claims.
    let workers: Int
    /// Jobs at once in each.
    let concurrency: Int
    /// Where the peers' scripts are.
    let peers: PeerScripts

    func run(on bench: BenchDatabase) async throws -> BenchResult {
        let database = Database(url: bench.url, connections: max(8, workers * concurrency + 2))
        defer { database.close() }
        var result = BenchResult(bench: "jobs")
        result.figure("jobs", Double(jobs))
        // One at a time in each worker is the fastest for jobs that do nothing; the peers run with their fastest, too.
        let batched = try await rate("bench.batched", concurrency: 1, on: database, bench) { worker in
            worker.registerLong("bench.batched") { _ in }
        }
        result.figure("batched_jobs_per_second", batched)
        let transactional = try await rate(
            "bench.transactional",
            concurrency: concurrency,
            on: database,
            bench
        ) { worker in
            worker.register("bench.transactional") { _, _, _ in }
        }
        result.figure("transactional_jobs_per_second", transactional)
        let single = try await oneByOne(on: database, bench)
        result.figure("one_by_one_jobs_per_second", single)
        result.ratio("batched_vs_one_by_one", batched / single)
        result.ratio("transactional_vs_one_by_one", transactional / single)
        for outcome in try await peers.run(url: bench.administrationURL, jobs: jobs) {
            switch outcome {
            case .measured(let peer, let perSecond):
                result.figure("\(peer)_jobs_per_second", perSecond)
                result.ratio("batched_vs_\(peer)", batched / perSecond)
            case .skipped(let peer, let why): result.note("\(peer): skipped, \(why)")
            }
        }
        return result
    }

    /// Works off a queue of one kind with our own workers.
    private func rate(
        _ kind: String,
        concurrency: Int,
        on database: Database,
        _ bench: BenchDatabase,
        register: @Sendable (JobWorker) -> Void
    ) async throws -> Double {
        try await fill(kind, in: database, bench)
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let time = SystemTime()
        let keeper = NodeKeeper(url: bench.url, name: "bench", time: time, logger: logger)
        try await keeper.register()
        let ready = (0..<workers).map { _ in
            JobWorker(database: database, keeper: keeper, time: time, logger: logger, concurrency: concurrency)
        }
        for worker in ready { register(worker) }
        let seconds = await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keeper.run() }
            let started = ContinuousClock.now
            await withTaskGroup(of: Void.self) { working in
                for worker in ready { working.addTask { await worker.work() } }
            }
            let seconds = (ContinuousClock.now - started).inSeconds
            group.cancelAll()
            return seconds
        }
        return try await checked(kind, seconds, in: database)
    }

    /// The limit of doing without batches: claim one, complete one, each a transaction, on as many connections.
    private func oneByOne(on database: Database, _ bench: BenchDatabase) async throws -> Double {
        let kind = "bench.single"
        try await fill(kind, in: database, bench)
        let time = SystemTime()
        let node = NodeID.make(at: time.now())
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers * concurrency {
                group.addTask {
                    while try await Self.claimAndComplete(kind, as: node, at: time.now(), on: database) {}
                }
            }
            try await group.waitForAll()
        }
        return try await checked(kind, (ContinuousClock.now - started).inSeconds, in: database)
    }

    /// Does one job; false if there is none.
    private static func claimAndComplete(
        _ kind: String,
        as node: NodeID,
        at now: Instant,
        on database: Database
    ) async throws -> Bool {
        let claimed: BackgroundJobID? = try await database.transaction(as: .system) { transaction in
            try await transaction.first(
                """
                UPDATE app.jobs SET state = 'running', attempt = attempt + 1, node_id = \(node), node_epoch = 1,
                    started_at = \(now)
                WHERE job_id = (
                    SELECT job_id FROM app.jobs WHERE state = 'available' AND run_at <= \(now) AND kind = \(kind)
                    ORDER BY priority, run_at, job_id LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING job_id
                """
            ) { row in try row.next() }
        }
        guard let claimed else { return false }
        try await database.transaction(as: .system) { transaction in
            try await transaction.execute(
                """
                UPDATE app.jobs SET state = 'done', node_id = NULL, finished_at = \(now)
                WHERE job_id = \(claimed) AND node_id = \(node) AND node_epoch = 1
                """
            )
        }
        return true
    }

    private func fill(_ kind: String, in database: Database, _ bench: BenchDatabase) async throws {
        let now = SystemTime().now()
        for start in stride(from: 0, to: jobs, by: 1_000) {
            let requests = (start..<min(jobs, start + 1_000)).map { number in
                JobRequest(kind: kind, payload: ["number": .int(number)], runAt: now)
            }
            try await database.transaction(as: .system) { transaction in
                _ = try await JobOperations.enqueue(requests, at: now, in: transaction)
            }
        }
        try await bench.analyze()
    }

    /// Jobs a second, once it is certain that all are done.
    private func checked(_ kind: String, _ seconds: Double, in database: Database) async throws -> Double {
        let done: Int? = try await database.transaction(as: .system) { transaction in
            try await transaction.first(
                "SELECT count(*) FROM app.jobs WHERE kind = \(kind) AND state = 'done'"
            ) { row in try row.next() }
        }
        guard done == jobs else {
            throw Problem(.internal, "\(done ?? 0) of \(jobs) jobs of kind \(kind) were completed")
        }
        return Double(jobs) / seconds
    }
}
