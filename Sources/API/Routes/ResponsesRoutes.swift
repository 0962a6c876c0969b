import HTTPTypes
import Inference
import Values

/// OpenAI's Responses API, with text in and text out.
enum ResponsesRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/responses",
            summary: "Answers, whole, as a stream, or in the background; what is answered at once is not kept.",
            access: .tenant(.inference, staff: Staff.admin),
            body: Schema.object(
                [
                    "model": Schema.string, "input": Schema.anything, "instructions": Schema.string,
                    "max_output_tokens": Schema.integer, "temperature": Schema.number, "top_p": Schema.number,
                    "stream": Schema.boolean, "background": Schema.boolean, "text": Schema.free,
                    "metadata": Schema.free, "user": Schema.string, "store": Schema.boolean,
                    "service_tier": Schema.choice(["auto", "default", "flex"]), "prompt_cache_key": Schema.string,
                ],
                required: ["model", "input"]
            ),
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (200, object),
            isStreamable: true,
            bodyLimit: 4 << 20
        ) { call in try await answer(call) },
        Endpoint(
            method: .get,
            path: "/v1/responses/{id}",
            summary: "A response of the background, as it stands.",
            access: .tenant(.inference, staff: Staff.all),
            speaksOpenAI: true,
            success: (200, object)
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let tenant = try authorized.requiredTenant()
                    let (id, text) = try id(call)
                    let job = try await InferenceJobQueries.find(id, of: tenant, in: transaction)
                    return try shown(job, text)
                }
            )
        },
        Endpoint(
            method: .post,
            path: "/v1/responses/{id}/cancel",
            summary: "Stops a response of the background; what was generated until then is charged.",
            access: .tenant(.inference, staff: Staff.admin),
            isIdempotent: true,
            speaksOpenAI: true,
            success: (200, object)
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                try call.optionalFields().finish()
                let tenant = try authorized.requiredTenant()
                let (id, text) = try id(call)
                _ = try shown(try await InferenceJobQueries.find(id, of: tenant, in: transaction), text)
                let job = try await InferenceOperations.cancel(id, of: tenant, by: authorized.stamp, in: transaction)
                return try shown(job, text)
            }
        },
    ]

    private static let object = Schema.object([
        "id": Schema.string, "object": Schema.string, "created_at": Schema.integer, "status": Schema.string,
        "model": Schema.string, "output": Schema.array(Schema.free), "usage": Schema.nullable(Schema.free),
    ])

    private static func id(_ call: Call) throws(Problem) -> (JobID, String) {
        let text = call.path["id"] ?? ""
        guard let id = ResponseShape.job(text) else { throw .notFound("response", text) }
        return (id, text)
    }

    /// Only what runs in the background is kept.
    private static func shown(_ job: InferenceJob?, _ id: String) throws(Problem) -> JSONValue {
        guard let job, job.isAsynchronous, job.task == TaskName.chat.rawValue else {
            throw .notFound("response", id)
        }
        return ResponseShape(job).object(job)
    }

    private static func answer(_ call: Call) async throws -> Reply {
        let authorized = try await call.authenticate()
        var fields = try call.fields()
        let asked = try ResponseFields(&fields)
        if asked.isBackground { return try await submit(asked, call, authorized) }
        let runs = try await call.begin(asked.request, authorized)
        let headers = CompletionRoutes.headers(runs)
        let shape = ResponseShape(runs[0], asked)
        if asked.isStream {
            let writing = ResponseWriting(shape)
            return CompletionStream(runs: runs, writing: writing, request: call.request).reply(headers: headers)
        }
        let answer = try await call.answers(of: runs)[0]
        let object = shape.object(text: answer.text, finish: answer.finishReason.rawValue, usage: answer.usage)
        return .json(200, object, headers: headers)
    }

    private static func submit(_ asked: ResponseFields, _ call: Call, _ authorized: Authorized) async throws -> Reply {
        let (inference, caller) = try call.inference(authorized)
        let prepared = try await inference.prepare(try asked.submission(), by: caller)
        let (job, rates) = try await call.withRates(inference, caller) {
            try await call.transaction { authorized, transaction in
                try await InferenceOperations.submit(prepared, by: authorized.stamp, in: transaction)
            }
        }
        inference.wake()
        var headers = ["x-abono-route": job.route, "x-abono-job": job.id.text]
        for (name, value) in rates.headers { headers[name] = value }
        return .json(200, ResponseShape(job).object(job), headers: headers)
    }
}

/// Events of a response, each under its name.
struct ResponseWriting: StreamWriting {
    private var events: ResponseEvents

    init(_ shape: ResponseShape) { events = ResponseEvents(shape) }

    mutating func text(of event: InferenceEvent, choice: Int) -> String {
        events.events(of: event).reduce("") { $0 + Self.text($1) }
    }

    mutating func failure(_ problem: Problem) -> String {
        Self.text(events.failure(code: problem.code, message: problem.message))
    }

    private static func text(_ event: (name: String, data: JSONValue)) -> String {
        "event: \(event.name)\ndata: \(event.data.text)\n\n"
    }
}
