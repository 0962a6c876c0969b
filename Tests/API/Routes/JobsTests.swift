import HTTPTypes
import HummingbirdTesting
import Inference
import Testing
import Values

@testable import API

/// Jobs and tasks over HTTP.
@Suite struct JobsTests {
    private func ended(_ id: String, _ world: World, _ client: any TestClientProtocol) async throws -> JSONValue {
        for _ in 0..<400 {
            let job = try await client.send(.get, "/v1/jobs/\(id)", as: world.acme.secret).json
            if !["queued", "running"].contains(job["status"]) { return job }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw Problem(.timeout, "the job did not end")
    }

    @Test func `a job is accepted, runs by itself and shows its output`() async throws {
        try await World.run { world, client in
            let answer = try await client.send(
                .post,
                "/v1/jobs",
                as: world.acme.secret,
                body: [
                    "task": "chat", "input": ["messages": [["role": "user", "content": "Hi"]], "max_tokens": 20],
                    "model": "tiny", "timeout": 60, "priority": 3, "metadata": ["a": "b"],
                ]
            )
            #expect(answer.status == 202, "\(answer.text)")
            #expect(answer.json["object"] == "job" && answer.json["status"] == "queued")
            #expect(answer.json["output"] == .null && answer.json["attempts"] == 0)
            #expect(answer.header("x-ratelimit-remaining-requests") == "99999")
            let id = try #require(answer.json["id"]?.string)
            #expect(id.hasPrefix("job_"))
            let job = try await ended(id, world, client)
            #expect(job["status"] == "succeeded")
            #expect(job["output"]?["message"]?["content"] == "Hello, world")
            #expect(job["output"]?["finish_reason"] == "stop")
            #expect(job["usage"]?["total_tokens"]?.int ?? 0 > 0)
            #expect(job["metadata"] == ["a": "b"] && job["attempts"] == 1 && job["error"] == .null)
            for field in ["model", "version", "created_at", "started_at", "finished_at"] {
                #expect(job[field]?.string?.isEmpty == false, "\(field)")
            }
            let audit = try await client.send(.get, "/v1/audit", as: world.secret(.admin), for: world.acme.tenant)
            #expect(audit.text.contains("job.succeeded"))
            #expect(!audit.text.contains("Hello, world"))
        }
    }

    @Test func `the same key makes one job`() async throws {
        try await World.run { world, client in
            let body: JSONValue = ["task": "sentiment", "input": ["input": "I love it."]]
            func submit(_ body: JSONValue) async throws -> Answer {
                try await client.send(
                    .post,
                    "/v1/jobs",
                    as: world.acme.secret,
                    body: body,
                    headers: ["Idempotency-Key": "k1"]
                )
            }
            let first = try await submit(body)
            let second = try await submit(body)
            #expect(first.status == 202 && second.status == 202)
            #expect(first.json["id"] == second.json["id"])
            let other = try await submit(["task": "sentiment", "input": ["input": "I hate it."]])
            #expect(other.status == 409)
            let jobs = try await client.send(.get, "/v1/jobs", as: world.acme.secret)
            #expect(jobs.json["data"]?.array?.count == 1)
        }
    }

    @Test func `what is wrong with a job is named`() async throws {
        try await World.run { world, client in
            let wrong: [(JSONValue, String)] = [
                (["input": [:]], "task"), (["task": "fly", "input": [:]], "task"), (["task": "chat"], "input"),
                (["task": "chat", "input": [:]], "input.messages"),
                (["task": "generate", "input": ["prompt": "x", "temperature": 9]], "input.temperature"),
                (["task": "generate", "input": ["prompt": "x", "what": 9]], "input.what"),
                (["task": "generate", "input": ["prompt": "x"], "priority": 1000], "priority"),
                (["task": "generate", "input": ["prompt": "x"], "timeout": 0], "timeout"),
                (["task": "generate", "input": ["prompt": "x"], "metadata": "x"], "metadata"),
                (["task": "rerank", "input": ["query": "x", "documents": [1]]], "input.documents[0]"),
            ]
            for (body, field) in wrong {
                let answer = try await client.send(.post, "/v1/jobs", as: world.acme.secret, body: body)
                #expect(answer.status == 400, "\(body.text) \(answer.text)")
                #expect(answer.json["error"]?["param"]?.string == field, "\(answer.text)")
            }
            let huge = try await client.send(
                .post,
                "/v1/jobs",
                as: world.acme.secret,
                body: ["task": "generate", "input": ["prompt": "x"], "model": "huge"]
            )
            #expect(huge.status == 404 && huge.json["error"]?["code"] == "model_not_found")
            let jobs = try await client.send(.get, "/v1/jobs", as: world.acme.secret)
            #expect(jobs.json["data"] == [])
        }
    }

    @Test func `tasks that need no model answer, and are billed as a request and their time`() async throws {
        try await World.run(features: World.roomyFeatures) { world, client in
            let tasks: [(String, JSONValue, String)] = [
                ("sentiment", ["input": "I love it."], "label"),
                ("answer", ["question": "What is Peru's capital?", "context": "Peru's capital is Lima."], "answer"),
                ("summarize", ["input": "One. Two."], "summary"),
                ("rerank", ["query": "cat", "documents": ["dog", "cat"]], "results"),
                ("detect_language", ["input": "Where is the station?"], "language"),
                ("moderate", ["input": "Hello."], "categories"),
            ]
            for (name, body, field) in tasks {
                let answer = try await client.send(.post, "/v1/tasks/\(name)", as: world.acme.secret, body: body)
                #expect(answer.status == 200, "\(name): \(answer.text)")
                #expect(answer.json["task"]?.string == name)
                #expect(answer.json["output"]?[field] != nil, "\(answer.text)")
                #expect(answer.json["usage"]?["total_tokens"] == 0)
                #expect(answer.json["milliseconds"]?.int != nil && answer.json["route"]?.string != nil)
                #expect(answer.json["id"]?.string == answer.header("x-abono-job"))
                let wrong = try await client.send(.post, "/v1/tasks/\(name)", as: world.acme.secret, body: [:])
                #expect(wrong.status == 400 && wrong.json["error"]?["param"]?.string != nil)
            }
            let usage = try await client.send(.get, "/v1/usage?meter=requests&to=2026-03-03", as: world.acme.secret)
            #expect(usage.json["data"]?[0]?["quantity"]?.string == "6")
            let named = try await client.send(
                .post,
                "/v1/tasks/sentiment",
                as: world.acme.secret,
                body: ["input": "x", "model": "tiny"]
            )
            #expect(named.status == 400 && named.json["error"]?["param"] == "model")
        }
    }

    @Test func `a job that waits is cancelled at once`() async throws {
        try await World.run(
            [ScriptedGenerator.Reply((0..<200).map { _ in "word" }, pause: .milliseconds(50))],
            features: ["inference": ["concurrency": 1]]
        ) { world, client in
            var ids: [String] = []
            for _ in 0..<2 {
                let body = RouteInputs.bodies["POST /v1/jobs"]
                let answer = try await client.send(.post, "/v1/jobs", as: world.acme.secret, body: body)
                ids.append(try #require(answer.json["id"]?.string))
            }
            let other = try await client.send(.post, "/v1/jobs/\(ids[1])/cancel", as: world.globex.secret)
            #expect(other.status == 404)
            let cancelled = try await client.send(.post, "/v1/jobs/\(ids[1])/cancel", as: world.acme.secret)
            #expect(cancelled.status == 200 && cancelled.json["status"] == "cancelled", "\(cancelled.text)")
            _ = try await client.send(.post, "/v1/jobs/\(ids[0])/cancel", as: world.acme.secret)
            let job = try await ended(ids[0], world, client)
            #expect(job["status"] == "cancelled")
        }
    }
}
