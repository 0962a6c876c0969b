import Inference
import Testing
import Values

/// Tasks that ask a model: what it is asked, and what becomes of its answer.
@Suite struct ModelTaskTests {
    private func task(_ name: TaskName, _ fields: JSONObject) throws -> TaskRequest {
        var fields = try JSONFields(.object(fields))
        return try TaskRequest(name, &fields)
    }

    private func result(_ events: GenerationEvent...) -> GenerationResult {
        events.reduce(into: GenerationResult()) { $0.add($1) }
    }

    @Test func `a text is classified by the label that is nearest`() throws {
        let task = try task(.classify, ["input": "The striker scored twice.", "labels": ["sport", "politics"]])
        guard case .embeddings(let inputs)? = task.generation?.prompt else { throw Problem(.internal, "no vectors") }
        #expect(inputs.count == 3)
        let near = result(.vectors([[1, 0], [0.8, 0.6], [0, 1]]))
        let output = try task.output(of: near, .stop)
        #expect(output["label"] == "sport")
        let shares = try #require(output["probabilities"]?.object).compactMap(\.value.double)
        #expect(abs(shares.reduce(0, +) - 1) < 1e-9 && shares[0] > 0.9)
    }

    @Test func `without vectors the label wins after which the text is likeliest`() throws {
        let task = try task(.classify, ["input": "x", "labels": ["a", "b c"]])
        guard case .scores(let texts, _)? = task.generation?.otherPrompt else { throw Problem(.internal, "no scores") }
        #expect(texts.count == 2 && texts[1].contains("b c") && texts.allSatisfy { $0.hasSuffix("x") })
        let scores = result(
            .scores([
                ContinuationScore(logLikelihood: -6, tokens: 3), ContinuationScore(logLikelihood: -4, tokens: 4),
            ])
        )
        #expect(try task.output(of: scores, .stop)["label"] == "b c")
    }

    @Test func `labels that are wrong are named`() {
        let wrong: [(JSONValue, String)] = [
            (["a"], "labels"), (["a", "a"], "labels[1]"), (["a", 7], "labels[1]"), (["a", ""], "labels[1]"),
        ]
        for (labels, field) in wrong {
            let problem = #expect(throws: Problem.self) { try task(.classify, ["input": "x", "labels": labels]) }
            #expect(problem?.errors.first?.field == field)
        }
    }

    @Test func `what is extracted is JSON that has come to its end`() throws {
        let schema: JSONValue = [
            "type": "object", "properties": ["name": ["type": "string"], "age": ["type": "integer"]],
            "required": ["name"],
        ]
        let task = try task(.extract, ["input": "Ann is 30.", "schema": schema])
        #expect(task.generation?.sampling.grammar?.contains("root") == true)
        let whole = result(.piece(text: "{\"name\": \"Ann\", ", tokens: 1), .piece(text: "\"age\": 30}", tokens: 1))
        #expect(try task.output(of: whole, .stop) == ["data": ["name": "Ann", "age": 30]])
        #expect(throws: Problem.self) { try task.output(of: whole, .length) }
        #expect(throws: Problem.self) { try task.output(of: result(.piece(text: "{", tokens: 1)), .stop) }
        let problem = #expect(throws: Problem.self) {
            try self.task(.extract, ["input": "x", "schema": ["type": "fish"]])
        }
        #expect(problem?.errors.first?.field == "schema.type")
    }

    @Test func `vectors keep their digits`() throws {
        let task = try task(.embed, ["input": ["a", "b"]])
        let output = try task.output(of: result(.vectors([[0.1]]), .vectors([[1]])), .stop)
        #expect(output.text == #"{"embeddings":[[0.1],[1]]}"# || output.text == #"{"embeddings":[[0.1],[1.0]]}"#)
    }
}
