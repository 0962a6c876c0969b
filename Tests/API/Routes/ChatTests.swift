import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Inference
import Testing
import Values

@testable import API

/// Completions as OpenAI's clients see them.
@Suite struct ChatTests {
    private func chat(_ more: JSONObject = [:]) -> JSONValue {
        var body: JSONObject = ["model": "tiny", "messages": [["role": "user", "content": "Hello"]]]
        for (key, value) in more { body[key] = value }
        return .object(body)
    }

    /// The `data:` of a stream, in order.
    private func chunks(_ answer: Answer) -> [String] {
        answer.text.split(separator: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
    }

    @Test func `an answer has the shape that clients read, and is metered`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat([
                    "messages": [
                        ["role": "developer", "content": "Be brief."],
                        [
                            "role": "user",
                            "content": [["type": "text", "text": "Hel"], ["type": "text", "text": "lo"]],
                        ],
                    ]
                ])
            )
            #expect(answer.status == 200, "\(answer.text)")
            let json = answer.json
            #expect(json["object"] == "chat.completion")
            #expect(json["id"]?.string?.hasPrefix("chatcmpl-") == true)
            #expect(json["created"]?.int == Int(World.now.seconds))
            #expect(json["model"] == "tiny")
            #expect(json["choices"]?[0]?["message"]?["content"] == "Hello, world")
            #expect(json["choices"]?[0]?["message"]?["role"] == "assistant")
            #expect(json["choices"]?[0]?["finish_reason"] == "stop")
            #expect(json["system_fingerprint"] == "fp_v1")
            let prompt = try #require(json["usage"]?["prompt_tokens"]?.int)
            let completion = try #require(json["usage"]?["completion_tokens"]?.int)
            #expect(json["usage"]?["total_tokens"]?.int == prompt + completion)
            #expect(json["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.int == 0)
            #expect(answer.header("x-abono-route")?.contains("tiny@v1") == true)
            #expect(answer.header("x-ratelimit-limit-requests") == "100000")
            #expect(answer.header("x-ratelimit-remaining-requests") == "99999")
            #expect(answer.header("x-ratelimit-reset-tokens") != nil)
            let job = try #require(answer.header("x-abono-job"))
            let kept = try await client.send(.get, "/v1/jobs/\(job)", as: world.acme.secret)
            #expect(kept.json["status"] == "succeeded")
            #expect(kept.json["usage"]?["completion_tokens"]?.int == completion)
            let usage = try await client.send(
                .get,
                "/v1/usage?meter=tokens.output&to=2026-03-03",
                as: world.acme.secret
            )
            #expect(usage.json["data"]?[0]?["quantity"]?.string == "\(completion)")
        }
    }

    @Test func `a stream begins with the role and ends with its reason, the usage and DONE`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat(["stream": true, "stream_options": ["include_usage": true]])
            )
            #expect(answer.status == 200)
            #expect(answer.header("content-type")?.hasPrefix("text/event-stream") == true)
            #expect(answer.header("x-request-id") != nil)
            let chunks = chunks(answer)
            #expect(chunks.last == "[DONE]")
            let read = try chunks.dropLast().map { try JSONValue(parsing: $0) }
            #expect(read.count == 6)
            #expect(read.allSatisfy { $0["object"] == "chat.completion.chunk" && $0["id"] == read[0]["id"] })
            #expect(read[0]["choices"]?[0]?["delta"]?["role"] == "assistant")
            let texts = read.dropLast().compactMap { $0["choices"]?[0]?["delta"]?["content"]?.string }
            #expect(texts.joined() == "Hello, world")
            #expect(read[4]["choices"]?[0]?["delta"] == [:])
            #expect(read[4]["choices"]?[0]?["finish_reason"] == "stop")
            #expect(read[3]["choices"]?[0]?["finish_reason"] == .null)
            #expect(read.dropLast().allSatisfy { $0["usage"] == .null })
            #expect(read[5]["choices"] == [])
            // A token of the script is four bytes: "Hel", "lo, " and "world" are one, one and two.
            #expect(read[5]["usage"]?["completion_tokens"]?.int == 4)
        }
    }

    @Test func `without the option no chunk tells the usage`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/completions",
                as: world.acme.secret,
                body: ["model": "fast", "prompt": "Once", "stream": true]
            )
            let chunks = chunks(answer)
            #expect(chunks.count == 5)
            #expect(!answer.text.contains("usage"))
            let texts = try chunks.dropLast().compactMap { try JSONValue(parsing: $0)["choices"]?[0]?["text"]?.string }
            #expect(texts.joined() == "Hello, world")
            #expect(answer.header("x-abono-route")?.contains("alias fast") == true)
        }
    }

    @Test func `an error in the middle of a stream is one of its events`() async throws {
        try await World.run([ScriptedGenerator.Reply(["Hel"], failure: .engineLost)]) { world, client in
            let answer = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat(["stream": true])
            )
            #expect(answer.status == 200)
            let last = try JSONValue(parsing: try #require(chunks(answer).last))
            #expect(last["error"]?["code"] == "generation_interrupted")
            let whole = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat()
            )
            #expect(whole.status == 503)
            #expect(whole.header("retry-after") == "1")
            #expect(whole.json["error"]?["type"] == "server_error")
        }
    }

    @Test func `what cannot be done is refused by name`() async throws {
        try await World.run { world, client in
            let wrong: [(JSONObject, String)] = [
                (["n": 17], "n"), (["n": 0], "n"), (["tools": [["type": "function"]]], "tools"),
                (["top_logprobs": 3], "top_logprobs"), (["logprobs": true, "top_logprobs": 21], "top_logprobs"),
                (["response_format": ["type": "yaml"]], "response_format.type"),
                (["response_format": ["type": "json_schema"]], "response_format.name"),
                (
                    [
                        "response_format": [
                            "type": "json_schema", "json_schema": ["name": "x", "schema": ["type": "x"]],
                        ]
                    ], "response_format.json_schema.schema.type"
                ),
                (["tool_choice": "required"], "tool_choice"), (["stream_options": [:]], "stream_options"),
                (["temperature": 3], "temperature"), (["top_p": -1], "top_p"), (["max_tokens": 0], "max_tokens"),
                (["max_tokens": 5, "max_completion_tokens": 6], "max_completion_tokens"),
                (["logit_bias": ["x": 1]], "logit_bias.x"), (["stop": 7], "stop"), (["messages": []], "messages"),
                (["messages": [["role": "robot", "content": ""]]], "messages[0].role"),
                (["messages": [["role": "user", "content": 7]]], "messages[0].content"),
                (
                    ["messages": [["role": "user", "content": [["type": "image_url", "image_url": "x"]]]]],
                    "messages[0].content[0].type"
                ),
                (["metadata": "x"], "metadata"), (["service_tier": "priority"], "service_tier"),
                (["store": true], "store"),
                (["max_tokens": 4000], "max_tokens"),
            ]
            for (fields, name) in wrong {
                let answer = try await client.send(
                    .post,
                    "/v1/chat/completions",
                    as: world.acme.secret,
                    body: chat(fields)
                )
                #expect(answer.status == 400, "\(name): \(answer.text)")
                #expect(answer.json["error"]?["param"]?.string == name, "\(answer.text)")
                #expect(answer.json["error"]?["type"] == "invalid_request_error")
            }
            let missing = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: ["model": "tiny"]
            )
            #expect(missing.json["error"]?["param"] == "messages")
            let unknown = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat(["model": "huge"])
            )
            #expect(unknown.status == 404)
            #expect(unknown.json["error"]?["code"] == "model_not_found")
            let jobs = try await client.send(.get, "/v1/jobs", as: world.acme.secret)
            #expect(jobs.json["data"] == [])
        }
    }

    @Test func `everything of the contract that asks for nothing more is taken`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.acme.secret,
                body: chat([
                    "max_completion_tokens": 50, "temperature": 0, "top_p": 0.9, "n": 1, "stop": ["zzz"], "seed": 7,
                    "stream": false, "presence_penalty": 0.1, "frequency_penalty": -0.1, "logit_bias": ["5": 1],
                    "logprobs": false, "top_logprobs": nil, "response_format": ["type": "text"], "tools": [],
                    "tool_choice": "none", "metadata": ["a": "b"], "user": "ann", "service_tier": "auto",
                    "prompt_cache_key": "k", "parallel_tool_calls": true,
                ])
            )
            #expect(answer.status == 200, "\(answer.text)")
            let jobs = try await client.send(.get, "/v1/jobs?limit=1", as: world.acme.secret)
            #expect(jobs.json["data"]?[0]?["user"] == "ann")
            #expect(jobs.json["data"]?[0]?["metadata"] == ["a": "b"])
        }
    }

    @Test func `a client that leaves stops its generation, and pays for what was generated`() async throws {
        let slow = ScriptedGenerator.Reply(
            (0..<200).map { _ in "word" },
            pause: .milliseconds(50)
        )
        try await World.run([slow], isLive: true) { world, client in
            let port = try #require(client.port)
            for isStream in [true, false] {
                let leaving = TestClient(host: "127.0.0.1", port: port)
                leaving.connect()
                let body = chat(["stream": .bool(isStream)])
                try await leaving.executeAndDontWaitForResponse(
                    .init(
                        "/v1/chat/completions",
                        method: .post,
                        headers: [
                            .authorization: "Bearer \(world.acme.secret)", .contentType: "application/json",
                            .contentLength: "\(body.utf8.count)",
                        ],
                        body: .init(string: body.text)
                    )
                )
                var job: JSONValue = .null
                for _ in 0..<200 where job["status"] != "running" {
                    try await Task.sleep(for: .milliseconds(50))
                    let jobs = try await client.send(.get, "/v1/jobs?limit=1", as: world.acme.secret)
                    job = jobs.json["data"]?[0] ?? .null
                }
                try await Task.sleep(for: .milliseconds(600))
                try await leaving.shutdown()
                for _ in 0..<200 where job["status"] != "cancelled" {
                    try await Task.sleep(for: .milliseconds(50))
                    let jobs = try await client.send(.get, "/v1/jobs?limit=1", as: world.acme.secret)
                    job = jobs.json["data"]?[0] ?? .null
                }
                #expect(job["status"] == "cancelled", "stream: \(isStream), \(job.text)")
                let tokens = try #require(job["usage"]?["completion_tokens"]?.int)
                // Some, and far from all 200.
                #expect((1...100).contains(tokens), "stream: \(isStream), \(tokens) tokens")
            }
        }
    }

    @Test func `models are those the plan allows`() async throws {
        try await World.run { world, client in
            let list = try await client.send(.get, "/v1/models", as: world.acme.secret)
            #expect(list.json["object"] == "list")
            #expect(list.json["data"]?.array?.map { $0["id"]?.string } == ["tiny", "vectors", "fast"])
            let alias = try await client.send(.get, "/v1/models/fast", as: world.acme.secret)
            #expect(alias.json["alias_of"] == "tiny")
            let none = try await client.send(.get, "/v1/models/huge", as: world.acme.secret)
            #expect(none.status == 404)
        }
        try await World.run(features: ["inference": ["models": ["other"]]]) { world, client in
            let list = try await client.send(.get, "/v1/models", as: world.acme.secret)
            #expect(list.json["data"] == [])
            let one = try await client.send(.get, "/v1/models/tiny", as: world.acme.secret)
            #expect(one.json["error"]?["code"] == "model_not_found")
            let chat = try await client.send(.post, "/v1/chat/completions", as: world.acme.secret, body: chat())
            #expect(chat.json["error"]?["code"] == "model_not_found")
        }
    }

    @Test func `beyond the plan's rate a request is refused with a time`() async throws {
        try await World.run(features: ["inference": ["requests_per_minute": 1]]) { world, client in
            let first = try await client.send(.post, "/v1/chat/completions", as: world.acme.secret, body: chat())
            #expect(first.status == 200)
            let second = try await client.send(.post, "/v1/chat/completions", as: world.acme.secret, body: chat())
            #expect(second.status == 429)
            #expect(second.json["error"]?["code"] == "rate_limit_exceeded")
            #expect(second.header("x-ratelimit-remaining-requests") == "0")
            let seconds = try #require(second.header("retry-after").flatMap { Int($0) })
            #expect((1...120).contains(seconds))
        }
    }

    @Test func `tasks answer with their output`() async throws {
        try await World.run { world, client in
            let text = try await client.send(
                .post,
                "/v1/tasks/generate",
                as: world.acme.secret,
                body: ["prompt": "Once", "model": "tiny"]
            )
            #expect(text.json["output"]?["text"] == "Hello, world", "\(text.text)")
            #expect(text.json["task"] == "generate")
            #expect(text.json["version"] == "v1")
            let chat = try await client.send(
                .post,
                "/v1/tasks/chat",
                as: world.acme.secret,
                body: ["messages": [["role": "user", "content": "Hi"]], "model": "fast", "timeout": 5]
            )
            #expect(chat.json["output"]?["message"]?["content"] == "Hello, world", "\(chat.text)")
            let none = try await client.send(
                .post,
                "/v1/tasks/fly",
                as: world.acme.secret,
                body: ["prompt": "x"]
            )
            #expect(none.status == 404)
            #expect(none.json["error"]?["code"] == "task_not_found")
        }
    }
}
