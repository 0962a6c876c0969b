import HTTPTypes
import Hummingbird
import Inference
import Tenants
import Values

/// Chat and text completions, as OpenAI's clients ask for them.
enum CompletionRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/chat/completions",
            summary: "Answers a chat, whole or as a stream of server-sent events.",
            access: .tenant(.inference, staff: Staff.admin),
            body: chat,
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (
                200,
                Schema.object([
                    "id": Schema.string, "object": Schema.string, "created": Schema.integer, "model": Schema.string,
                    "choices": Schema.array(Schema.free), "usage": Schema.ref("Usage"),
                    "system_fingerprint": Schema.string,
                ])
            ),
            isStreamable: true,
            bodyLimit: 4 << 20
        ) { call in
            try await answer(call, .chat) { fields throws(Problem) in try ChatFields.read(&fields) }
        },
        Endpoint(
            method: .post,
            path: "/v1/completions",
            summary: "Continues a text, whole or as a stream.",
            access: .tenant(.inference, staff: Staff.admin),
            body: text,
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (
                200,
                Schema.object([
                    "id": Schema.string, "object": Schema.string, "created": Schema.integer, "model": Schema.string,
                    "choices": Schema.array(Schema.free), "usage": Schema.ref("Usage"),
                ])
            ),
            isStreamable: true,
            bodyLimit: 4 << 20
        ) { call in
            try await answer(call, .text) { fields throws(Problem) in try TextFields.read(&fields) }
        },
    ]

    /// Somebody else than the client stopped the generation.
    static let cancelled = Problem(.conflict, code: "cancelled", "the generation was cancelled")

    private static func answer(
        _ call: Call,
        _ shape: CompletionShape,
        _ read: (inout JSONFields) throws(Problem) -> CompletionFields
    ) async throws -> Reply {
        let authorized = try await call.authenticate()
        var fields = try call.fields()
        let asked = try read(&fields)
        let runs = try await call.begin(asked.request, choices: asked.choices, authorized)
        let headers = headers(runs)
        let head = CompletionHead(runs[0], tier: asked.tier)
        if asked.request.isStream {
            let writing = CompletionWriting(
                head: head,
                shape: shape,
                includesUsage: asked.includesUsage,
                choices: runs.count
            )
            return CompletionStream(runs: runs, writing: writing, request: call.request).reply(headers: headers)
        }
        return .json(200, shape.object(head, try await call.answers(of: runs)), headers: headers)
    }

    /// What the answer says beside its body.
    static func headers(_ runs: [InferenceRun]) -> [String: String] {
        // Watching for the client's leaving uses the connection up; a client must not send its next request on it.
        var headers = ["Connection": "close"]
        guard let first = runs.first, let last = runs.last else { return headers }
        headers["x-abono-route"] = first.route
        headers["x-abono-job"] = first.job.text
        // The last that was admitted knows of all.
        for (name, value) in last.rates.headers { headers[name] = value }
        return headers
    }

    private static let sampling: JSONObject = [
        "model": Schema.string, "max_tokens": Schema.integer, "max_completion_tokens": Schema.integer,
        "temperature": Schema.number, "top_p": Schema.number, "top_k": Schema.integer, "min_p": Schema.number,
        "n": ["type": "integer", "minimum": 1, "maximum": .int(CompletionFields.choiceLimit)],
        "stop": ["anyOf": [Schema.string, Schema.array(Schema.string)]],
        "seed": Schema.integer, "presence_penalty": Schema.number, "frequency_penalty": Schema.number,
        "logit_bias": Schema.free, "metadata": Schema.free, "user": Schema.string,
        "service_tier": Schema.choice(["auto", "default", "flex"]), "prompt_cache_key": Schema.string,
        "stream": Schema.boolean, "stream_options": Schema.object(["include_usage": Schema.boolean]),
    ]

    private static let chat = Schema.object(
        sampling.merging([
            "messages": Schema.array(
                Schema.object(
                    ["role": Schema.choice(["system", "developer", "user", "assistant"]), "content": Schema.anything],
                    required: ["role", "content"]
                )
            ),
            "response_format": Schema.object([
                "type": Schema.choice(["text", "json_object", "json_schema"]), "json_schema": Schema.free,
            ]), "logprobs": Schema.boolean,
            "top_logprobs": ["type": "integer", "minimum": 0, "maximum": .int(SamplingParameters.logprobsLimit)],
        ]),
        required: ["model", "messages"]
    )

    private static let text = Schema.object(
        sampling.merging([
            "prompt": Schema.anything,
            "logprobs": ["type": "integer", "minimum": 0, "maximum": .int(SamplingParameters.logprobsLimit)],
        ]),
        required: ["model", "prompt"]
    )
}

extension Call {
    /// Has a request admitted so many times and begun.
    ///
    /// - Returns: as many runs as were asked for, at least one.
    func begin(
        _ request: InferenceRequest,
        choices: Int = 1,
        _ authorized: Authorized
    ) async throws -> [InferenceRun] {
        let (inference, caller) = try inference(authorized)
        return try await withRates(inference, caller) {
            try await inference.begin(request, choices: max(1, choices), by: caller)
        }
    }

    /// The models, and who asks them.
    func inference(_ authorized: Authorized) throws -> (InferenceService, InferenceCaller) {
        // Taking the key and not keeping its promise would bill a repetition twice.
        guard endpoint.isIdempotent || header("Idempotency-Key") == nil else {
            throw Problem.invalid("Idempotency-Key", "is not supported here: generated text is not kept")
        }
        guard let inference = services.inference else {
            throw InferenceError.noEngine(reason: "this server runs no models")
        }
        let caller = InferenceCaller(
            tenant: try authorized.requiredTenant(),
            key: authorized.caller.key,
            author: authorized.stamp.author,
            requestID: requestID
        )
        return (inference, caller)
    }

    /// Does something that admission may refuse; the refusal says what is left of the minute.
    func withRates<Value>(
        _ inference: InferenceService,
        _ caller: InferenceCaller,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch  where Problem.of(error).kind == .limited {
            let rates = try await inference.rates(of: caller.tenant)
            throw AnnotatedError(cause: error, headers: rates?.headers ?? [])
        }
    }

    /// Waits for whole answers; a client that leaves stops the generations.
    func answers(of runs: [InferenceRun]) async throws -> [InferenceAnswer] {
        let answers: [InferenceAnswer]
        do {
            answers = try await request.body.consumeWithInboundCloseHandler { _ in
                try await Self.all(runs)
            } onInboundClosed: {
                for run in runs { run.cancel() }
            }
        } catch {
            // One alone is of no use.
            for run in runs { run.cancel() }
            throw AnnotatedError(cause: error, headers: [("Connection", "close")])
        }
        guard answers.allSatisfy({ $0.finishReason != .cancelled }) else { throw CompletionRoutes.cancelled }
        return answers
    }

    @concurrent private static func all(_ runs: [InferenceRun]) async throws -> [InferenceAnswer] {
        try await withThrowingTaskGroup(of: (Int, InferenceAnswer).self) { group in
            for (index, run) in runs.enumerated() { group.addTask { (index, try await run.answer()) } }
            var answers: [(Int, InferenceAnswer)] = []
            for try await answer in group { answers.append(answer) }
            return answers.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
