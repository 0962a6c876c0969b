import Inference
import Testing
import Values

@Suite(.serialized) struct EngineTests {
    @Test func `an engine says what it is and what a prompt costs`() async throws {
        try await EngineFixture.withPool { pool in
            let description = try await pool.ready()
            #expect(description.architecture == "llama")
            #expect(description.weights == "Q4_1")
            #expect(description.parameters == 134_515_008)
            #expect(description.context == 1024)
            #expect(description.template == "chatml")
            #expect(description.sequences == 2)
            // The reference tokeniser's count for this chat with the template's own system message.
            #expect(try await pool.promptTokens(of: EngineFixture.chat("What is the capital of France?")) == 37)
            #expect(try await pool.promptTokens(of: .tokens([1, 2, 3])) == 3)
        }
    }

    @Test func `greedy text is the same each time, from the kept prefix too`() async throws {
        try await EngineFixture.withPool { pool in
            let prompt = EngineFixture.chat(numberedSentences(24))
            let first = try await pool.generate(EngineFixture.request(prompt)).collected()
            let second = try await pool.generate(EngineFixture.request(prompt)).collected()
            let counted = try await pool.promptTokens(of: prompt)
            #expect(first.usage.promptTokens == counted)
            #expect(first.usage.cachedTokens == 0)
            #expect(second.text == first.text)
            #expect(second.reason == first.reason)
            #expect(second.usage.promptTokens == counted)
            #expect(second.usage.cachedTokens == (counted - 1) / 128 * 128)
            #expect(second.usage.completionTokens == first.usage.completionTokens)
            #expect(second.usage.cpuMilliseconds < first.usage.cpuMilliseconds)
            #expect(!first.text.isEmpty)
        }
    }

    @Test func `a kept prefix is never another tenant's`() async throws {
        try await EngineFixture.withPool { pool in
            let prompt = EngineFixture.chat(numberedSentences(24))
            let other = TenantID(at: Instant(seconds: 1), random: (8, 8))
            _ = try await pool.generate(EngineFixture.request(prompt, maxTokens: 1)).collected()
            let theirs = try await pool.generate(EngineFixture.request(prompt, tenant: other, maxTokens: 1)).collected()
            #expect(theirs.usage.cachedTokens == 0)
        }
    }

    @Test func `a stop text ends the answer and is not part of it`() async throws {
        try await EngineFixture.withPool { pool in
            let prompt = EngineFixture.chat("Write a haiku about the sea.")
            let whole = try await pool.generate(EngineFixture.request(prompt)).collected().text
            let from = whole.index(whole.startIndex, offsetBy: 7)
            let stop = String(whole[from..<whole.index(from, offsetBy: 9)])
            let expected = String(whole[..<(whole.firstRange(of: stop)?.lowerBound ?? from)])
            let cut = try await pool.generate(EngineFixture.request(prompt, stop: ["\u{7}", stop])).collected()
            #expect(cut.text == expected)
            #expect(cut.reason == .stop)
        }
    }

    @Test func `every character comes out whole, whatever tokens it is made of`() async throws {
        try await EngineFixture.withPool { pool in
            let text = "naïve 漢字かな 😀👩‍👩‍👧‍👦 Ωмега"
            var sampling = SamplingParameters.greedy
            sampling.grammar = "root ::= \"\(text)\""
            let request = EngineFixture.request(EngineFixture.chat("Say it."), maxTokens: 200, sampling: sampling)
            var pieces: [String] = []
            var tokens = 0
            var usage = GenerationUsage.none
            for try await event in try pool.generate(request).events {
                switch event {
                case .started, .vectors, .scores: break
                case .piece(let piece, let count, _):
                    pieces.append(piece)
                    tokens += count
                case .finished(let reason, let total):
                    #expect(reason == .stop)
                    usage = total
                }
            }
            #expect(pieces.joined() == text)
            #expect(pieces.allSatisfy { !$0.unicodeScalars.contains("\u{FFFD}") })
            #expect(tokens == usage.completionTokens)
            // Some characters are several tokens: held back until they are whole.
            #expect(pieces.count < usage.completionTokens)
            #expect(usage.cpuMilliseconds > 0)
        }
    }

    @Test func `control tokens in a caller's text stay text`() async throws {
        try await EngineFixture.withPool { pool in
            let plain = try await pool.promptTokens(of: EngineFixture.chat("a b"))
            let spelled = try await pool.promptTokens(of: EngineFixture.chat("a<|im_end|> b"))
            #expect(spelled >= plain + 4)
            #expect(try await pool.promptTokens(of: .text("<|im_start|>")) > 1)
            #expect(try await pool.promptTokens(of: .text("<|endoftext|>")) > 1)
        }
    }

    @Test func `max_tokens ends the answer to the token`() async throws {
        try await EngineFixture.withPool { pool in
            for limit in [1, 5] {
                let request = EngineFixture.request(EngineFixture.chat("Tell me a story."), maxTokens: limit)
                let answer = try await pool.generate(request).collected()
                #expect(answer.usage.completionTokens == limit)
                #expect(answer.reason == .length)
            }
        }
    }

    @Test func `what does not fit the context is refused before any work, with the numbers`() async throws {
        try await EngineFixture.withPool { pool in
            let long = EngineFixture.chat(numberedSentences(100))
            let tokens = try await pool.promptTokens(of: .text(numberedSentences(40)))
            let tooLong = await #expect(throws: InferenceError.self) {
                try await pool.generate(EngineFixture.request(long, maxTokens: 1)).collected()
            }
            guard case .contextExceeded(let counted, _, 1024) = tooLong else {
                Issue.record("\(String(describing: tooLong))")
                return
            }
            #expect(counted > 1024)
            let request = EngineFixture.request(.text(numberedSentences(40)), maxTokens: 1024)
            await #expect(
                throws: InferenceError.contextExceeded(promptTokens: tokens, maxTokens: 1024, context: 1024)
            ) {
                try await pool.generate(request).collected()
            }
            // Megabytes are refused without being tokenised.
            let huge = EngineFixture.request(.text(String(repeating: "word ", count: 500_000)))
            await #expect(throws: InferenceError.self) { try await pool.generate(huge).collected() }
            await #expect(throws: InferenceError.self) { try await pool.promptTokens(of: .tokens([-1])) }
        }
    }

    @Test func `a seed repeats its picks, a banned token never comes`() async throws {
        try await EngineFixture.withPool { pool in
            let prompt = EngineFixture.chat("Write one sentence about bread.")
            let sampling = SamplingParameters(temperature: 1, topP: 0.9, seed: 42)
            let first = try await pool.generate(EngineFixture.request(prompt, sampling: sampling)).collected()
            let second = try await pool.generate(EngineFixture.request(prompt, sampling: sampling)).collected()
            #expect(first.text == second.text)
            // The end-of-turn token banned: the answer can only end at its limit.
            let endless = SamplingParameters(temperature: 0, logitBias: [2: -100, 0: -100])
            let long = try await pool.generate(
                EngineFixture.request(EngineFixture.chat("Hi"), maxTokens: 80, sampling: endless)
            ).collected()
            #expect(long.reason == .length)
            let unknown = SamplingParameters(temperature: 0, logitBias: [49_152: 1])
            await #expect(throws: InferenceError.self) {
                try await pool.generate(EngineFixture.request(prompt, sampling: unknown)).collected()
            }
        }
    }

    @Test func `what a prompt gives does not depend on who else is served`() async throws {
        try await EngineFixture.withPool(sequences: 3) { pool in
            let prompts = [20, 9, 14].map { EngineFixture.chat(numberedSentences($0) + " What was the price?") }
            var alone: [String] = []
            for prompt in prompts {
                alone.append(try await pool.generate(EngineFixture.request(prompt, maxTokens: 1)).collected().text)
            }
            // Fresh tenants: nothing is taken from a kept prefix.
            let together = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for (index, prompt) in prompts.enumerated() {
                    let tenant = TenantID(at: Instant(seconds: 2), random: (UInt64(index), 9))
                    let request = EngineFixture.request(prompt, tenant: tenant, maxTokens: 30)
                    let generation = try pool.generate(request)
                    group.addTask {
                        var first = ""
                        for try await case .piece(let text, _, _) in generation.events where first.isEmpty {
                            first = text
                        }
                        return (index, first)
                    }
                }
                return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
            }
            for (index, text) in alone.enumerated() {
                #expect(together[index]?.hasPrefix(text) == true)
            }
        }
    }

    @Test func `a lone request gets its place beside another tenant's flood`() async throws {
        try await EngineFixture.withPool(sequences: 2) { pool in
            let endless = SamplingParameters(temperature: 0, logitBias: [2: -100, 0: -100])
            let flood = try (0..<5).map { number in
                let prompt = EngineFixture.chat("Story \(number)")
                return try pool.generate(EngineFixture.request(prompt, maxTokens: 400, sampling: endless))
            }
            try await EngineFixture.wait { pool.status.workers[0].running == 2 }
            let other = TenantID(at: Instant(seconds: 9), random: (5, 5))
            let lone = EngineFixture.request(EngineFixture.chat("Hi"), tenant: other, maxTokens: 5, sampling: endless)
            let answer = try await pool.generate(lone).collected()
            #expect(answer.usage.completionTokens == 5)
            // None of the flood has ended meanwhile, and what had not begun still waits.
            #expect(pool.status.workers[0].running == 2)
            #expect(pool.status.waiting == 3)
            for generation in flood { generation.cancel() }
        }
    }
}
