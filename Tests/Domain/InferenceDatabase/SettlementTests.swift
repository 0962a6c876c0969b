import Inference
import Jobs
import Metering
import Postgres
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct SettlementTests {
    @Test func `an answer writes the exact usage once and gives the reservation back`() async throws {
        let replies = [ScriptedGenerator.Reply(["abcd", "efgh"], cachedTokens: 1)]
        try await InferenceWorld.with(replies: replies) { world in
            let run = try await world.service.begin(InferenceWorld.request(), by: world.caller)
            #expect(run.promptTokens == 2)
            #expect(run.route == "\(InferenceWorld.model)@\(run.version); alias auto")
            let answer = try await run.answer()
            #expect(answer.text == "abcdefgh")
            #expect(answer.finishReason == .stop)
            #expect(answer.usage.completionTokens == 2)
            #expect(try await world.usage() == ["input": 1, "cached": 1, "output": 2, "requests": 1, "cpu": 3])
            for event in try await world.events() {
                #expect(event.id.hasPrefix("\(answer.job):"))
                #expect(event.properties["model"] == .string(InferenceWorld.model))
                #expect(event.properties["version"] == .string(run.version))
                #expect(event.properties["task"] == "generate")
                #expect(event.properties["key"] == world.caller.key.json)
                #expect(event.at == world.time.now())
            }
            let budget = try await world.budget()
            #expect(budget.reserved == 0)
            #expect(budget.spent == Decimal12("0.015"))
            #expect(budget.windowStart == testNow)
            let job = try await world.job(answer.job)
            #expect(job.status == .succeeded)
            #expect(job.finishReason == "stop")
            #expect(job.usage == answer.usage)
            #expect(job.json["usage"]?["total_tokens"] == 4)
            #expect(job.json["object"] == "job")
            #expect(job.finishedAt == world.time.now())
        }
    }

    @Test func `while it runs the most it can cost is set aside`() async throws {
        try await InferenceWorld.with(replies: [InferenceWorld.slow]) { world in
            let run = try await world.service.begin(InferenceWorld.request(maxTokens: 10), by: world.caller)
            #expect(try await world.budget().reserved == Decimal12("0.032"))
            #expect(try await world.job(run.job).status == .running)
            run.cancel()
            _ = try await run.answer()
            #expect(try await world.budget().reserved == 0)
            let open = try await world.service.begin(InferenceWorld.request(maxTokens: nil), by: world.caller)
            #expect(try await world.budget().reserved == Decimal12("4.104"))
            open.cancel()
            _ = try await open.answer()
        }
    }

    @Test func `a client that leaves pays for what was generated, and no more is`() async throws {
        let pieces = (0..<60).map { _ in "abcd" }
        let replies = [ScriptedGenerator.Reply(pieces, pause: .milliseconds(20))]
        try await InferenceWorld.with(replies: replies) { world in
            let request = InferenceWorld.request(maxTokens: 100)
            let run = try await world.service.begin(request, by: world.caller)
            let count = Mutex(0)
            let reader = Task {
                for try await event in run.events {
                    if case .piece = event { count.withLock { $0 += 1 } }
                }
            }
            try await world.wait { count.withLock { $0 } >= 3 }
            reader.cancel()
            try await reader.value
            let read = count.withLock { $0 }
            let job = try await world.ended(run.job)
            #expect(job.status == .cancelled)
            let usage = try #require(job.usage)
            #expect(usage.completionTokens >= read)
            #expect(usage.completionTokens <= read + 2)
            let stored = try await world.usage()
            #expect(stored["input"] == 2)
            #expect(stored["output"] == Exact(usage.completionTokens))
            #expect(try await world.budget().reserved == 0)
        }
    }

    @Test func `an answer that is cancelled still tells what was used`() async throws {
        let pieces = (0..<60).map { _ in "abcd" }
        let replies = [ScriptedGenerator.Reply(pieces, pause: .milliseconds(20))]
        try await InferenceWorld.with(replies: replies) { world in
            let run = try await world.service.begin(InferenceWorld.request(maxTokens: 100), by: world.caller)
            var events = try await read(run, pieces: 3)
            run.cancel()
            var last: InferenceEvent?
            while let event = try await events.next() { last = event }
            guard case .finished(.cancelled, let usage) = last else {
                Issue.record("ended with \(String(describing: last))")
                return
            }
            #expect((3...5).contains(usage.completionTokens))
            #expect(try await world.usage()["output"] == Exact(usage.completionTokens))
        }
    }

    @Test(arguments: [true, false])
    func `of an answer that the engine cut only what was read is charged`(isStream: Bool) async throws {
        let replies = [ScriptedGenerator.Reply(["abcd", "efgh", "ijkl"], failure: .engineLost)]
        try await InferenceWorld.with(replies: replies) { world in
            let run = try await world.service.begin(InferenceWorld.request(isStream: isStream), by: world.caller)
            await #expect(throws: InferenceError.engineLost) { _ = try await run.answer() }
            let job = try await world.job(run.job)
            #expect(job.status == .failed)
            #expect(job.error?["code"] == "generation_interrupted")
            let expected: [String: Exact] = isStream ? ["input": 2, "output": 3, "requests": 1] : [:]
            #expect(try await world.usage() == expected)
            #expect(try await world.budget().reserved == 0)
        }
    }

    @Test func `a request that the engine refuses before any work costs nothing`() async throws {
        let replies = [ScriptedGenerator.Reply(to: "something else", ["abcd"])]
        try await InferenceWorld.with(replies: replies) { world in
            let run = try await world.service.begin(InferenceWorld.request(), by: world.caller)
            await #expect(throws: InferenceError.self) { _ = try await run.answer() }
            #expect(try await world.usage() == [:])
            let budget = try await world.budget()
            #expect(budget.spent == 0)
            #expect(budget.reserved == 0)
            #expect(try await world.job(run.job).status == .failed)
        }
    }

    @Test func `a time limit ends an answer, and what was made is charged`() async throws {
        let pieces = (0..<200).map { _ in "abcd" }
        let replies = [ScriptedGenerator.Reply(pieces, pause: .milliseconds(20))]
        try await InferenceWorld.with(replies: replies) { world in
            var request = InferenceWorld.request(maxTokens: 300)
            request.timeout = .seconds(1)
            let run = try await world.service.begin(request, by: world.caller)
            await #expect(throws: InferenceError.expired) { _ = try await run.answer() }
            let job = try await world.job(run.job)
            #expect(job.status == .expired)
            let tokens = try #require(job.usage?.completionTokens)
            #expect((5...60).contains(tokens))
            #expect(try await world.usage()["output"] == Exact(tokens))
        }
    }

    @Test func `an event of the tenant's own with the job's id does not make an answer free`() async throws {
        try await InferenceWorld.with(replies: [InferenceWorld.slow]) { world in
            let run = try await world.service.begin(InferenceWorld.request(maxTokens: 200), by: world.caller)
            _ = try await read(run, pieces: 2)
            try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                let event = try UsageEvent(id: "\(run.job):output", meter: "tokens.output", at: testNow, value: 0)
                _ = try await MeteringOperations.ingest(
                    [(tenant: world.tenant, event: event)],
                    recordedAt: testNow,
                    in: transaction
                )
            }
            let job = try await world.ended(run.job)
            let output = try await world.usage(of: run.job).filter { $0.key.hasPrefix("output") }.values
            let tokens = try #require(job.usage?.completionTokens)
            #expect(tokens >= 2)
            #expect(output.reduce(.zero, +) == Exact(tokens))
        }
    }

    @Test func `a price by model adds up event by event`() async throws {
        let replies = [ScriptedGenerator.Reply(["abcd", "efgh"])]
        try await withMatrixPlan(replies) { world in
            for _ in 0..<3 { _ = try await world.ask() }
            let budget = try await world.budget()
            #expect(budget.spent == Decimal12("1.8"))
            #expect(budget.spentByEvent == Decimal12("1.8"))
            // A month later it begins anew.
            world.time.set(testNow.adding(seconds: 32 * 86_400))
            _ = try await world.ask()
            #expect(try await world.budget().spent == Decimal12("0.6"))
        }
    }

    private func withMatrixPlan(
        _ replies: [ScriptedGenerator.Reply],
        _ body: @escaping (InferenceWorld) async throws -> Void
    ) async throws {
        try await InferenceWorld.with(prices: [], features: [:], replies: replies) { world in
            let price: JSONValue = [
                "code": "tokens", "model": "matrix", "meter": "tokens.output", "dimensions": ["model"],
                "cells": [["when": ["model": .string(InferenceWorld.model)], "unit_amount": "0.3"]],
                "default_unit_amount": "1",
            ]
            try await InferenceWorld.subscribe(
                world.tenant,
                prices: [price],
                features: ["inference": [:]],
                in: world.database
            )
            try await body(world)
        }
    }
}
