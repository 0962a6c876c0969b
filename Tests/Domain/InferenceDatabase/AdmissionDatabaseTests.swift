import Billing
import Inference
import Jobs
import Postgres
import Tenants
import TestSupport
import Testing
import Values

@Suite struct AdmissionDatabaseTests {
    private static let tenTokens = ScriptedGenerator.Reply((0..<10).map { _ in "abcd" }, pause: .milliseconds(10))

    /// What begin says of each of some requests that come at once.
    private static func outcomes(_ count: Int, in world: InferenceWorld) async -> [Result<InferenceAnswer, any Error>] {
        await withTaskGroup(of: Result<InferenceAnswer, any Error>.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do { return .success(try await world.ask()) } catch { return .failure(error) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private static func code(_ result: Result<InferenceAnswer, any Error>) -> String {
        switch result {
        case .success: "ok"
        case .failure(let error): Problem.of(error).code
        }
    }

    @Test func `twenty at once never overspend a limit for five`() async throws {
        try await InferenceWorld.with(
            prices: [("tokens.output", "0.10")],
            spendLimit: "5.00",
            replies: [Self.tenTokens]
        ) { world in
            let codes = await Self.outcomes(20, in: world).map(Self.code)
            #expect(codes.filter { $0 == "ok" }.count == 5)
            #expect(codes.filter { $0 == "insufficient_quota" }.count == 15)
            let budget = try await world.budget()
            #expect(budget.spent == 5)
            #expect(budget.reserved == 0)
            #expect(try await world.usage()["output"] == 50)
            #expect(try await world.jobs().count == 5)
            // The next month has its own limit.
            world.time.set(testNow.adding(seconds: 32 * 86_400))
            _ = try await world.ask()
            #expect(try await world.budget().spent == 1)
        }
    }

    @Test func `what was set aside and not used is there for the next`() async throws {
        try await InferenceWorld.with(
            prices: [("tokens.output", "0.10")],
            spendLimit: "1.05",
            replies: [ScriptedGenerator.Reply(["abcd"])]
        ) { world in
            _ = try await world.ask()
            // 0.10 is spent; ten tokens more would be within the limit only if nine had been given back: they are not.
            #expect(try await world.budget().spent == Decimal12("0.1"))
            await #expect(throws: InferenceError.self) { _ = try await world.ask() }
            _ = try await world.ask(InferenceWorld.request(maxTokens: 9))
        }
    }

    @Test func `prepaid credit covers every request or it is refused`() async throws {
        try await InferenceWorld.with(
            prices: [("tokens.output", "0.10")],
            features: ["inference": ["prepaid": true]],
            replies: [Self.tenTokens]
        ) { world in
            #expect(await Self.outcomes(1, in: world).map(Self.code) == ["insufficient_quota"])
            try await world.database.transaction(as: .admin) { transaction in
                _ = try await CreditOperations.grant(
                    try CreditGrantDraft(amount: Money(minor: 300, currency: .usd), kind: .promotional),
                    to: world.tenant,
                    by: InferenceWorld.stamp,
                    in: transaction
                )
            }
            let codes = await Self.outcomes(8, in: world).map(Self.code)
            #expect(codes.filter { $0 == "ok" }.count == 3)
            #expect(codes.filter { $0 == "insufficient_quota" }.count == 5)
        }
    }

    @Test func `a hard allowance cannot be exceeded by many at once`() async throws {
        let features: JSONValue = [
            "inference": [:], "words": ["meter": "tokens.output", "limit": "35", "hard": true],
        ]
        try await InferenceWorld.with(features: features, replies: [Self.tenTokens]) { world in
            let codes = await Self.outcomes(8, in: world).map(Self.code)
            #expect(codes.filter { $0 == "ok" }.count == 3)
            #expect(codes.filter { $0 == "insufficient_quota" }.count == 5)
            let usage = try await world.usage()
            #expect(usage["output"] == 30)
        }
    }

    @Test func `requests beyond the minute's bound are refused with a time`() async throws {
        let features: JSONValue = ["inference": ["requests_per_minute": 2]]
        try await InferenceWorld.with(features: features, replies: [ScriptedGenerator.Reply(["abcd"])]) { world in
            let first = try await world.service.begin(InferenceWorld.request(), by: world.caller)
            #expect(first.rates.requests.remaining == 1)
            #expect(first.rates.tokens.remaining == 200_000 - 12)
            #expect(first.rates.headers.contains { $0 == ("x-ratelimit-reset-requests", "60s") })
            _ = try await first.answer()
            world.time.set(world.time.now().adding(seconds: 20))
            _ = try await world.ask()
            let error = await #expect(throws: InferenceError.self) { _ = try await world.ask() }
            #expect(error == .refused(.requestRate(limit: 2, retryAfterSeconds: 40)))
            #expect(error?.problem.code == "rate_limit_exceeded")
            #expect(error?.problem.retryAfterSeconds == 40)
            #expect(try await world.service.rates(of: world.tenant)?.requests.remaining == 0)
            world.time.set(world.time.now().adding(seconds: 41))
            _ = try await world.ask()
            #expect(try await world.jobs().count == 3)
        }
    }

    @Test func `tokens beyond the minute's bound are refused`() async throws {
        let features: JSONValue = ["inference": ["tokens_per_minute": 20]]
        try await InferenceWorld.with(features: features, replies: [ScriptedGenerator.Reply(["abcd"])]) { world in
            _ = try await world.ask()
            _ = try await world.ask()
            // Two answers took three tokens each; twelve more fit, thirteen would not.
            _ = try await world.ask(InferenceWorld.request(maxTokens: 12))
            let error = await #expect(throws: InferenceError.self) { _ = try await world.ask() }
            #expect(error == .refused(.tokenRate(limit: 20, needed: 12, retryAfterSeconds: 60)))
            #expect(error?.isRetryable == true)
        }
    }

    @Test func `what cannot begin leaves nothing behind`() async throws {
        let features: JSONValue = ["inference": ["models": [.string(InferenceWorld.model)]]]
        try await InferenceWorld.with(features: features, replies: [Self.tenTokens]) { world in
            await #expect(throws: InferenceError.modelNotFound("gpt-9")) {
                _ = try await world.ask(InferenceWorld.request(model: "gpt-9"))
            }
            let tooLong = await #expect(throws: InferenceError.self) {
                _ = try await world.ask(InferenceWorld.request(maxTokens: 5000))
            }
            #expect(tooLong?.problem.code == "context_length_exceeded")
            #expect(tooLong?.problem.kind == .invalid)
            var wrong = InferenceWorld.request()
            wrong.sampling.temperature = 9
            let invalid = await #expect(throws: InferenceError.self) { _ = try await world.ask(wrong) }
            #expect(invalid?.problem.errors.first?.field == "temperature")
            let stranger = try await InferenceWorld.makeTenant(in: world.database)
            let caller = InferenceCaller(tenant: stranger, key: world.caller.key)
            await #expect(throws: InferenceError.refused(.notEntitled)) {
                _ = try await world.service.begin(InferenceWorld.request(), by: caller)
            }
            try await world.database.transaction(as: .admin) { transaction in
                _ = try await TenantOperations.suspend(world.tenant, by: InferenceWorld.stamp, in: transaction)
            }
            let suspended = await #expect(throws: InferenceError.self) { _ = try await world.ask() }
            #expect(suspended?.problem.kind == .forbidden)
            #expect(try await world.jobs().isEmpty)
            #expect(try await world.usage() == [:])
        }
    }

    @Test func `a plan names the models that it allows`() async throws {
        let features: JSONValue = ["inference": ["models": ["another"]]]
        try await InferenceWorld.with(features: features, replies: [Self.tenTokens]) { world in
            await #expect(throws: InferenceError.modelNotFound("auto")) { _ = try await world.ask() }
            let models = try await world.service.models(of: world.tenant)
            #expect(models.isEmpty)
        }
    }

    @Test func `beyond as many as may run others wait, and beyond those they are refused`() async throws {
        let features: JSONValue = ["inference": ["concurrency": 1, "queued": 1]]
        var slow = InferenceWorld.slow
        slow.trigger = "slowly"
        try await InferenceWorld.with(features: features, replies: [slow, Self.tenTokens]) { world in
            let long = InferenceWorld.request("slowly", maxTokens: 200)
            let first = try await world.service.begin(long, by: world.caller)
            let second = try await world.service.begin(InferenceWorld.request(), by: world.caller)
            #expect(try await world.job(second.job).status == .queued)
            await #expect(throws: InferenceError.refused(.concurrency(running: 1, waiting: 1))) {
                _ = try await world.service.begin(InferenceWorld.request(), by: world.caller)
            }
            first.cancel()
            _ = try await first.answer()
            #expect(try await second.answer().usage.completionTokens == 10)
            let other = try await world.service.begin(long, by: world.caller)
            let left = try await world.service.begin(InferenceWorld.request(), by: world.caller)
            left.cancel()
            #expect(try await left.answer().usage == .none)
            #expect(try await world.job(left.job).usage == nil)
            #expect(try await world.usage(of: left.job) == [:])
            other.cancel()
            _ = try await other.answer()
        }
    }
}
