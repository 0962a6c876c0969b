import Inference
import Testing
import Values

/// Tasks with the real models: how good they are, and that what must be valid is.
@Suite(.serialized) struct ModelTasksTests {
    private static let labels = ["sports", "politics", "food", "technology"]
    private static let texts: [(String, String)] = [
        ("The striker scored twice in the final minutes of the match.", "sports"),
        ("She broke the world record in the 200 metre sprint.", "sports"),
        ("The team signed a new goalkeeper before the season.", "sports"),
        ("He won the tennis tournament without losing a set.", "sports"),
        ("Parliament voted on the new tax law yesterday.", "politics"),
        ("The president met the prime minister to discuss the treaty.", "politics"),
        ("Voters elected a new mayor on Sunday.", "politics"),
        ("The senator criticised the government's budget plan.", "politics"),
        ("Simmer the tomatoes with garlic and basil for an hour.", "food"),
        ("The bakery sells fresh bread and apple pie.", "food"),
        ("This soup needs more salt and a bit of lemon.", "food"),
        ("We ordered noodles and dumplings for dinner.", "food"),
        ("The new processor has twice as many cores.", "technology"),
        ("Developers released an update that fixes the security hole.", "technology"),
        ("Her laptop crashed while the program was compiling.", "technology"),
        ("The phone's battery lasts two days after the software update.", "technology"),
    ]

    private func task(_ name: TaskName, _ fields: JSONObject) throws -> TaskRequest {
        var fields = try JSONFields(.object(fields))
        return try TaskRequest(name, &fields)
    }

    /// Has a pool do a task, with one of its prompts.
    private func output(
        _ task: TaskRequest,
        _ prompt: GenerationPrompt,
        _ pool: EnginePool
    ) async throws -> JSONValue {
        let request = try #require(task.generation)
        let generation = try pool.generate(
            GenerationRequest(
                id: JobID.make(at: .epoch),
                tenant: TenantID.make(at: .epoch),
                prompt: prompt,
                sampling: request.sampling
            )
        )
        var result = GenerationResult()
        var reason = FinishReason.cancelled
        for try await event in generation.events {
            result.add(event)
            if case .finished(let end, _) = event { reason = end }
        }
        return try task.output(of: result, reason)
    }

    private func share(_ pool: EnginePool, _ prompt: (InferenceRequest) -> GenerationPrompt?) async throws -> Double {
        var right = 0
        for (text, label) in Self.texts {
            let task = try task(
                .classify,
                ["input": .string(text), "labels": .array(Self.labels.map { .string($0) })]
            )
            let asked = try #require(task.generation)
            let output = try await output(task, try #require(prompt(asked)), pool)
            let shares = (output["probabilities"]?.object ?? [:]).compactMap(\.value.double)
            #expect(shares.count == 4 && abs(shares.reduce(0, +) - 1) < 1e-6)
            if output["label"]?.string == label { right += 1 }
        }
        return Double(right) / Double(Self.texts.count)
    }

    @Test(.timeLimit(.minutes(20))) func `vectors classify texts`() async throws {
        try await EngineFixture.withPool(model: EngineFixture.embedder, context: 512) { pool in
            let right = try await share(pool) { $0.prompt }
            #expect(right >= 0.9, "\(right)")
        }
    }

    @Test(.timeLimit(.minutes(20))) func `likelihoods classify texts better than chance`() async throws {
        try await EngineFixture.withPool { pool in
            let right = try await share(pool) { $0.otherPrompt }
            #expect(right >= 0.5, "\(right)")
        }
    }

    @Test(.timeLimit(.minutes(20))) func `what is extracted is valid whatever the text`() async throws {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "name": ["type": "string"], "age": ["type": "integer", "minimum": 0, "maximum": 150],
                "tags": ["type": "array", "items": ["enum": ["a", "b"]]],
            ],
            "required": ["name", "age", "tags"],
        ]
        try await EngineFixture.withPool(context: 2048) { pool in
            for text in ["Ann is 30 years old.", "}}}{{{ \"name\": 7", "日本語のテキスト"] {
                let task = try task(.extract, ["input": .string(text), "schema": schema])
                let asked = try #require(task.generation)
                let data = try #require(try await output(task, asked.prompt, pool)["data"]?.object)
                #expect(data.count == 3)
                #expect(data["name"]?.string.map { $0.unicodeScalars.count <= 120 } == true)
                #expect(data["age"]?.int.map((0...150).contains) == true)
                #expect(data["tags"]?.array?.allSatisfy { ["a", "b"].contains($0) } == true)
            }
        }
    }
}
