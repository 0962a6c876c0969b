import Inference
import Testing
import Values

@Suite struct GenerationRequestTests {
    private static func request(_ change: (inout GenerationRequest) -> Void) -> GenerationRequest {
        var request = GenerationRequest(
            id: JobID(at: Instant(seconds: 1), random: (1, 2)),
            tenant: TenantID(at: Instant(seconds: 1), random: (3, 4)),
            prompt: .text("Hello")
        )
        change(&request)
        return request
    }

    @Test func `what is out of range is refused by its name`() throws {
        try Self.request { _ in }.check()
        let wrong: [(String, (inout GenerationRequest) -> Void)] = [
            ("temperature", { $0.sampling.temperature = 2.1 }),
            ("temperature", { $0.sampling.temperature = .nan }),
            ("top_p", { $0.sampling.topP = -0.1 }),
            ("min_p", { $0.sampling.minP = 1.1 }),
            ("top_k", { $0.sampling.topK = -1 }),
            ("presence_penalty", { $0.sampling.presencePenalty = 3 }),
            ("frequency_penalty", { $0.sampling.frequencyPenalty = -3 }),
            ("logit_bias.5", { $0.sampling.logitBias = [4: 1, 5: 101] }),
            ("max_tokens", { $0.maxTokens = 0 }),
            ("stop", { $0.stop = [""] }),
            ("stop", { $0.stop = Array(repeating: "x", count: 17) }),
            ("weight", { $0.weight = 0 }),
            ("messages", { $0.prompt = .messages([]) }),
            ("prompt", { $0.prompt = .tokens([]) }),
        ]
        for (field, change) in wrong {
            let problem = #expect(throws: Problem.self) { try Self.request(change).check() }
            #expect(problem?.errors.first?.field == field)
        }
    }

    @Test func `errors say whether trying again can help`() {
        #expect(InferenceError.engineLost.isRetryable)
        #expect(InferenceError.engineLost.problem.retryAfterSeconds == 1)
        #expect(!InferenceError.contextExceeded(promptTokens: 9, maxTokens: 1, context: 8).isRetryable)
        let refusal = InferenceError.contextExceeded(promptTokens: 9, maxTokens: 1, context: 8).problem
        #expect(refusal.code == "context_length_exceeded")
        #expect(refusal.message.contains("9") && refusal.message.contains("8"))
        #expect(InferenceError.queueFull(ofTenant: true, retryAfterSeconds: 7).problem.kind == .limited)
        #expect(!InferenceError.noEngine(reason: "/srv/secret/path").problem.message.contains("secret"))
    }

    @Test func `a script answers, ends at the limit and can be cancelled`() async throws {
        let generator = ScriptedGenerator([
            .init(to: "long", ["aaaa", "bbbb", "cccc"]),
            .init(to: "fail", ["aaaa"], failure: .engineLost),
            .init(["Hi"]),
        ])
        let short = try await generator.generate(Self.request { _ in }).collected()
        #expect(short.text == "Hi" && short.usage.completionTokens == 1 && short.reason == .stop)
        let cut = try await generator.generate(
            Self.request {
                $0.prompt = .text("long")
                $0.maxTokens = 2
            }
        ).collected()
        #expect(cut.text == "aaaabbbb" && cut.reason == .length && cut.usage.completionTokens == 2)
        await #expect(throws: InferenceError.engineLost) {
            try await generator.generate(Self.request { $0.prompt = .text("fail") }).collected()
        }
    }
}
