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
        let run = try await call.begin(asked.request, authorized)
        let headers = headers(run)
        if asked.request.isStream {
            return CompletionStream(
                run: run,
                shape: shape,
                includesUsage: asked.includesUsage,
                request: call.request
            ).reply(headers: headers)
        }
        return .json(200, shape.object(run, try await call.answer(of: run)), headers: headers)
    }

    /// What the answer says beside its body.
    static func headers(_ run: InferenceRun) -> [String: String] {
        // Watching for the client's leaving uses the connection up; a client must not send its next request on it.
        var headers = ["x-abono-route": run.route, "x-abono-job": run.job.text, "Connection": "close"]
        for (name, value) in run.rates.headers { headers[name] = value }
        return headers
    }

    private static let sampling: JSONObject = [
        "model": Schema.string, "max_tokens": Schema.integer, "max_completion_tokens": Schema.integer,
        "temperature": Schema.number, "top_p": Schema.number, "top_k": Schema.integer, "min_p": Schema.number,
        "n": ["type": "integer", "const": 1], "stop": ["anyOf": [Schema.string, Schema.array(Schema.string)]],
        "seed": Schema.integer, "presence_penalty": Schema.number, "frequency_penalty": Schema.number,
        "logit_bias": Schema.free, "metadata": Schema.free, "user": Schema.string,
        "service_tier": Schema.choice(["auto", "default"]), "prompt_cache_key": Schema.string,
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
            "response_format": Schema.object(["type": Schema.choice(["text"])]),
        ]),
        required: ["model", "messages"]
    )

    private static let text = Schema.object(
        sampling.merging(["prompt": Schema.anything]),
        required: ["model", "prompt"]
    )
}

extension Call {
    /// Has a request admitted and begun.
    func begin(_ request: InferenceRequest, _ authorized: Authorized) async throws -> InferenceRun {
        // Taking the key and not keeping its promise would bill a repetition twice.
        guard header("Idempotency-Key") == nil else {
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
        do {
            return try await inference.begin(request, by: caller)
        } catch  where Problem.of(error).kind == .limited {
            let rates = try await inference.rates(of: caller.tenant)
            throw AnnotatedError(cause: error, headers: rates?.headers ?? [])
        }
    }

    /// Waits for the whole answer; a client that leaves stops the generation.
    func answer(of run: InferenceRun) async throws -> InferenceAnswer {
        let answer: InferenceAnswer
        do {
            answer = try await request.body.consumeWithInboundCloseHandler { _ in
                try await run.answer()
            } onInboundClosed: {
                run.cancel()
            }
        } catch {
            throw AnnotatedError(cause: error, headers: [("Connection", "close")])
        }
        guard answer.finishReason != .cancelled else { throw CompletionRoutes.cancelled }
        return answer
    }
}
