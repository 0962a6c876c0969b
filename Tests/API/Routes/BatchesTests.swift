import HTTPTypes
import HummingbirdTesting
import Inference
import Jobs
import Testing
import Values

@testable import API

/// Files and batches as OpenAI's clients see them.
@Suite struct BatchesTests {
    private func line(_ id: String, _ body: JSONValue, url: String = "/v1/chat/completions") -> String {
        let line: JSONValue = ["custom_id": .string(id), "method": "POST", "url": .string(url), "body": body]
        return line.text
    }

    private func chat(_ text: String = "Hello") -> JSONValue {
        ["model": "tiny", "messages": [["role": "user", "content": .string(text)]], "max_tokens": 100]
    }

    private func create(
        _ file: JSONValue?,
        _ world: World,
        _ client: any TestClientProtocol,
        endpoint: String = "/v1/chat/completions"
    ) async throws -> Answer {
        try await client.send(
            .post,
            "/v1/batches",
            as: world.acme.secret,
            body: [
                "input_file_id": file ?? .null, "endpoint": .string(endpoint), "completion_window": "24h",
                "metadata": ["night": "1"],
            ]
        )
    }

    private func ended(_ id: String, _ world: World, _ client: any TestClientProtocol) async throws -> JSONValue {
        for _ in 0..<800 {
            let batch = try await client.send(.get, "/v1/batches/\(id)", as: world.acme.secret).json
            if ["completed", "failed", "expired", "cancelled"].contains(batch["status"]) { return batch }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw Problem(.timeout, "the batch did not end")
    }

    private func lines(
        _ file: JSONValue?,
        _ world: World,
        _ client: any TestClientProtocol
    ) async throws -> [JSONValue] {
        let id = try #require(file?.string)
        let answer = try await client.send(.get, "/v1/files/\(id)/content", as: world.acme.secret)
        #expect(answer.status == 200)
        return try answer.text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    @Test func `a file comes back as it was sent, is listed, and is gone once it is deleted`() async throws {
        try await World.run { world, client in
            let content = "{\"a\": 1}\r\n\r\nzwölf\n"
            let sent = try await client.upload(content, as: world.acme.secret)
            #expect(sent.status == 200, "\(sent.text)")
            #expect(sent.json["object"] == "file" && sent.json["purpose"] == "batch")
            #expect(sent.json["bytes"]?.int == content.utf8.count && sent.json["filename"] == "in.jsonl")
            let id = try #require(sent.json["id"]?.string)
            let back = try await client.send(.get, "/v1/files/\(id)/content", as: world.acme.secret)
            #expect(back.text == content)
            let list = try await client.send(.get, "/v1/files?purpose=batch", as: world.acme.secret)
            #expect(list.json["data"]?[0]?["id"]?.string == id && list.json["object"] == "list")
            let foreign = try await client.send(.get, "/v1/files/\(id)/content", as: world.globex.secret)
            #expect(foreign.status == 404)
            let gone = try await client.send(.delete, "/v1/files/\(id)", as: world.acme.secret)
            #expect(gone.json == ["id": .string(id), "object": "file", "deleted": true])
            let after = try await client.send(.get, "/v1/files/\(id)", as: world.acme.secret)
            #expect(after.status == 404)
            // Past its retention it is gone, too.
            let short = try await client.upload(
                "x",
                as: world.acme.secret,
                more: [
                    ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"),
                ]
            )
            let shortID = try #require(short.json["id"]?.string, "\(short.text)")
            world.time.set(World.now.adding(seconds: 3601))
            _ = try await world.services.inference?.forgetContents()
            let old = try await client.send(.get, "/v1/files/\(shortID)/content", as: world.acme.secret)
            #expect(old.status == 404)
        }
    }

    @Test func `a form that is wrong is refused by name`() async throws {
        try await World.run { world, client in
            for (more, field) in [
                ([("purpose", "x")], nil), ([("colour", "red")], "colour"),
                ([("expires_after[seconds]", "60")], "expires_after.seconds"),
                ([("expires_after[seconds]", "x")], "expires_after.seconds"),
            ] as [([(String, String)], String?)] {
                let answer = try await client.upload("x", as: world.acme.secret, more: more)
                if let field { #expect(answer.status == 400 && answer.fields == [field], "\(answer.text)") }
            }
            let json = try await client.send(.post, "/v1/files", as: world.acme.secret, body: [:])
            #expect(json.status == 415)
            for text in ["", "--x", "--x\r\n", "--x\r\n\r\nabc\r\n--x--", "nothing"] {
                let answer = try await client.send(
                    .post,
                    "/v1/files",
                    as: world.acme.secret,
                    text: text,
                    headers: ["Content-Type": "multipart/form-data; boundary=x"]
                )
                #expect(answer.status == 400, "\(text): \(answer.text)")
            }
        }
    }

    @Test func `a batch is answered line by line, at half the price`() async throws {
        try await World.run(features: World.roomyFeatures) { world, client in
            let file = try await client.upload(
                [
                    line("one", chat()), line("two", chat("Bye")), "",
                    line("bad", ["model": "tiny", "messages": []]),
                    line(
                        "lost",
                        [
                            "model": "huge",
                            "messages": [
                                ["role": "user", "content": "x"]
                            ],
                        ]
                    ),
                ].joined(separator: "\n") + "\n",
                as: world.acme.secret
            )
            let begun = try await create(file.json["id"], world, client)
            #expect(begun.status == 200 && begun.json["status"] == "validating", "\(begun.text)")
            #expect(begun.json["object"] == "batch" && begun.json["metadata"] == ["night": "1"])
            let id = try #require(begun.json["id"]?.string)
            let batch = try await ended(id, world, client)
            #expect(batch["status"] == "completed", "\(batch.text)")
            #expect(batch["request_counts"] == ["total": 4, "completed": 2, "failed": 2], "\(batch.text)")
            #expect(batch["completed_at"]?.int != nil && batch["in_progress_at"]?.int != nil)
            let answers = try await lines(batch["output_file_id"], world, client)
            #expect(answers.map { $0["custom_id"]?.string } == ["one", "two"])
            let body = try #require(answers[0]["response"]?["body"])
            #expect(answers[0]["response"]?["status_code"] == 200 && answers[0]["error"] == .null)
            #expect(body["object"] == "chat.completion")
            #expect(body["choices"]?[0]?["message"]?["content"] == "Hello, world")
            #expect(body["choices"]?[0]?["finish_reason"] == "stop")
            #expect(body["usage"]?["completion_tokens"] == 4)
            let faults = try await lines(batch["error_file_id"], world, client)
            #expect(faults.map { $0["custom_id"]?.string } == ["bad", "lost"])
            #expect(faults[0]["response"]?["status_code"] == 400)
            #expect(faults[0]["response"]?["body"]?["error"]?["param"] == "messages", "\(faults[0].text)")
            #expect(faults[1]["response"]?["status_code"] == 404)
            #expect(faults[1]["response"]?["body"]?["error"]?["code"] == "model_not_found")
            // Two answers of four tokens each, counted half.
            let usage = try await client.send(
                .get,
                "/v1/usage?meter=tokens.output&to=2026-03-03",
                as: world.acme.secret
            )
            #expect(usage.json["data"]?[0]?["quantity"]?.string == "4", "\(usage.text)")
            let requests = try await client.send(.get, "/v1/usage?meter=requests&to=2026-03-03", as: world.acme.secret)
            #expect(requests.json["data"]?.array?.isEmpty == false)
        }
    }

    @Test func `batches of vectors, texts and responses have the shapes of their routes`() async throws {
        try await World.run(features: World.roomyFeatures) { world, client in
            let bodies: [(String, JSONValue, String)] = [
                ("/v1/embeddings", ["model": "vectors", "input": ["a", "b"], "dimensions": 4], "list"),
                ("/v1/completions", ["model": "tiny", "prompt": "Once"], "text_completion"),
                ("/v1/responses", ["model": "tiny", "input": "Hello"], "response"),
            ]
            for (endpoint, body, object) in bodies {
                let file = try await client.upload(line("1", body, url: endpoint), as: world.acme.secret)
                let begun = try await create(file.json["id"], world, client, endpoint: endpoint)
                let batch = try await ended(try #require(begun.json["id"]?.string), world, client)
                let answers = try await lines(batch["output_file_id"], world, client)
                let answer = try #require(answers.first?["response"]?["body"], "\(batch.text)")
                #expect(answer["object"]?.string == object, "\(answer.text)")
                if endpoint == "/v1/embeddings" { #expect(answer["data"]?[1]?["embedding"]?.array?.count == 4) }
                if endpoint == "/v1/responses" {
                    #expect(answer["output"]?[0]?["content"]?[0]?["text"] == "Hello, world")
                }
            }
        }
    }

    @Test func `a file that is wrong fails its batch, and says where`() async throws {
        try await World.run { world, client in
            let cases: [(String, Int, String)] = [
                ("nonsense", 1, "line"), (line("a", chat()) + "\n" + line("a", chat()), 2, "custom_id"),
                (line("a", chat(), url: "/v1/embeddings"), 1, "url"), (line("a", 7), 1, "body"),
            ]
            for (content, number, field) in cases {
                let file = try await client.upload(content, as: world.acme.secret)
                let begun = try await create(file.json["id"], world, client)
                let batch = try await ended(try #require(begun.json["id"]?.string), world, client)
                #expect(batch["status"] == "failed" && batch["failed_at"]?.int != nil)
                let fault = try #require(batch["errors"]?["data"]?[0], "\(batch.text)")
                #expect(fault["line"]?.int == number && fault["param"]?.string == field, "\(fault.text)")
            }
            let none = try await create("file_01h455vb4pex5vsknk084sn02q", world, client)
            #expect(none.status == 400 && none.fields == ["input_file_id"])
        }
    }

    @Test func `a batch that is cancelled keeps what it has, and one whose day is over expires`() async throws {
        let slow = ScriptedGenerator.Reply(to: "slow", (0..<80).map { _ in "abcd" }, pause: .milliseconds(200))
        for isCancelled in [true, false] {
            try await World.run([slow] + World.script, features: World.roomyFeatures) { world, client in
                let texts = ["quick", "quick", "slow", "slow", "slow", "slow"]
                let content = texts.enumerated().map { line("\($0)", chat($1)) }.joined(separator: "\n")
                let file = try await client.upload(content, as: world.acme.secret)
                let id = try #require(try await create(file.json["id"], world, client).json["id"]?.string)
                var seen: JSONValue = .null
                for _ in 0..<400 where seen["request_counts"]?["completed"]?.int ?? 0 < 2 {
                    try await Task.sleep(for: .milliseconds(25))
                    seen = try await client.send(.get, "/v1/batches/\(id)", as: world.acme.secret).json
                }
                if isCancelled {
                    let answer = try await client.send(.post, "/v1/batches/\(id)/cancel", as: world.acme.secret)
                    #expect(answer.json["status"] == "cancelling", "\(answer.text)")
                } else {
                    world.time.set(World.now.adding(seconds: 86_401))
                }
                let batch = try await ended(id, world, client)
                #expect(batch["status"] == (isCancelled ? "cancelled" : "expired"), "\(batch.text)")
                #expect(batch["request_counts"]?["total"] == 6 && batch["request_counts"]?["completed"] == 2)
                let answers = try await lines(batch["output_file_id"], world, client)
                #expect(answers.map { $0["custom_id"]?.string } == ["0", "1"])
                let faults = try await lines(batch["error_file_id"], world, client)
                let code: JSONValue = isCancelled ? "batch_cancelled" : "batch_expired"
                #expect(faults.count == 4 && faults.allSatisfy { $0["error"]?["code"] == code }, "\(faults)")
                let jobs = try await client.send(.get, "/v1/jobs?limit=50", as: world.acme.secret)
                let statuses = (jobs.json["data"]?.array ?? []).compactMap { $0["status"]?.string }
                #expect(statuses.allSatisfy { ["succeeded", "cancelled"].contains($0) }, "\(statuses)")
            }
        }
    }

    @Test func `what of a batch has not begun is dropped when it is cancelled`() async throws {
        let slow = ScriptedGenerator.Reply((0..<80).map { _ in "abcd" }, pause: .milliseconds(200))
        try await World.run([slow], features: ["inference": ["concurrency": 1]]) { world, client in
            let content = (0..<40).map { line("\($0)", chat("slow")) }.joined(separator: "\n")
            let file = try await client.upload(content, as: world.acme.secret)
            let id = try #require(try await create(file.json["id"], world, client).json["id"]?.string)
            var jobs: [JSONValue] = []
            for _ in 0..<400 where jobs.isEmpty {
                try await Task.sleep(for: .milliseconds(25))
                jobs = try await client.send(.get, "/v1/jobs", as: world.acme.secret).json["data"]?.array ?? []
            }
            _ = try await client.send(.post, "/v1/batches/\(id)/cancel", as: world.acme.secret)
            let batch = try await ended(id, world, client)
            #expect(batch["status"] == "cancelled" && batch["output_file_id"] == .null)
            #expect(batch["request_counts"] == ["total": 40, "completed": 0, "failed": 40], "\(batch.text)")
            let faults = try await lines(batch["error_file_id"], world, client)
            #expect(faults.count == 40 && faults.allSatisfy { $0["error"]?["code"] == "batch_cancelled" })
            // No more than are let in at once have ever become jobs.
            let all = try await client.send(.get, "/v1/jobs?limit=200", as: world.acme.secret)
            #expect((1...32).contains(all.json["data"]?.array?.count ?? 0))
        }
    }
}
