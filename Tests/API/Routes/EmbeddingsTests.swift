import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Inference
import Testing
import Values

@testable import API

/// Vectors and moderation as OpenAI's clients see them.
@Suite struct EmbeddingsTests {
    @Test func `vectors come in the order of the texts, as numbers or bytes, and as long as asked for`() async throws {
        try await World.run(features: World.roomyFeatures) { world, client in
            func embed(_ more: JSONObject) async throws -> Answer {
                var body: JSONObject = ["model": "vectors", "input": ["the cat", "a dog barks", "the cat"]]
                for (key, value) in more { body[key] = value }
                return try await client.send(.post, "/v1/embeddings", as: world.acme.secret, body: .object(body))
            }
            let floats = try await embed([:])
            #expect(floats.status == 200, "\(floats.text)")
            let data = try #require(floats.json["data"]?.array)
            #expect(data.map { $0["index"]?.int } == [0, 1, 2])
            #expect(data[0]["embedding"] == data[2]["embedding"] && data[0]["embedding"] != data[1]["embedding"])
            #expect(floats.json["usage"]?["prompt_tokens"]?.int ?? 0 > 0)
            let bytes = try await embed(["encoding_format": "base64"])
            let size = (ScriptedGenerator.vectorSize * 4 + 2) / 3 * 4
            #expect(bytes.json["data"]?[0]?["embedding"]?.string?.count == size)
            let short = try await embed(["dimensions": 4])
            let vector = try #require(short.json["data"]?[1]?["embedding"]?.array).compactMap(\.double)
            #expect(vector.count == 4)
            let length = vector.reduce(0) { $0 + $1 * $1 }
            #expect(length == 0 || abs(length - 1) < 1e-5)
            for (fields, name): (JSONObject, String) in [
                (["dimensions": 400], "dimensions"), (["input": []], "input"), (["input": ["a", 7]], "input[1]"),
                (["model": "tiny"], "model"), (["encoding_format": "hex"], "encoding_format"),
            ] {
                let wrong = try await embed(fields)
                #expect(wrong.status == 400 && wrong.json["error"]?["param"]?.string == name, "\(wrong.text)")
            }
            let chatting = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: ["model": "vectors", "messages": [["role": "user", "content": "Hello"]]]
            )
            #expect(chatting.json["error"]?["param"] == "model", "\(chatting.text)")
        }
    }

    @Test func `base64 is the bytes of little-endian numbers`() {
        #expect(EmbeddingFields.base64([1, -2]) == "AACAPwAAAMA=")
        #expect(EmbeddingFields.base64([0.5]) == "AAAAPw==")
        #expect(EmbeddingFields.base64([1, 1, 1]) == "AACAPwAAgD8AAIA/")
    }

    @Test func `moderation answers for each text`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/moderations",
                as: world.acme.secret,
                body: [
                    "model": "omni-moderation-latest",
                    "input": ["I want to kill myself.", ["type": "text", "text": "Hello there."]],
                ]
            )
            let results = try #require(answer.json["results"]?.array, "\(answer.text)")
            #expect(results.map { $0["flagged"] } == [true, false])
            #expect(results[0]["categories"]?["self-harm/intent"] == true)
            #expect(results[0]["category_scores"]?["self-harm/intent"]?.double ?? 0 >= 0.5)
            #expect(answer.json["id"]?.string?.hasPrefix("modr-") == true)
        }
    }
}
