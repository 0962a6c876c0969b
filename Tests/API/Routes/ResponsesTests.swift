import HTTPTypes
import HummingbirdTesting
import Inference
import Testing
import Values

@testable import API

/// Responses as OpenAI's clients see them.
@Suite struct ResponsesTests {
    private func send(_ more: JSONObject, _ world: World, _ client: any TestClientProtocol) async throws -> Answer {
        var body: JSONObject = ["model": "tiny", "input": "Hello"]
        for (key, value) in more { body[key] = value }
        return try await client.send(.post, "/v1/responses", as: world.acme.secret, body: .object(body))
    }

    @Test func `an answer has the shape that clients read`() async throws {
        try await World.run { world, client in
            let answer = try await send(
                [
                    "instructions": "Be brief.", "max_output_tokens": 50, "metadata": ["a": "b"],
                    "input": [
                        ["role": "user", "content": [["type": "input_text", "text": "Hi"]]],
                        ["type": "message", "role": "assistant", "content": [["type": "output_text", "text": "Hi."]]],
                        ["role": "user", "content": "And?"],
                    ],
                ],
                world,
                client
            )
            #expect(answer.status == 200, "\(answer.text)")
            let json = answer.json
            #expect(json["object"] == "response" && json["status"] == "completed" && json["model"] == "tiny")
            #expect(json["id"]?.string?.hasPrefix("resp_") == true)
            #expect(json["created_at"]?.int == Int(World.now.seconds))
            let item = try #require(json["output"]?[0])
            #expect(item["type"] == "message" && item["role"] == "assistant" && item["status"] == "completed")
            #expect(item["content"]?[0]?["type"] == "output_text")
            #expect(item["content"]?[0]?["text"] == "Hello, world")
            let input = try #require(json["usage"]?["input_tokens"]?.int)
            #expect(json["usage"]?["output_tokens"]?.int == 4)
            #expect(json["usage"]?["total_tokens"]?.int == input + 4)
            #expect(json["instructions"] == "Be brief." && json["max_output_tokens"] == 50)
            #expect(json["metadata"] == ["a": "b"] && json["store"] == false && json["error"] == .null)
            #expect(answer.header("x-ratelimit-remaining-requests") == "99999")
            // It was waited for, so it is not kept.
            let id = try #require(json["id"]?.string)
            let kept = try await client.send(.get, "/v1/responses/\(id)", as: world.acme.secret)
            #expect(kept.status == 404)
        }
    }

    @Test func `an answer that is cut says so`() async throws {
        try await World.run { world, client in
            let answer = try await send(["max_output_tokens": 2], world, client)
            #expect(answer.json["status"] == "incomplete", "\(answer.text)")
            #expect(answer.json["incomplete_details"]?["reason"] == "max_output_tokens")
        }
    }

    @Test func `a stream tells what is made, event by event`() async throws {
        try await World.run { world, client in
            let answer = try await send(["stream": true], world, client)
            #expect(answer.header("content-type")?.hasPrefix("text/event-stream") == true)
            let events = try answer.text.split(separator: "\n\n").map { block -> (String, JSONValue) in
                let lines = block.split(separator: "\n")
                let name = String(lines[0].dropFirst("event: ".count))
                return (name, try JSONValue(parsing: String(lines[1].dropFirst("data: ".count))))
            }
            let names = events.map(\.0)
            #expect(
                names == [
                    "response.created", "response.in_progress", "response.output_item.added",
                    "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
                    "response.output_text.delta", "response.output_text.done", "response.content_part.done",
                    "response.output_item.done", "response.completed",
                ]
            )
            #expect(events.allSatisfy { $0.0 == $0.1["type"]?.string })
            #expect(events.compactMap { $0.1["sequence_number"]?.int } == Array(0..<11))
            #expect(events.compactMap { $0.1["delta"]?.string }.joined() == "Hello, world")
            let last = try #require(events.last?.1["response"])
            #expect(last["output"]?[0]?["content"]?[0]?["text"] == "Hello, world")
            #expect(last["usage"]?["output_tokens"] == 4)
            #expect(events[0].1["response"]?["status"] == "in_progress")
        }
        try await World.run([ScriptedGenerator.Reply(["Hel"], failure: .engineLost)]) { world, client in
            let answer = try await send(["stream": true], world, client)
            #expect(answer.text.contains("event: response.failed"), "\(answer.text)")
            #expect(answer.text.contains("generation_interrupted"))
        }
    }

    @Test func `a response of the background is fetched when it is there`() async throws {
        try await World.run { world, client in
            let begun = try await send(["background": true, "store": true], world, client)
            #expect(begun.status == 200 && begun.json["status"] == "queued", "\(begun.text)")
            #expect(begun.json["background"] == true)
            let id = try #require(begun.json["id"]?.string)
            var json = begun.json
            for _ in 0..<400 where ["queued", "in_progress"].contains(json["status"]) {
                try await Task.sleep(for: .milliseconds(25))
                json = try await client.send(.get, "/v1/responses/\(id)", as: world.acme.secret).json
            }
            #expect(json["status"] == "completed")
            #expect(json["output"]?[0]?["content"]?[0]?["text"] == "Hello, world")
            #expect(json["usage"]?["output_tokens"] == 4)
            let other = try await client.send(.get, "/v1/responses/\(id)", as: world.globex.secret)
            #expect(other.status == 404)
        }
        let slow = ScriptedGenerator.Reply((0..<200).map { _ in "word" }, pause: .milliseconds(50))
        try await World.run([slow]) { world, client in
            let id = try #require(try await send(["background": true], world, client).json["id"]?.string)
            _ = try await client.send(.post, "/v1/responses/\(id)/cancel", as: world.acme.secret)
            var json: JSONValue = .null
            for _ in 0..<400 where json["status"] != "cancelled" {
                try await Task.sleep(for: .milliseconds(25))
                json = try await client.send(.get, "/v1/responses/\(id)", as: world.acme.secret).json
            }
            #expect(json["status"] == "cancelled", "\(json.text)")
        }
    }

    @Test func `what cannot be done is refused by name`() async throws {
        try await World.run { world, client in
            let wrong: [(JSONObject, String)] = [
                (["input": []], "input"), (["input": [["type": "function_call_output"]]], "input[0].type"),
                (["input": [["role": "robot", "content": "x"]]], "input[0].role"),
                (["input": [["role": "user", "content": [["type": "input_image"]]]]], "input[0].content[0].type"),
                (["tools": [["type": "web_search"]]], "tools"), (["tool_choice": "required"], "tool_choice"),
                (["previous_response_id": "resp_1"], "previous_response_id"), (["store": true], "store"),
                (["reasoning": ["effort": "high"]], "reasoning"), (["temperature": 9], "temperature"),
                (["max_output_tokens": 0], "max_output_tokens"), (["truncation": "auto"], "truncation"),
                (["background": true, "stream": true], "stream"), (["top_logprobs": 2], "top_logprobs"),
                (["text": ["format": ["type": "xml"]]], "text.format.type"),
                (["text": ["format": ["type": "json_schema", "name": "x"]]], "text.format.schema"),
            ]
            for (fields, name) in wrong {
                let answer = try await send(fields, world, client)
                #expect(answer.status == 400, "\(name): \(answer.text)")
                #expect(answer.json["error"]?["param"]?.string == name, "\(answer.text)")
            }
        }
    }
}
