import Foundation
import HummingbirdTesting
import Inference
import Subprocess
import SystemPackage
import Testing
import Values

/// OpenAI's own Python client against a server that listens: what it reads is what a customer's program reads.
@Suite struct OpenAIClientTests {
    private static let version = "3.54.0"

    /// Says as JSON what the client made of each answer.
    private static let script = """
        import json, sys, time, openai
        client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key=sys.argv[2], max_retries=0)
        hello = [{"role": "user", "content": "Hello"}]
        said = {}
        said["models"] = [model.id for model in client.models.list()]
        chat = client.chat.completions.create(model="tiny", messages=hello, n=2, logprobs=True, top_logprobs=1)
        said["chat"] = [choice.message.content for choice in chat.choices]
        said["reason"] = chat.choices[0].finish_reason
        said["total"] = chat.usage.total_tokens - chat.usage.prompt_tokens
        said["tokens"] = "".join(token.token for token in chat.choices[0].logprobs.content)
        raw = client.chat.completions.with_raw_response.create(model="tiny", messages=hello)
        said["limit"] = raw.headers["x-ratelimit-limit-requests"]
        said["request"] = bool(raw.parse()._request_id)
        stream = client.chat.completions.create(
            model="tiny", messages=hello, stream=True, stream_options={"include_usage": True})
        chunks = list(stream)
        said["stream"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        said["usage"] = chunks[-1].usage.completion_tokens
        text = client.completions.create(model="tiny", prompt="Once", max_tokens=5)
        said["text"] = text.choices[0].text
        vectors = client.embeddings.create(model="vectors", input=["the cat", "a dog"])
        said["vectors"] = [len(item.embedding) for item in vectors.data]
        plain = client.embeddings.create(model="vectors", input="the cat", encoding_format="float")
        near = [abs(a - b) for a, b in zip(plain.data[0].embedding, vectors.data[0].embedding)]
        said["same"] = max(near) < 1e-6
        flags = client.moderations.create(input=["I want to kill myself.", "Hello there."])
        said["flags"] = [result.flagged for result in flags.results]
        said["harm"] = flags.results[0].categories.self_harm_intent
        response = client.responses.create(model="tiny", instructions="Be brief.", input="Hello")
        said["response"] = response.output_text
        said["status"] = response.status
        events = list(client.responses.create(model="tiny", input="Hello", stream=True))
        said["events"] = [events[0].type, events[-1].type, events[-1].response.output_text]
        later = client.responses.create(model="tiny", input="Hello", background=True)
        for _ in range(200):
            if later.status not in ("queued", "in_progress"):
                break
            time.sleep(0.05)
            later = client.responses.retrieve(later.id)
        said["later"] = later.output_text
        lines = [{"custom_id": str(number), "method": "POST", "url": "/v1/chat/completions",
                  "body": {"model": "tiny", "messages": hello}} for number in range(3)]
        file = client.files.create(
            file=("in.jsonl", "\\n".join(map(json.dumps, lines)).encode()), purpose="batch",
            expires_after={"anchor": "created_at", "seconds": 7200})
        batch = client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        for _ in range(200):
            if batch.status == "completed":
                break
            time.sleep(0.1)
            batch = client.batches.retrieve(batch.id)
        output = client.files.content(batch.output_file_id).text
        answers = [json.loads(line) for line in output.splitlines()]
        said["batch"] = [answer["response"]["body"]["choices"][0]["message"]["content"] for answer in answers]
        said["counts"] = [batch.request_counts.completed, batch.request_counts.failed]
        said["cancelled"] = client.batches.cancel(batch.id).status
        said["batches"] = [item.id == batch.id for item in client.batches.list()]
        said["files"] = sorted(item.purpose for item in client.files.list())
        said["deleted"] = client.files.delete(file.id).deleted
        def refusal(call):
            try:
                call()
            except openai.APIStatusError as error:
                return [type(error).__name__, error.param, error.code]
            return None
        said["refusals"] = [
            refusal(lambda: client.chat.completions.create(model="tiny", messages=hello, temperature=9)),
            refusal(lambda: client.chat.completions.create(model="huge", messages=hello)),
            refusal(lambda: client.chat.completions.create(
                model="tiny", messages=hello, tools=[{"type": "function", "function": {"name": "x"}}])),
            refusal(lambda: openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="abk_no").models.list()),
        ]
        try:
            list(client.chat.completions.create(
                model="tiny", messages=[{"role": "user", "content": "break"}], stream=True))
        except openai.APIError as error:
            said["broken"] = error.code
        print(json.dumps(said))
        """

    @Test(.timeLimit(.minutes(20))) func `the client reads all that the contract promises`() async throws {
        let python = try await Self.python()
        let replies = [ScriptedGenerator.Reply(to: "break", ["Hel"], failure: .engineLost)] + World.script
        try await World.run(replies, features: World.roomyFeatures, isLive: true) { world, client in
            let port = try #require(client.port)
            let result = try await Self.run(
                python,
                ["-c", Self.script, "http://127.0.0.1:\(port)", world.acme.secret]
            )
            let said = try JSONValue(parsing: result)
            #expect(said["models"] == ["tiny", "vectors", "fast"])
            #expect(said["chat"] == ["Hello, world", "Hello, world"] && said["reason"] == "stop")
            #expect(said["total"] == 8 && said["tokens"] == "Hello, world")
            #expect(said["limit"] == "100000" && said["request"] == true)
            #expect(said["stream"] == "Hello, world" && said["usage"] == 4)
            #expect(said["text"] == "Hello, world")
            let size = JSONValue.int(ScriptedGenerator.vectorSize)
            #expect(said["vectors"] == [size, size] && said["same"] == true)
            #expect(said["flags"] == [true, false] && said["harm"] == true)
            #expect(said["response"] == "Hello, world" && said["status"] == "completed")
            #expect(said["events"] == ["response.created", "response.completed", "Hello, world"])
            #expect(said["later"] == "Hello, world")
            #expect(said["batch"] == ["Hello, world", "Hello, world", "Hello, world"] && said["counts"] == [3, 0])
            // One that has ended stays as it is.
            #expect(said["cancelled"] == "completed" && said["batches"] == [true])
            #expect(said["files"] == ["batch", "batch_output"] && said["deleted"] == true)
            #expect(
                said["refusals"] == [
                    ["BadRequestError", "temperature", nil], ["NotFoundError", "model", "model_not_found"],
                    ["BadRequestError", "tools", nil], ["AuthenticationError", nil, "invalid_api_key"],
                ]
            )
            #expect(said["broken"] == "generation_interrupted")
        }
    }

    /// A Python of its own with the client, made once and kept in the cache.
    private static func python() async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["ABONO_CACHE"] ?? NSHomeDirectory() + "/.cache/abono"
        let folder = cache + "/venv-openai-\(version)"
        if FileManager.default.isExecutableFile(atPath: folder + "/done") { return folder + "/bin/python" }
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
        _ = try await run("/usr/bin/python3", ["-m", "venv", folder])
        _ = try await run(folder + "/bin/python", ["-m", "pip", "install", "--quiet", "openai==\(version)"])
        // Only what was made whole is used again.
        _ = FileManager.default.createFile(
            atPath: folder + "/done",
            contents: nil,
            attributes: [.posixPermissions: 0o755]
        )
        return folder + "/bin/python"
    }

    /// Runs a program to its end and returns what it printed.
    private static func run(_ program: String, _ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: Arguments(arguments),
            input: .none,
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        try #require(result.terminationStatus == .exited(0), "\(result.standardError)")
        return result.standardOutput
    }
}
