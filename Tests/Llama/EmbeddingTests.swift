import Inference
import Testing
import Values

@Suite(.serialized) struct EmbeddingTests {
    private static func request(
        _ inputs: [EmbeddingInput],
        tenant: TenantID = EngineFixture.tenant
    ) -> GenerationRequest {
        EngineFixture.request(.embeddings(inputs), tenant: tenant, maxTokens: nil)
    }

    private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test func `vectors are those of the reference`() async throws {
        try await EngineFixture.withPool(model: EngineFixture.embedder) { pool in
            let description = try await pool.ready()
            #expect(description.vectorSize == 384)
            #expect(description.context == 512)
            let examples = MiniLMReference.examples
            let inputs = examples.map { EmbeddingInput.text($0.text) }
            let tokens = examples.reduce(0) { $0 + $1.tokens }
            #expect(try await pool.promptTokens(of: .embeddings(inputs)) == tokens)
            let (vectors, usage) = try await pool.generate(Self.request(inputs)).collectedVectors()
            #expect(usage.promptTokens == tokens)
            #expect(usage.completionTokens == 0)
            #expect(usage.cpuMilliseconds > 0)
            try #require(vectors.count == examples.count)
            for (vector, example) in zip(vectors, examples) {
                #expect(vector.count == 384)
                #expect(abs(Self.cosine(vector, vector) - 1) < 1e-5)
                #expect(Self.cosine(vector, example.vector) > 0.9999, "\(example.text)")
            }
        }
    }

    @Test func `many texts come in their order, whatever else is asked at the same time`() async throws {
        try await EngineFixture.withPool(model: EngineFixture.embedder, sequences: 4) { pool in
            let texts = (0..<150).map { number in
                "Invoice \(number) is about \(number % 7) seats" + String(repeating: " more", count: number % 40)
            }
            let alone = try await pool.generate(Self.request(texts.map { .text($0) })).collectedVectors().vectors
            try #require(alone.count == 150)
            let together = try await withThrowingTaskGroup(of: (Int, [[Float]]).self) { group in
                for part in 0..<4 {
                    let tenant = TenantID(at: Instant(seconds: 3), random: (UInt64(part), 1))
                    let inputs = stride(from: part, to: 150, by: 4).map { EmbeddingInput.text(texts[$0]) }
                    let generation = try pool.generate(Self.request(inputs, tenant: tenant))
                    group.addTask { (part, try await generation.collectedVectors().vectors) }
                }
                return try await group.reduce(into: [Int: [[Float]]]()) { $0[$1.0] = $1.1 }
            }
            for (index, vector) in alone.enumerated() {
                let other = try #require(together[index % 4]?[index / 4])
                #expect(Self.cosine(vector, other) > 0.9999)
            }
        }
    }

    @Test func `texts are measured by what they mean`() async throws {
        try await EngineFixture.withPool(model: EngineFixture.embedder) { pool in
            let texts = ["How do I cancel my subscription?", "I want to cancel my plan.", "Recipe for onion soup"]
            let vectors = try await pool.generate(Self.request(texts.map { .text($0) })).collectedVectors().vectors
            #expect(Self.cosine(vectors[0], vectors[1]) > Self.cosine(vectors[0], vectors[2]) + 0.2)
            // Tokens as they are: the same text, counted by hand.
            let same: [EmbeddingInput] = [.text("A cat sits on the mat."), .tokens(Self.cat)]
            let pair = try await pool.generate(Self.request(same)).collectedVectors().vectors
            #expect(Self.cosine(pair[0], pair[1]) > 0.99999)
        }
    }

    private static let cat = [101, 1037, 4937, 7719, 2006, 1996, 13523, 1012, 102]

    @Test func `what cannot be embedded is refused by its field`() async throws {
        try await EngineFixture.withPool(model: EngineFixture.embedder) { pool in
            let long = String(repeating: "word ", count: 600)
            let cases: [([EmbeddingInput], String)] = [
                ([.text("fine"), .text(long)], "input[1]"), ([.text(String(repeating: long, count: 40))], "input"),
                ([.tokens([101, 30_522])], "input[1]"), ([.text("a"), .tokens([])], "input[1]"), ([], "input"),
            ]
            for (inputs, field) in cases {
                let error = await #expect(throws: InferenceError.self) {
                    _ = try await pool.generate(Self.request(inputs)).collectedVectors()
                }
                #expect(error?.problem.errors.first?.field == field)
            }
            await #expect(throws: InferenceError.self) {
                try await pool.generate(EngineFixture.request(.text("Write"))).collected()
            }
            // An empty text has its two ends.
            let empty = try await pool.generate(Self.request([.text("")])).collectedVectors()
            #expect(empty.usage.promptTokens == 2)
        }
    }

    @Test func `cancelling stops between two calls and tells what was used`() async throws {
        try await EngineFixture.withPool(model: EngineFixture.embedder) { pool in
            let inputs = Array(repeating: EmbeddingInput.text(String(repeating: "word ", count: 200)), count: 500)
            let generation = try pool.generate(Self.request(inputs))
            var vectors = 0
            var ending: GenerationEvent?
            for try await event in generation.events {
                if case .vectors(let some) = event {
                    vectors += some.count
                    generation.cancel()
                }
                ending = event
            }
            guard case .finished(.cancelled, let usage) = ending else {
                Issue.record("ended with \(String(describing: ending))")
                return
            }
            // The first call has been made, so all of it is owed.
            #expect(usage.promptTokens == 500 * 202)
            #expect(vectors < 50)
        }
    }
}
