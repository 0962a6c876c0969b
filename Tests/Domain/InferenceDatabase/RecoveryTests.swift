import Inference
import Postgres
import TestSupport
import Testing
import Values

@Suite struct RecoveryTests {
    @Test func `what a dead server was streaming is billed once, at the last recorded count`() async throws {
        try await InferenceWorld.with(replies: [InferenceWorld.slow]) { world in
            let run = try await world.service.begin(InferenceWorld.request(maxTokens: 300), by: world.caller)
            let reader = Task { for try await _ in run.events {} }
            // A beat comes each second.
            try await world.wait { try await world.deliveredTokens(of: run.job) > 0 }
            try await world.declareLost()
            let recorded = try await world.deliveredTokens(of: run.job)
            let heirs = [try await world.neighbour(), try await world.neighbour(), world.service]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for heir in heirs { group.addTask { try await heir.recover() } }
                try await group.waitForAll()
            }
            let job = try await world.job(run.job)
            #expect(job.status == .failed)
            #expect(job.error?["code"] == "generation_interrupted")
            let expected: [String: Exact] = ["input": 2, "output": Exact(recorded), "requests": 1]
            #expect(try await world.usage() == expected)
            let budget = try await world.budget()
            #expect(budget.reserved == 0)
            #expect(budget.spent.exact == Exact(recorded) * Exact(2, 1000) + Exact(12, 1000))
            // The old server goes on; what it would settle is refused, and its reader learns so.
            run.cancel()
            await #expect(throws: InferenceError.leaseLost) { try await reader.value }
            #expect(try await world.usage() == expected)
            #expect(try await world.job(run.job) == job)
        }
    }

    @Test func `a holder whose lease is void settles nothing, and an answer nobody got costs nothing`() async throws {
        try await InferenceWorld.with(replies: [InferenceWorld.slow]) { world in
            let request = InferenceWorld.request(maxTokens: 200, isStream: false)
            let run = try await world.service.begin(request, by: world.caller)
            try await world.declareLost()
            run.cancel()
            await #expect(throws: InferenceError.leaseLost) { _ = try await run.answer() }
            #expect(try await world.usage() == [:])
            try await world.neighbour().recover()
            #expect(try await world.job(run.job).status == .failed)
            #expect(try await world.usage() == [:])
            #expect(try await world.budget().reserved == 0)
        }
    }

    @Test func `under a void lease nothing begins`() async throws {
        try await InferenceWorld.with(replies: [InferenceWorld.slow]) { world in
            try await world.declareLost()
            await #expect(throws: InferenceError.leaseLost) {
                _ = try await world.service.begin(InferenceWorld.request(), by: world.caller)
            }
            #expect(try await world.jobs().isEmpty)
        }
    }

    @Test func `a job of a live server is not taken over`() async throws {
        try await InferenceWorld.with(replies: [InferenceWorld.slow]) { world in
            let run = try await world.service.begin(InferenceWorld.request(maxTokens: 200), by: world.caller)
            try await world.neighbour().recover()
            #expect(try await world.job(run.job).status == .running)
            run.cancel()
            let tokens = try await run.answer().usage.completionTokens
            #expect(try await world.job(run.job).status == .cancelled)
            #expect(try await world.usage()["output"] ?? 0 == Exact(tokens))
        }
    }

    @Test func `a job is cancelled from another server`() async throws {
        try await InferenceWorld.with(replies: [InferenceWorld.slow]) { world in
            let run = try await world.service.begin(InferenceWorld.request(maxTokens: 300), by: world.caller)
            _ = try await world.neighbour().cancel(run.job, by: world.caller)
            let answer = try await run.answer()
            #expect(answer.finishReason == .cancelled)
            #expect(try await world.job(run.job).status == .cancelled)
            #expect(try await world.usage()["output"] ?? 0 == Exact(answer.usage.completionTokens))
        }
    }

    @Test func `a server that ends settles what it was streaming`() async throws {
        try await withDatabase(connections: 8) { database in
            var seen: (world: InferenceWorld, job: JobID)?
            let tenant = try await InferenceWorld.makeTenant(in: database)
            try await InferenceWorld.subscribe(
                tenant,
                prices: InferenceWorld.prices,
                features: ["inference": [:]],
                in: database
            )
            try await InferenceWorld.registerModel(in: database)
            try await InferenceWorld.run(database, tenant, [InferenceWorld.slow]) { world in
                let run = try await world.service.begin(InferenceWorld.request(maxTokens: 300), by: world.caller)
                _ = try await read(run, pieces: 3)
                seen = (world, run.job)
            }
            let (world, id) = try #require(seen)
            let job = try await world.job(id)
            #expect(job.status.isFinal)
            let tokens = try #require(job.usage?.completionTokens)
            #expect(tokens >= 3)
            #expect(try await world.usage()["output"] == Exact(tokens))
            #expect(try await world.budget().reserved == 0)
        }
    }

    @Test func `a tenant neither sees nor cancels the jobs of another`() async throws {
        try await InferenceWorld.with(replies: [ScriptedGenerator.Reply(["abcd"])]) { world in
            let answer = try await world.ask()
            let other = try await InferenceWorld.makeTenant(in: world.database)
            let found = try await world.database.transaction(as: .tenant(other)) { transaction in
                [
                    try await InferenceJobQueries.find(answer.job, of: other, in: transaction),
                    try await InferenceJobQueries.find(answer.job, of: world.tenant, in: transaction),
                ]
            }
            #expect(found == [nil, nil])
            let caller = InferenceCaller(tenant: other, key: world.caller.key)
            await #expect(throws: InferenceError.jobNotFound(answer.job.text)) {
                _ = try await world.service.cancel(answer.job, by: caller)
            }
            let rows = try await world.database.transaction(as: .tenant(other)) { transaction in
                try await InferenceJobQueries.list(of: world.tenant, limit: 10, in: transaction)
            }
            #expect(rows.isEmpty)
        }
    }
}
