import Foundation
import Inference
import Testing
import Values

@Suite(.serialized) struct LikelihoodTests {
    /// Reads a generation with its logarithms.
    private static func read(_ generation: Generation) async throws -> (text: String, logprobs: [TokenLogprob]) {
        var text = ""
        var logprobs: [TokenLogprob] = []
        for try await event in generation.events {
            guard case .piece(let piece, let tokens, let some) = event else { continue }
            #expect(tokens == some.count)
            text += piece
            logprobs += some
        }
        return (text, logprobs)
    }

    @Test func `each token comes with its logarithm and the likeliest`() async throws {
        try await EngineFixture.withPool { pool in
            var sampling = SamplingParameters.greedy
            sampling.logprobs = 3
            let prompt = EngineFixture.chat("What is the capital of France?")
            let request = EngineFixture.request(prompt, maxTokens: 12, sampling: sampling)
            let (text, logprobs) = try await Self.read(try pool.generate(request))
            #expect(String(decoding: logprobs.flatMap(\.picked.bytes), as: UTF8.self) == text)
            for logprob in logprobs {
                // Greedy picks the likeliest.
                #expect(logprob.top.first == logprob.picked)
                #expect(logprob.top.count == 3)
                #expect(logprob.top.map(\.logprob) == logprob.top.map(\.logprob).sorted(by: >))
                let sum = logprob.top.reduce(0) { $0 + exp($1.logprob) }
                #expect(sum > 0 && sum <= 1)
            }
            // A ban changes the pick and not what the model thinks.
            let banned = try #require(logprobs.first?.picked)
            sampling.logitBias = [banned.token: -100]
            sampling.logprobs = 0
            let other = EngineFixture.request(prompt, maxTokens: 1, sampling: sampling)
            let second = try await Self.read(try pool.generate(other)).logprobs
            #expect(second.first?.picked.token == logprobs.first?.top[1].token)
            #expect(abs((second.first?.picked.logprob ?? 0) - (logprobs.first?.top[1].logprob ?? 1)) < 1e-6)
            #expect(second.first?.top.isEmpty == true)
            let none = EngineFixture.request(prompt, maxTokens: 2)
            for try await case .piece(_, _, let some) in try pool.generate(none).events { #expect(some.isEmpty) }
        }
    }

    @Test func `a continuation weighs what generating it would have said`() async throws {
        try await EngineFixture.withPool { pool in
            var sampling = SamplingParameters.greedy
            sampling.logprobs = 0
            let prompt = EngineFixture.chat("What is the capital of France?")
            let request = EngineFixture.request(prompt, maxTokens: 6, sampling: sampling)
            let (text, logprobs) = try await Self.read(try pool.generate(request))
            let texts = [text, " xylophone", text + " of the moon"]
            let scoring = EngineFixture.request(.scores(of: texts, after: prompt), maxTokens: nil)
            let (scores, usage) = try await pool.generate(scoring).collectedScores()
            try #require(scores.count == 3)
            let sum = logprobs.reduce(0) { $0 + $1.picked.logprob }
            // Rows computed together and one by one differ in the last digits.
            #expect(scores[0].tokens == logprobs.count)
            #expect(abs(scores[0].logLikelihood - sum) < 0.05, "\(scores[0].logLikelihood) and \(sum)")
            #expect(scores[0].logLikelihood > scores[1].logLikelihood)
            #expect(scores[0].logLikelihood > scores[2].logLikelihood)
            let counted = try await pool.promptTokens(of: .scores(of: texts, after: prompt))
            #expect(usage.promptTokens == counted)
            #expect(try await pool.promptTokens(of: prompt) + scores.reduce(0) { $0 + $1.tokens } == counted)
            #expect(usage.completionTokens == 0)
            // The order of the texts does not matter, and long ones take several calls.
            let long = numberedSentences(3)
            let mixed = EngineFixture.request(.scores(of: [long, texts[2], text, long], after: prompt), maxTokens: nil)
            let again = try await pool.generate(mixed).collectedScores().scores
            #expect(abs(again[2].logLikelihood - scores[0].logLikelihood) < 1e-6)
            #expect(abs(again[1].logLikelihood - scores[2].logLikelihood) < 1e-6)
            #expect(again[0] == again[3])
            #expect(again[0].tokens > 32)
        }
    }

    @Test func `a prompt is computed once for all its continuations`() async throws {
        try await EngineFixture.withPool { pool in
            let prompt = EngineFixture.chat(numberedSentences(24))
            let scores = GenerationPrompt.scores(of: [" Yes", " No", " Perhaps not today"], after: prompt)
            let request = EngineFixture.request(scores, maxTokens: nil)
            let first = try await pool.generate(request).collectedScores()
            let second = try await pool.generate(request).collectedScores()
            #expect(first.usage.cachedTokens == 0)
            #expect(second.usage.cachedTokens >= 256)
            #expect(second.scores == first.scores)
            #expect(second.usage.cpuMilliseconds < first.usage.cpuMilliseconds)
            // What weighing computed is not taken for the prompt's own.
            let answer = try await pool.generate(EngineFixture.request(prompt, maxTokens: 20)).collected()
            let other = TenantID(at: Instant(seconds: 1), random: (8, 8))
            let fresh = try await pool.generate(EngineFixture.request(prompt, tenant: other, maxTokens: 20)).collected()
            #expect(answer.usage.cachedTokens >= 256)
            #expect(fresh.usage.cachedTokens == 0)
            #expect(answer.text == fresh.text)
        }
    }

    @Test func `what cannot be weighed is refused`() async throws {
        try await EngineFixture.withPool { pool in
            let prompt = GenerationPrompt.text("Good")
            let long = String(repeating: "word ", count: 1100)
            for texts in [[], [""], [" fine", long]] {
                await #expect(throws: InferenceError.self) {
                    let request = EngineFixture.request(.scores(of: texts, after: prompt), maxTokens: nil)
                    _ = try await pool.generate(request).collectedScores()
                }
            }
            await #expect(throws: InferenceError.self) {
                let request = EngineFixture.request(.embeddings([.text("a")]), maxTokens: nil)
                _ = try await pool.generate(request).collectedVectors()
            }
            // The engine goes on.
            let after = try await pool.generate(EngineFixture.request(prompt, maxTokens: 2)).collected()
            #expect(after.usage.completionTokens == 2)
        }
    }

    @Test func `prompts that come together compute their common beginning once`() async throws {
        try await EngineFixture.withPool(sequences: 3) { pool in
            let prompt = EngineFixture.chat(numberedSentences(24))
            let generations = try (0..<3).map { _ in try pool.generate(EngineFixture.request(prompt, maxTokens: 12)) }
            var answers: [(text: String, cached: Int)] = []
            for generation in generations {
                let answer = try await generation.collected()
                answers.append((answer.text, answer.usage.cachedTokens))
            }
            let counted = try await pool.promptTokens(of: prompt)
            #expect(answers.map(\.cached).sorted() == [0] + Array(repeating: (counted - 1) / 128 * 128, count: 2))
            // The copies give the very first token that computing gives.
            let other = TenantID(at: Instant(seconds: 1), random: (8, 8))
            let alone = try await pool.generate(EngineFixture.request(prompt, tenant: other, maxTokens: 1)).collected()
            #expect(alone.usage.cachedTokens == 0)
            #expect(answers.allSatisfy { $0.text.hasPrefix(alone.text) })
        }
    }

    @Test func `a schema's grammar is kept to by the model`() async throws {
        try await EngineFixture.withPool { pool in
            let schema: JSONValue = [
                "type": "object", "required": ["name", "age", "tags"],
                "properties": [
                    "name": ["type": "string", "maxLength": 20],
                    "age": ["type": "integer", "minimum": 18, "maximum": 99],
                    "tags": ["type": "array", "items": ["enum": ["red", "blüe"]], "maxItems": 2],
                    "code": ["type": "string", "pattern": "^[A-Z]{2}-\\d{3}$"],
                ],
            ]
            var sampling = SamplingParameters.greedy
            sampling.grammar = try JSONSchemaGrammar.gbnf(for: schema, at: "schema")
            let prompt = EngineFixture.chat("Anna is 31 and likes red. Write JSON with name, age and tags.")
            let answer = try await pool.generate(
                EngineFixture.request(prompt, maxTokens: 200, sampling: sampling)
            ).collected()
            #expect(answer.reason == .stop)
            let value = try JSONValue(parsing: answer.text)
            #expect((18...99).contains(value["age"]?.int ?? 0))
            #expect(value["name"]?.string != nil)
            // Long texts make long grammars, which the engine must still take.
            for schema: JSONValue in [
                ["type": "string", "maxLength": 1999],
                ["type": "array", "items": ["type": "number"], "maxItems": 1000],
                ["type": "string", "minLength": 5000, "maxLength": 50_000], true,
                ["type": "string", "pattern": "^([a-z]{1,20}-){0,40}x$"],
                ["type": "number", "minimum": 0.125, "maximum": 3],
            ] {
                sampling.grammar = try JSONSchemaGrammar.gbnf(for: schema, at: "schema")
                let request = EngineFixture.request(EngineFixture.chat("Go."), maxTokens: 4, sampling: sampling)
                let answer = try await pool.generate(request).collected()
                #expect(answer.usage.completionTokens > 0, "\(schema.text)")
            }
            sampling.grammar = JSONSchemaGrammar.anyObject
            let object = try await pool.generate(
                EngineFixture.request(EngineFixture.chat("JSON of a cat, short."), maxTokens: 200, sampling: sampling)
            ).collected()
            #expect(object.text.hasPrefix("{"))
        }
    }
}
