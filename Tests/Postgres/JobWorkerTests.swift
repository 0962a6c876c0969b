import Jobs
import Logging
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Values

/// Several workers, lost nodes, and workers that are told to stop.
@Suite struct JobWorkerTests {
    private struct Row: Hashable {
        var state: String
        var attempt: Int
    }

    private static func worker(
        _ database: Database,
        _ keeper: NodeKeeper,
        _ time: ManualTime,
        concurrency: Int = 4
    ) -> JobWorker {
        JobWorker(
            database: database,
            keeper: keeper,
            time: time,
            logger: Logger(label: "test"),
            concurrency: concurrency
        )
    }

    private static func enqueue(_ requests: [JobRequest], in database: Database) async throws {
        try await database.transaction(as: .system) { transaction in
            _ = try await JobOperations.enqueue(requests, at: testNow, in: transaction)
        }
    }

    private static func requests(_ count: Int, _ kind: String) -> [JobRequest] {
        (0..<count).map { JobRequest(kind: kind, payload: ["n": .int($0)], runAt: testNow) }
    }

    private static func rows(_ database: Database) async throws -> [Row] {
        try await database.transaction(as: .system) { transaction in
            try await transaction.query("SELECT state, attempt FROM app.jobs ORDER BY job_id") { row in
                Row(state: try row.next(), attempt: try row.next())
            }
        }
    }

    @Test func `of four workers at once each job is claimed by one, once`() async throws {
        try await withDatabase(connections: 8) { database in
            let time = ManualTime(testNow)
            let runs = Mutex<[String: Int]>([:])
            var workers: [JobWorker] = []
            for _ in 0..<4 {
                let worker = Self.worker(database, try await keptKeeper(database, time), time)
                worker.registerLong("count") { job in runs.withLock { $0[job.id.text, default: 0] += 1 } }
                workers.append(worker)
            }
            try await Self.enqueue(Self.requests(1_000, "count"), in: database)
            let totals = await withTaskGroup(of: Int.self) { group in
                for worker in workers { group.addTask { await worker.work() } }
                return await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(totals.reduce(0, +) == 1_000)
            let counts = runs.withLock { $0 }
            #expect(counts.count == 1_000 && counts.values.allSatisfy { $0 == 1 })
            #expect(Set(try await Self.rows(database)) == [Row(state: "done", attempt: 1)])
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `a lost node's job runs on another, and what the lost one still does is undone`() async throws {
        try await withDatabase(connections: 8) { database in
            let time = ManualTime(testNow)
            // The first node never beats, as if its process were stopped in the middle of the job.
            let silent = NodeKeeper(url: database.url, name: "first", time: time, logger: Logger(label: "test"))
            try await silent.register()
            let lost = Self.worker(database, silent, time)
            let (gate, opener) = AsyncStream<Void>.makeStream()
            let isBegun = Mutex(false)
            lost.register("work") { _, _, transaction in
                try await TransactionTests.insert("of the lost", transaction)
                isBegun.withLock { $0 = true }
                for await _ in gate {}
            }
            try await Self.enqueue(Self.requests(1, "work"), in: database)
            async let stopped = lost.work()
            while !isBegun.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }

            let keeper = NodeKeeper(url: database.url, name: "second", time: time, logger: Logger(label: "test"))
            let beating = Task { try await keeper.run() }
            let second = Self.worker(database, keeper, time)
            second.register("work") { _, _, transaction in
                try await TransactionTests.insert("of the second", transaction)
            }
            while try await Self.rows(database).first?.state != "available" {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(await second.work() == 1)
            opener.finish()
            _ = await stopped
            #expect(try await Self.rows(database) == [Row(state: "done", attempt: 2)])
            #expect(try await TransactionTests.names(database) == ["of the second"])
            beating.cancel()
            try await beating.value
        }
    }

    @Test func `a node that was declared lost and does not know it claims nothing`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: Logger(label: "test"))
            let worker = Self.worker(database, keeper, time)
            worker.registerLong("any") { _ in }
            try await Self.enqueue(Self.requests(3, "any"), in: database)
            try await keeper.register()
            try await database.transaction(as: .system) { transaction in
                _ = try await transaction.execute("UPDATE app.nodes SET state = 'lost', epoch = epoch + 1")
            }
            #expect(keeper.isHeld)
            #expect(await worker.work() == 0)
            #expect(Set(try await Self.rows(database)) == [Row(state: "available", attempt: 0)])
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `a worker that is told to stop ends what it has begun and gives the rest back`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let worker = Self.worker(database, try await keptKeeper(database, time), time, concurrency: 1)
            let (gate, opener) = AsyncStream<Void>.makeStream()
            let isBegun = Mutex(false)
            worker.register("work") { _, _, transaction in
                isBegun.withLock { $0 = true }
                for await _ in gate {}
                try await TransactionTests.insert("done", transaction)
            }
            try await Self.enqueue(Self.requests(5, "work"), in: database)
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(services: [worker], logger: Logger(label: "test"))
            )
            let running = Task { try await group.run() }
            while !isBegun.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
            await group.triggerGracefulShutdown()
            try await Task.sleep(for: .milliseconds(100))
            opener.finish()
            try await running.value
            let rows = try await Self.rows(database).sorted { $0.attempt > $1.attempt }
            let rest = Array(repeating: Row(state: "available", attempt: 0), count: 4)
            #expect(rows == [Row(state: "done", attempt: 1)] + rest)
            #expect(try await TransactionTests.names(database) == ["done"])
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `however many jobs a transaction writes, one notification wakes the workers`() async throws {
        try await withDatabase { database in
            let listener = Listener(url: database.url, channel: JobOperations.channel)
            defer { listener.stop() }
            var payloads = listener.payloads.makeAsyncIterator()
            #expect(await payloads.next() == "")
            try await database.transaction(as: .system) { transaction in
                for _ in 0..<20 {
                    _ = try await JobOperations.enqueue(Self.requests(50, "any"), at: testNow, in: transaction)
                }
            }
            // A signal of another kind comes after it: nothing was between the two.
            #expect(await payloads.next() == "")
            try await database.transaction(as: .system) { transaction in
                _ = try await transaction.execute(
                    "SELECT pg_notify(\(JobOperations.channel), 'the end')"
                )
            }
            #expect(await payloads.next() == "the end")
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `a running worker is woken by the notification, not by looking`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            // It would look again in a day.
            let worker = JobWorker(
                database: database,
                keeper: try await keptKeeper(database, time),
                time: time,
                logger: Logger(label: "test"),
                lookEvery: .seconds(86_400)
            )
            let done = Mutex<[String: Int]>([:])
            for kind in ["early", "quick"] {
                worker.registerLong(kind) { job in done.withLock { $0[job.kind, default: 0] += 1 } }
            }
            func ended(_ kind: String) -> Int { done.withLock { $0[kind, default: 0] } }
            func enqueue(_ kind: String) async throws {
                try await Self.enqueue([JobRequest(kind: kind, payload: [:], runAt: testNow)], in: database)
            }
            let running = Task { try await worker.run() }
            defer { running.cancel() }
            // Until it listens, notifications are lost.
            while ended("early") == 0 {
                try await enqueue("early")
                try await Task.sleep(for: .milliseconds(100))
            }
            for number in 1...5 {
                try await enqueue("quick")
                while ended("quick") < number { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(ended("quick") == 5)
        }
    }

    @Test func `finished jobs leave the index that is searched`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let worker = Self.worker(database, try await keptKeeper(database, time), time)
            worker.registerLong("any") { _ in }
            try await Self.enqueue(Self.requests(600, "any") + Self.requests(40, "other"), in: database)
            #expect(await worker.work() == 600)
            try await Administration.run(
                "VACUUM ANALYZE app.jobs",
                url: database.url.replacing("abono_app", with: "postgres")
            )
            let counts: [Int] = try await database.transaction(as: .system) { transaction in
                try await transaction.query(
                    """
                    SELECT reltuples::bigint FROM pg_class
                    WHERE oid IN ('app.jobs'::regclass, 'app.jobs_available'::regclass, 'app.jobs_running'::regclass)
                    ORDER BY reltuples
                    """
                ) { try $0.next() }
            }
            #expect(counts == [0, 40, 640])
        }
    }

    @Test func `a job whose test clock is there already is ready, and one that missed it is found`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let worker = Self.worker(database, try await keptKeeper(database, time), time)
            worker.registerLong("renewal") { _ in }
            let clock = ClockID.make(at: testNow)
            try await database.transaction(as: .system) { transaction in
                _ = try await transaction.execute(
                    "INSERT INTO app.test_clocks VALUES (\(clock), 'test', \(testNow.adding(seconds: 60)), \(testNow))"
                )
            }
            func renewal(_ seconds: Int64?) -> JobRequest {
                JobRequest(
                    kind: "renewal",
                    payload: [:],
                    runAt: testNow,
                    dueAt: seconds.map { testNow.adding(seconds: $0) },
                    clock: clock
                )
            }
            try await Self.enqueue([renewal(60), renewal(nil), renewal(61)], in: database)
            #expect(await worker.work() == 2)
            // The clock is moved by somebody who does not see the job yet.
            try await database.transaction(as: .system) { transaction in
                _ = try await transaction.execute("UPDATE app.test_clocks SET at = \(testNow.adding(seconds: 61))")
            }
            #expect(await worker.work() == 1)
        }
    }

    @Test func `retries wait longer each time, up to an hour and a quarter`() {
        for salt in [0, 500, 999] as [UInt64] {
            let waits = (1...30).map { Backoff.seconds(afterAttempt: $0, salt: salt) }
            #expect(zip(waits, waits.dropFirst()).allSatisfy { $0 <= $1 })
            #expect((1...1.25).contains(waits[0]) && (4...5).contains(waits[1]) && (16...20).contains(waits[2]))
            #expect((3_600...4_500).contains(waits[29]))
        }
        #expect(Backoff.seconds(afterAttempt: 3, salt: 1) != Backoff.seconds(afterAttempt: 3, salt: 2))
    }

    @Test func `only what waits can be cancelled, only what ended badly revived`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let worker = Self.worker(database, try await keptKeeper(database, time), time)
            worker.registerLong("any") { _ in }
            let stamp = Stamp(now: testNow, author: .command)
            let ids = try await database.transaction(as: .system) { transaction in
                try await JobOperations.enqueue(Self.requests(2, "any"), at: testNow, in: transaction)
            }
            try await database.transaction(as: .system) { transaction in
                try await JobOperations.cancel(ids[0], by: stamp, in: transaction)
            }
            #expect(await worker.work() == 1)
            for (id, isRetry) in [(ids[1], false), (ids[1], true), (BackgroundJobID.make(at: testNow), true)] {
                await #expect(throws: JobError.self) {
                    try await database.transaction(as: .system) { transaction in
                        if isRetry {
                            try await JobOperations.retry(id, by: stamp, in: transaction)
                        } else {
                            try await JobOperations.cancel(id, by: stamp, in: transaction)
                        }
                    }
                }
            }
            try await database.transaction(as: .system) { transaction in
                try await JobOperations.retry(ids[0], by: stamp, in: transaction)
                let verbs = try await Activity.list(tenant: nil, limit: 10, in: transaction).map(\.verb)
                #expect(verbs.sorted() == ["job.cancelled", "job.retried"])
            }
            #expect(await worker.work() == 1)
        }
    }
}
