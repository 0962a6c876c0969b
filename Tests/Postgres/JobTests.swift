import Jobs
import Logging
import Postgres
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct JobTests {
    private static func worker(_ database: Database, _ keeper: NodeKeeper, _ time: ManualTime) -> JobWorker {
        JobWorker(database: database, keeper: keeper, time: time, logger: Logger(label: "test"))
    }

    private static func states(_ database: Database) async throws -> [String] {
        try await database.transaction(as: .system) { transaction in
            try await transaction.query("SELECT state FROM app.jobs ORDER BY job_id") { try $0.next() }
        }
    }

    @Test func `a job exists if and only if its transaction commits`() async throws {
        struct Stop: Error {}
        try await withDatabase { database in
            _ = try? await database.transaction(as: .system) { transaction in
                try await JobOperations.enqueue(
                    [JobRequest(kind: "a", payload: [:], runAt: testNow)],
                    at: testNow,
                    in: transaction
                )
                throw Stop()
            }
            #expect(try await Self.states(database) == [])
            try await database.transaction(as: .system) { transaction in
                _ = try await JobOperations.enqueue(
                    [JobRequest(kind: "a", payload: [:], runAt: testNow)],
                    at: testNow,
                    in: transaction
                )
            }
            #expect(try await Self.states(database) == ["available"])
        }
    }

    @Test func `effects and end are one, and run in order of priority`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let keeper = try await keptKeeper(database, time)
            let worker = Self.worker(database, keeper, time)
            let order = Mutex<[String]>([])
            worker.registerLong("note") { job in
                order.withLock { $0.append(job.payload["n"]?.string ?? "") }
            }
            worker.register("write") { job, now, transaction in
                try await transaction.execute(
                    "INSERT INTO app.schedules (name, expression, fired_slot) VALUES ('done', '* * * * *', \(now))"
                )
            }
            try await database.transaction(as: .system) { transaction in
                let jobs = [("late", 5), ("first", -1), ("middle", 0)].map { name, priority in
                    JobRequest(kind: "note", payload: ["n": .string(name)], runAt: testNow, priority: priority)
                }
                _ = try await JobOperations.enqueue(jobs, at: testNow, in: transaction)
                _ = try await JobOperations.enqueue(
                    [JobRequest(kind: "write", payload: [:], runAt: testNow)],
                    at: testNow,
                    in: transaction
                )
            }
            #expect(await worker.work() == 4)
            #expect(Set(order.withLock { $0 }) == ["first", "middle", "late"])
            #expect(try await Self.states(database) == Array(repeating: "done", count: 4))
            #expect(try await TransactionTests.names(database) == ["done"])
        }
    }

    @Test func `a job is not taken before its time, and one key waits only once`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let keeper = try await keptKeeper(database, time)
            let worker = Self.worker(database, keeper, time)
            worker.registerLong("later") { _ in }
            let request = JobRequest(
                kind: "later",
                payload: [:],
                runAt: testNow.adding(microseconds: 60_000_000),
                uniqueKey: "k"
            )
            try await database.transaction(as: .system) { transaction in
                _ = try await JobOperations.enqueue([request], at: testNow, in: transaction)
                _ = try await JobOperations.enqueue([request], at: testNow, in: transaction)
            }
            #expect(try await Self.states(database) == ["available"])
            #expect(await worker.work() == 0)
            time.set(testNow.adding(microseconds: 60_000_000))
            #expect(await worker.work() == 1)
            // The key is free again, and business time counts as well.
            var second = request
            second.dueAt = testNow.adding(seconds: 120)
            let due = second
            try await database.transaction(as: .system) { transaction in
                _ = try await JobOperations.enqueue([due], at: testNow, in: transaction)
            }
            #expect(Set(try await Self.states(database)) == ["done", "available"])
            #expect(await worker.work() == 0)
            time.set(testNow.adding(seconds: 120))
            #expect(await worker.work() == 1)
        }
    }

    @Test func `a failing job is tried again later, then is a dead letter that can be revived`() async throws {
        struct Broken: Error {}
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let keeper = try await keptKeeper(database, time)
            let worker = Self.worker(database, keeper, time)
            let mustFail = Mutex(true)
            worker.register("fragile") { _, _, _ in if mustFail.withLock({ $0 }) { throw Broken() } }
            let ids = try await database.transaction(as: .system) { transaction in
                try await JobOperations.enqueue(
                    [JobRequest(kind: "fragile", payload: [:], runAt: testNow, maxAttempts: 2)],
                    at: testNow,
                    in: transaction
                )
            }
            #expect(await worker.work() == 1)
            #expect(try await Self.states(database) == ["available"])
            #expect(await worker.work() == 0)
            time.set(testNow.adding(microseconds: 10_000_000))
            #expect(await worker.work() == 1)
            #expect(try await Self.states(database) == ["dead"])
            mustFail.withLock { $0 = false }
            let stamp = Stamp(now: time.now(), author: .command)
            try await database.transaction(as: .system) { transaction in
                try await JobOperations.retry(ids[0], by: stamp, in: transaction)
            }
            #expect(await worker.work() == 1)
            #expect(try await Self.states(database) == ["done"])
        }
    }

    @Test func `a holder whose node was declared lost can finish nothing`() async throws {
        try await withDatabase { database in
            let keeper = try await keptKeeper(database, ManualTime(testNow))
            let lease = keeper.lease
            let ids = try await database.transaction(as: .system) { transaction in
                try await JobOperations.enqueue(
                    [JobRequest(kind: "x", payload: [:], runAt: testNow)],
                    at: testNow,
                    in: transaction
                )
            }
            try await database.transaction(as: .system) { transaction in
                _ = try await transaction.execute(
                    """
                    UPDATE app.jobs SET state = 'running', attempt = 1, node_id = \(lease.node), node_epoch = \(lease.epoch + 1)
                    """
                )
            }
            let stale = Job(
                id: ids[0],
                kind: "x",
                payload: [:],
                tenant: nil,
                dueAt: nil,
                attempt: 1,
                maxAttempts: 3,
                lease: lease
            )
            await #expect(throws: JobError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await TransactionTests.insert("effect", transaction)
                    try await JobOperations.complete(stale, now: testNow, in: transaction)
                }
            }
            #expect(try await TransactionTests.names(database) == [])
            #expect(try await Self.states(database) == ["running"])
        }
    }

    @Test func `a slot of a schedule fires once however many workers look`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let keeper = try await keptKeeper(database, time)
            let every = try Schedule("*/15 * * * *")
            let workers = (0..<3).map { _ in Self.worker(database, keeper, time) }
            let runs = Mutex(0)
            for worker in workers {
                worker.registerLong("tick") { _ in runs.withLock { $0 += 1 } }
                worker.schedule("tick", every) { slot in JobRequest(kind: "tick", payload: [:], runAt: slot) }
            }
            for minute in [0, 1, 14, 15, 29, 31] {
                time.set(testNow.adding(microseconds: Int64(minute) * 60_000_000))
                await withTaskGroup(of: Void.self) { group in
                    for worker in workers { group.addTask { _ = await worker.work() } }
                }
            }
            #expect(runs.withLock { $0 } == 3)
        }
    }

    @Test func `jobs with a test clock wait for that clock`() async throws {
        try await withDatabase { database in
            let time = ManualTime(testNow)
            let keeper = try await keptKeeper(database, time)
            let worker = Self.worker(database, keeper, time)
            worker.registerLong("renewal") { _ in }
            let clock = ClockID.make(at: testNow)
            let due = testNow.adding(microseconds: 86_400_000_000)
            try await database.transaction(as: .system) { transaction in
                try await transaction.execute(
                    "INSERT INTO app.test_clocks VALUES (\(clock), 'test', \(testNow), \(testNow))"
                )
                _ = try await JobOperations.enqueue(
                    [JobRequest(kind: "renewal", payload: [:], runAt: testNow, dueAt: due, clock: clock)],
                    at: testNow,
                    in: transaction
                )
            }
            time.set(due.adding(microseconds: 1))
            #expect(await worker.work() == 0)
            try await database.transaction(as: .system) { transaction in
                try await JobOperations.advance(clock, to: due, now: time.now(), in: transaction)
            }
            #expect(await worker.work() == 1)
        }
    }
}

@Suite struct ScheduleTests {
    @Test(arguments: [
        ("*/15 * * * *", "2026-03-01T00:14:59Z", "2026-03-01T00:00:00Z"),
        ("0 3 * * *", "2026-03-01T02:59:59Z", "2026-02-28T03:00:00Z"),
        ("30 6 1 * *", "2026-03-15T00:00:00Z", "2026-03-01T06:30:00Z"),
        ("0 0 * * 1", "2026-03-01T12:00:00Z", "2026-02-23T00:00:00Z"),
        ("0 0 29 2 *", "2026-03-01T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("5 4 13 * 5", "2026-03-10T00:00:00Z", "2026-03-06T04:05:00Z"),
    ])
    func `the last slot is found`(expression: String, now: String, slot: String) throws {
        let schedule = try Schedule(expression)
        #expect(schedule.slot(atOrBefore: try #require(Instant(now))) == Instant(slot))
    }

    @Test(arguments: ["", "* * * *", "60 * * * *", "*/0 * * * *", "5-1 * * * *", "x * * * *", "* * 0 * *"])
    func `an expression that means nothing is refused`(expression: String) {
        #expect(throws: JobError.self) { try Schedule(expression) }
    }
}
