import Inference
import Jobs
import Logging
import Postgres
import Tenants
import TestSupport
import Testing
import Values

/// Jobs that nobody waits for.
@Suite struct AsynchronousJobTests {
    private static let reply = ScriptedGenerator.Reply(["abcd", "efgh"])

    private static func submission(_ more: JSONObject = [:]) throws -> JobSubmission {
        var body: JSONObject = ["task": "generate", "input": ["prompt": "12345678", "max_tokens": 10]]
        for (key, value) in more { body[key] = value }
        var fields = try JSONFields(.object(body))
        return try JobSubmission(&fields)
    }

    private static func submit(
        _ more: JSONObject = [:],
        to service: InferenceService? = nil,
        in world: InferenceWorld
    ) async throws -> InferenceJob {
        let service = service ?? world.service
        let prepared = try await service.prepare(try submission(more), by: world.caller)
        let stamp = Stamp(now: world.time.now(), author: .key(world.caller.key))
        let job = try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
            try await InferenceOperations.submit(prepared, by: stamp, in: transaction).job
        }
        service.wake()
        return job
    }

    /// The verbs of what happened to a job.
    private static func verbs(of job: JobID, in world: InferenceWorld) async throws -> [String] {
        try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
            try await Activity.list(tenant: world.tenant, object: job.text, limit: 20, in: transaction).map(\.verb)
        }
    }

    @Test func `a job waits, runs, keeps its output, and is billed once`() async throws {
        try await InferenceWorld.with(replies: [Self.reply]) { world in
            let job = try await Self.submit(["metadata": ["order": "7"]], in: world)
            #expect(job.status == .queued && job.attempts == 0 && job.startedAt == nil && job.output == nil)
            let done = try await world.ended(job.id)
            #expect(done.status == .succeeded)
            #expect(done.output == ["text": "abcdefgh", "finish_reason": "stop"])
            #expect(done.attempts == 1 && done.startedAt != nil && done.finishedAt != nil)
            #expect(done.metadata == ["order": "7"])
            #expect(done.usage?.promptTokens == 2 && done.usage?.completionTokens == 2)
            #expect(try await world.usage(of: job.id) == ["input": 2, "output": 2, "requests": 1, "cpu": 3])
            #expect(try await world.budget().reserved == 0)
            #expect(try await Self.verbs(of: job.id, in: world) == ["job.succeeded"])
        }
    }

    @Test func `the worst case is set aside at submission, and over the limit a job is refused`() async throws {
        try await InferenceWorld.with(
            prices: [("tokens.output", "0.10")],
            spendLimit: "2.50",
            replies: [InferenceWorld.slow]
        ) { world in
            _ = try await Self.submit(in: world)
            _ = try await Self.submit(in: world)
            let refusal = await #expect(throws: InferenceError.self) { _ = try await Self.submit(in: world) }
            #expect(refusal?.problem.code == "insufficient_quota")
            #expect(try await world.jobs().count == 2)
        }
    }

    @Test func `no more run at once than the plan lets, and no more wait`() async throws {
        try await InferenceWorld.with(
            features: ["inference": ["concurrency": 1, "queued": 2]],
            replies: [ScriptedGenerator.Reply((0..<10).map { _ in "abcd" }, pause: .milliseconds(60))]
        ) { world in
            let first = try await Self.submit(in: world)
            try await world.wait { try await world.job(first.id).status == .running }
            let low = try await Self.submit(["priority": -5], in: world)
            let high = try await Self.submit(["priority": 5], in: world)
            let refusal = await #expect(throws: InferenceError.self) { _ = try await Self.submit(in: world) }
            #expect(refusal?.problem.code == "rate_limit_exceeded")
            // Who waits is let in all the same: its queue is another one.
            let run = try await world.service.begin(InferenceWorld.request(maxTokens: 1), by: world.caller)
            _ = try await run.answer()
            try await world.wait(for: .seconds(20)) {
                // So that it can be told what began first.
                world.time.set(world.time.now().adding(microseconds: 1_000))
                let running = try await world.jobs().filter { $0.status == .running }
                #expect(running.count <= 1)
                return try await world.jobs().allSatisfy(\.status.isFinal)
            }
            let begun = [try await world.job(high.id), try await world.job(low.id)].compactMap(\.startedAt)
            #expect(begun.count == 2 && begun[0] < begun[1])
        }
    }

    @Test func `a job that waits or runs is cancelled, and what it generated is charged`() async throws {
        try await InferenceWorld.with(
            features: ["inference": ["concurrency": 1]],
            replies: [InferenceWorld.slow]
        ) { world in
            let first = try await Self.submit(["input": ["prompt": "12345678", "max_tokens": 90]], in: world)
            try await world.wait { try await world.job(first.id).status == .running }
            let second = try await Self.submit(in: world)
            let cancelled = try await world.service.cancel(second.id, by: world.caller)
            #expect(cancelled.status == .cancelled)
            #expect(try await world.usage(of: second.id) == [:])
            try await Task.sleep(for: .milliseconds(300))
            _ = try await world.service.cancel(first.id, by: world.caller)
            let ended = try await world.ended(first.id)
            #expect(ended.status == .cancelled && ended.output == nil)
            let tokens = try #require(ended.usage?.completionTokens)
            #expect((1..<90).contains(tokens))
            #expect(try await world.usage(of: first.id)["output"] == Exact(tokens))
            #expect(try await world.budget().reserved == 0)
            #expect(try await Self.verbs(of: second.id, in: world).contains("job.cancelled"))
        }
    }

    @Test func `a job whose time has passed expires, whether it waits or runs`() async throws {
        try await InferenceWorld.with(
            features: ["inference": ["concurrency": 1]],
            replies: [InferenceWorld.slow]
        ) { world in
            let running = try await Self.submit(
                ["input": ["prompt": "12345678", "max_tokens": 90], "timeout": 2],
                in: world
            )
            try await world.wait { try await world.job(running.id).status == .running }
            let waiting = try await Self.submit(["timeout": 5], in: world)
            world.time.set(world.time.now().adding(seconds: 6))
            let late = try await world.ended(waiting.id)
            #expect(late.status == .expired && late.usage == nil && late.attempts == 0)
            let cut = try await world.ended(running.id)
            #expect(cut.status == .expired && cut.error?["code"] == "timeout")
            #expect(try await world.usage(of: running.id)["output"] == cut.usage.map { Exact($0.completionTokens) })
            #expect(try await world.budget().reserved == 0)
        }
    }

    @Test func `a failure that may pass is tried again later, and at last is a dead letter that can be revived`()
        async throws
    {
        try await InferenceWorld.with(replies: [ScriptedGenerator.Reply(["abcd"], failure: .engineLost)]) { world in
            let job = try await Self.submit(in: world)
            for attempt in 1...4 {
                try await world.wait {
                    let now = try await world.job(job.id)
                    return now.attempts == attempt && now.status != .running
                }
                let waiting = try await world.job(job.id)
                #expect(waiting.status == (attempt < 4 ? .queued : .failed))
                // So long is waited after the third failure at most.
                world.time.set(world.time.now().adding(seconds: 25))
            }
            let dead = try await world.job(job.id)
            #expect(dead.error?["code"] == "generation_interrupted")
            #expect(try await world.usage() == [:])
            #expect(try await world.budget().reserved == 0)
            #expect(try await Self.verbs(of: job.id, in: world) == ["job.failed"])
            let stamp = Stamp(now: world.time.now(), author: .command)
            let revived = try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                try await InferenceOperations.retry(job.id, of: world.tenant, by: stamp, in: transaction)
            }
            #expect(revived.status == .queued && revived.attempts == 0 && revived.error == nil)
            let reserved = try await world.budget().reserved
            #expect(reserved > 0)
            await #expect(throws: Problem.self) {
                try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                    _ = try await InferenceOperations.retry(job.id, of: world.tenant, by: stamp, in: transaction)
                }
            }
        }
    }

    @Test func `what a dead node ran is run again by another, and billed once`() async throws {
        try await InferenceWorld.with(
            replies: [ScriptedGenerator.Reply((0..<20).map { _ in "abcd" }, pause: .milliseconds(100))]
        ) { world in
            let job = try await Self.submit(["input": ["prompt": "12345678", "max_tokens": 30]], in: world)
            try await world.wait { try await world.job(job.id).status == .running }
            try await world.declareLost()
            let other = NodeKeeper(url: world.database.url, name: "heir", time: world.time, logger: Logger(label: "t"))
            try await other.register()
            let heir = InferenceService(
                database: world.database,
                generators: [InferenceWorld.model: ScriptedGenerator([Self.reply])],
                keeper: other,
                time: world.time,
                logger: Logger(label: "test")
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await other.run() }
                group.addTask { try await heir.run() }
                let done = try await world.ended(job.id)
                #expect(done.status == .succeeded && done.attempts == 2)
                #expect(done.output?["text"] == "abcdefgh")
                #expect(try await world.usage(of: job.id) == ["input": 2, "output": 2, "requests": 1, "cpu": 3])
                #expect(try await world.budget().reserved == 0)
                group.cancelAll()
            }
        }
    }

    @Test func `two nodes share what waits, each job is run by one`() async throws {
        try await InferenceWorld.with(
            replies: [ScriptedGenerator.Reply(["abcd"], pause: .milliseconds(100))]
        ) { world in
            let logger = Logger(label: "test")
            let other = NodeKeeper(url: world.database.url, name: "second", time: world.time, logger: logger)
            try await other.register()
            let second = InferenceService(
                database: world.database,
                generators: [InferenceWorld.model: ScriptedGenerator([Self.reply])],
                keeper: other,
                time: world.time,
                logger: Logger(label: "test"),
                asynchronousLimit: 2
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await other.run() }
                group.addTask { try await second.run() }
                for _ in 0..<24 { _ = try await Self.submit(in: world) }
                try await world.wait(for: .seconds(30)) { try await world.jobs().allSatisfy(\.status.isFinal) }
                let jobs = try await world.jobs()
                #expect(jobs.count == 24 && jobs.allSatisfy { $0.status == .succeeded && $0.attempts == 1 })
                #expect(Set(jobs.compactMap { $0.output?["text"]?.string }) == ["abcd", "abcdefgh"])
                #expect(try await world.usage()["requests"] == 24)
                group.cancelAll()
            }
        }
    }

    @Test func `a task without a model is a job, too, and is billed as a request and its time`() async throws {
        try await InferenceWorld.with(replies: []) { world in
            let job = try await Self.submit(["task": "sentiment", "input": ["input": "I love it."]], in: world)
            let done = try await world.ended(job.id)
            #expect(done.status == .succeeded && done.output?["label"] == "positive")
            let usage = try await world.usage(of: job.id)
            #expect(usage["requests"] == 1 && usage["cpu"] ?? 0 >= 1 && usage.count == 2)
            #expect(try await world.budget().spent.exact == Exact(1, 100))
        }
    }

    @Test func `what is past its retention is gone, and its numbers stay`() async throws {
        try await InferenceWorld.with(replies: [Self.reply]) { world in
            let job = try await Self.submit(in: world)
            _ = try await world.ended(job.id)
            _ = try await world.service.forgetContents()
            #expect(try await world.job(job.id).output != nil)
            world.time.set(world.time.now().adding(seconds: 31 * 86_400))
            _ = try await world.service.forgetContents()
            let old = try await world.job(job.id)
            #expect(old.output == nil && old.usage?.completionTokens == 2)
        }
    }
}
