import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Inference
import Testing
import Values

@testable import API

/// What of completions not everybody asks for.
@Suite struct ChatOptionsTests {
    private func chat(_ more: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = ["model": "tiny", "messages": [["role": "user", "content": "Hello"]]]
        for (key, value) in more { body[key] = value }
        return .object(body)
    }

    /// The `data:` of a stream, in order.
    private func chunks(_ answer: Answer) -> [String] {
        answer.text.split(separator: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    }

    @Test func `several answers to choose from are one answer, and each is metered`() async throws {
        try await World.run(features: World.roomyFeatures) { world, client in
            let answer = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat(["n": 3, "seed": 1, "service_tier": "flex"])
            )
            #expect(answer.status == 200, "\(answer.text)")
            let choices = try #require(answer.json["choices"]?.array)
            #expect(choices.map { $0["index"]?.int } == [0, 1, 2])
            #expect(choices.allSatisfy { $0["message"]?["content"] == "Hello, world" })
            #expect(answer.json["usage"]?["completion_tokens"]?.int == 12)
            #expect(answer.json["service_tier"] == "flex")
            #expect(answer.header("x-ratelimit-remaining-requests") == "99997")
            let jobs = try await client.send(.get, "/v1/jobs", as: world.acme.secret)
            #expect(jobs.json["data"]?.array?.count == 3)
            let stream = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat(["n": 2, "stream": true, "stream_options": ["include_usage": true]])
            )
            let read = try chunks(stream).dropLast().map { try JSONValue(parsing: $0) }
            for index in 0...1 {
                let own = read.compactMap { $0["choices"]?[0] }.filter { $0["index"]?.int == index }
                #expect(own.compactMap { $0["delta"]?["content"]?.string }.joined() == "Hello, world")
                #expect(own.last?["finish_reason"] == "stop" && own.first?["delta"]?["role"] == "assistant")
            }
            #expect(read.last?["usage"]?["completion_tokens"]?.int == 8)
            #expect(chunks(stream).filter { $0 == "[DONE]" }.count == 1)
        }
    }

    @Test func `beyond a limit none of several is begun`() async throws {
        try await World.run(features: ["inference": ["requests_per_minute": 2]]) { world, client in
            let answer = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat(["n": 3])
            )
            #expect(answer.status == 429)
            let jobs = try await client.send(.get, "/v1/jobs", as: world.acme.secret)
            #expect(jobs.json["data"] == [])
        }
    }

    @Test func `probabilities of tokens are told in the shape that clients read`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat(["logprobs": true, "top_logprobs": 2])
            )
            let content = try #require(answer.json["choices"]?[0]?["logprobs"]?["content"]?.array, "\(answer.text)")
            #expect(content.compactMap { $0["token"]?.string }.joined() == "Hello, world")
            #expect(content.allSatisfy { $0["logprob"]?.double != nil && $0["bytes"]?.array != nil })
            #expect(content.allSatisfy { $0["top_logprobs"]?.array != nil })
            let text = try await client.send(
                .post,
                "/v1/completions",
                as: world.acme.secret,
                body: ["model": "tiny", "prompt": "Once", "logprobs": 1]
            )
            let logprobs = try #require(text.json["choices"]?[0]?["logprobs"], "\(text.text)")
            #expect(logprobs["tokens"]?.array?.compactMap(\.string).joined() == "Hello, world")
            #expect(logprobs["text_offset"]?[0]?.int == 0 && logprobs["token_logprobs"]?.array?.count == 3)
        }
    }
}
