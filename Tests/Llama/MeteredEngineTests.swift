import Foundation
import Glibc
import Inference
import Jobs
import Logging
import Metering
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

/// The whole path with the real model: admission, engine, settlement.
@Suite(.serialized) struct MeteredEngineTests {
    private static let stamp = Stamp(now: testNow, author: .command)
    private static let endless = SamplingParameters(temperature: 0, logitBias: [2: -100, 0: -100])

    private struct World: Sendable {
        let database: Database
        let pool: EnginePool
        let service: InferenceService
        let caller: InferenceCaller

        func usage(of job: JobID) async throws -> [String: Exact] {
            guard let all = Period(start: testNow, end: testNow.adding(seconds: 86_400)) else { return [:] }
            return try await database.transaction(as: .tenant(caller.tenant)) { transaction in
                var usage: [String: Exact] = [:]
                for meter in InferenceMeter.allCases {
                    let events = try await UsageQueries.ratingEvents(
                        of: caller.tenant,
                        meter: meter.rawValue,
                        during: all,
                        in: transaction
                    )
                    for event in events where event.id.hasPrefix("\(job):") {
                        usage[meter.rawValue, default: .zero] += event.value
                    }
                }
                return usage
            }
        }

        func budget() async throws -> Budget? {
            try await database.transaction(as: .tenant(caller.tenant)) { transaction in
                try await BudgetQueries.find(caller.tenant, in: transaction)
            }
        }
    }

    private static func withWorld(_ body: (World) async throws -> Void) async throws {
        try await withDatabase { database in
            try await EngineFixture.withPool { pool in
                let tenant = try await prepare(database)
                let time = ManualTime(testNow.adding(seconds: 60))
                let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: logger)
                try await keeper.register()
                let service = InferenceService(
                    database: database,
                    generators: ["smollm2-135m-instruct": pool],
                    keeper: keeper,
                    time: time,
                    logger: logger
                )
                let caller = InferenceCaller(tenant: tenant, key: KeyID.make(at: testNow))
                let world = World(database: database, pool: pool, service: service, caller: caller)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await keeper.run() }
                    group.addTask { try await service.run() }
                    let result: Result<Void, any Error>
                    do { result = .success(try await body(world)) } catch { result = .failure(error) }
                    group.cancelAll()
                    while await group.nextResult() != nil {}
                    try result.get()
                }
            }
        }
    }

    /// Registers the model's folder and makes a tenant with a plan.
    private static func prepare(_ database: Database) async throws -> TenantID {
        let folder = URL(fileURLWithPath: EngineFixture.model).deletingLastPathComponent().path
        let models = try await ModelOperations.register(folder: folder, in: database, by: stamp)
        #expect(models.contains { $0.name == "smollm2-135m-instruct" && $0.parameters == 134_515_008 })
        let plan: JSONValue = [
            "code": "pro", "currency": "USD", "interval": ["unit": "month"],
            "prices": [["code": "out", "model": "per_unit", "meter": "tokens.output", "unit_amount": "0.002"]],
            "features": ["inference": [:]],
        ]
        let tenant = try await database.transaction(as: .admin) { transaction in
            _ = try await PlanOperations.publish(try PlanDraft(json: plan), by: stamp, in: transaction)
            return try await TenantOperations.create(
                try TenantDraft(name: "Acme", currency: .usd),
                by: stamp,
                in: transaction
            ).id
        }
        try await database.transaction(as: .tenant(tenant)) { transaction in
            _ = try await SubscriptionOperations.create(
                SubscriptionDraft(plan: "pro"),
                for: tenant,
                by: stamp,
                in: transaction
            )
        }
        return tenant
    }

    private static func request(_ text: String, maxTokens: Int, isStream: Bool = true) -> InferenceRequest {
        InferenceRequest(
            model: "auto",
            prompt: EngineFixture.chat(text),
            sampling: isStream ? endless : .greedy,
            maxTokens: maxTokens,
            isStream: isStream
        )
    }

    @Test func `an answer of the real model is metered to the token`() async throws {
        try await Self.withWorld { world in
            let run = try await world.service.begin(
                Self.request("Say hello.", maxTokens: 12, isStream: false),
                by: world.caller
            )
            let answer = try await run.answer()
            #expect(!answer.text.isEmpty)
            #expect(answer.usage.promptTokens == run.promptTokens)
            let usage = try await world.usage(of: run.job)
            #expect((usage["tokens.input"] ?? 0) + (usage["tokens.cached"] ?? 0) == Exact(run.promptTokens))
            #expect(usage["tokens.output"] == Exact(answer.usage.completionTokens))
            #expect(usage["requests"] == 1)
            #expect(usage["cpu_milliseconds"] == Exact(answer.usage.cpuMilliseconds))
            #expect(try await world.budget()?.reserved == 0)
            #expect(try await world.budget()?.spent.exact == Exact(answer.usage.completionTokens) * Exact(2, 1000))
        }
    }

    @Test func `an engine killed in the middle of a stream bills what was read, once`() async throws {
        try await Self.withWorld { world in
            let run = try await world.service.begin(
                Self.request("Tell me everything.", maxTokens: 900),
                by: world.caller
            )
            var events = run.events.makeAsyncIterator()
            var read = 0
            while read < 5, let event = try await events.next() {
                if case .piece(_, let tokens, _) = event { read += tokens }
            }
            let engine = try #require(world.pool.status.workers[0].processIdentifier)
            kill(engine, SIGKILL)
            await #expect(throws: InferenceError.engineLost) {
                while let event = try await events.next() {
                    if case .piece(_, let tokens, _) = event { read += tokens }
                }
            }
            let usage = try await world.usage(of: run.job)
            #expect(usage["tokens.output"] == Exact(read))
            #expect((usage["tokens.input"] ?? 0) + (usage["tokens.cached"] ?? 0) == Exact(run.promptTokens))
            #expect(try await world.budget()?.reserved == 0)
            let next = try await world.service.begin(
                Self.request("Hi", maxTokens: 3, isStream: false),
                by: world.caller
            ).answer()
            #expect(next.usage.completionTokens > 0)
        }
    }

    @Test func `a client that hangs up pays for at most a few tokens more than it has read`() async throws {
        try await Self.withWorld { world in
            let run = try await world.service.begin(
                Self.request("Tell me everything.", maxTokens: 900),
                by: world.caller
            )
            let reader = Task {
                var read = 0
                for try await event in run.events {
                    if case .piece(_, let tokens, _) = event { read += tokens }
                }
                return read
            }
            try await Task.sleep(for: .seconds(1))
            reader.cancel()
            let read = try await reader.value
            let deadline = SuspendingClock.now + .seconds(10)
            while try await world.usage(of: run.job).isEmpty {
                try #require(SuspendingClock.now < deadline)
                try await Task.sleep(for: .milliseconds(20))
            }
            let output = try #require(try await world.usage(of: run.job)["tokens.output"])
            #expect(output >= Exact(read))
            #expect(output <= Exact(read + 20))
        }
    }
}
