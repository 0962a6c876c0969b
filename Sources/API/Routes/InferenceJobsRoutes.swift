import HTTPTypes
import Inference
import Values

/// Jobs as they are kept, and tasks.
enum InferenceJobsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/jobs",
            summary: "The tenant's jobs, newest first.",
            access: .tenant(.inference, staff: Staff.all),
            parameters: Paging.parameters + [
                Endpoint.Parameter(
                    name: "status",
                    about: "Only those of a status.",
                    schema: Schema.choice(InferenceJobStatus.allCases.map(\.rawValue))
                )
            ],
            speaksOpenAI: true,
            success: (200, Schema.list(Schema.ref("Job")))
        ) { call in
            let limit = try call.limit()
            let before = try call.after(as: JobID.self)
            let status = try call.queryChoice("status", as: InferenceJobStatus.self)
            let jobs = try await call.transaction { authorized, transaction in
                try await InferenceJobQueries.list(
                    of: try authorized.requiredTenant(),
                    status: status,
                    limit: limit + 1,
                    before: before,
                    in: transaction
                )
            }
            return .page(jobs, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/jobs/{id}",
            summary: "One job. The text it generated is not kept.",
            access: .tenant(.inference, staff: Staff.all),
            speaksOpenAI: true,
            success: (200, Schema.ref("Job"))
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let id = try call.id(as: JobID.self)
                    let job = try await InferenceJobQueries.find(
                        id,
                        of: try authorized.requiredTenant(),
                        in: transaction
                    )
                    guard let job else { throw Problem.notFound("job", id.text) }
                    return job.json
                }
            )
        },
        Endpoint(
            method: .post,
            path: "/v1/jobs/{id}/cancel",
            summary: "Stops a job; what it generated until then is charged. One that has ended stays as it is.",
            access: .tenant(.inference, staff: Staff.admin),
            isIdempotent: true,
            speaksOpenAI: true,
            success: (200, Schema.ref("Job"))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                try call.optionalFields().finish()
                return try await InferenceOperations.cancel(
                    try call.id(as: JobID.self),
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
        Endpoint(
            method: .post,
            path: "/v1/tasks/{name}",
            summary: "Runs a task and waits for it: generate or chat.",
            access: .tenant(.inference, staff: Staff.admin),
            body: Schema.free,
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (
                200,
                Schema.object([
                    "id": Schema.string, "task": Schema.string, "model": Schema.string, "version": Schema.string,
                    "route": Schema.string, "usage": Schema.ref("Usage"), "milliseconds": Schema.integer,
                    "output": Schema.free,
                ])
            ),
            bodyLimit: 4 << 20
        ) { call in try await task(call) },
    ]

    private static func task(_ call: Call) async throws -> Reply {
        let authorized = try await call.authenticate()
        let name = call.path["name"] ?? ""
        guard ["generate", "chat"].contains(name) else {
            throw Problem(.notFound, code: "task_not_found", "there is no task \(name); there are chat and generate")
        }
        var fields = try call.fields()
        let asked = name == "chat" ? try ChatFields.readTask(&fields) : try TextFields.readTask(&fields)
        let run = try await call.begin(asked.request, authorized)
        let answer = try await call.answer(of: run)
        let text = JSONValue.string(answer.text)
        let output: JSONValue = [
            name == "chat" ? "message" : "text": name == "chat" ? ["role": "assistant", "content": text] : text,
            "finish_reason": .string(answer.finishReason.rawValue),
        ]
        return .json(
            200,
            [
                "id": answer.job.json, "task": .string(name), "model": .string(answer.model),
                "version": .string(answer.version), "route": .string(answer.route), "usage": answer.usage.json,
                "milliseconds": .int(answer.milliseconds), "output": output,
            ],
            headers: CompletionRoutes.headers(run)
        )
    }
}
