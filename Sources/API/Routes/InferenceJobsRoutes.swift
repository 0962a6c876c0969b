import HTTPTypes
import Inference
import Values

/// Jobs: those that run by themselves, and what is kept of requests that were waited for.
enum InferenceJobsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/jobs",
            summary: "Has a task done later: it is admitted now, waits for a node, and its end is a webhook's event.",
            access: .tenant(.inference, staff: Staff.admin),
            body: Schema.object(
                [
                    "task": Schema.choice(TaskName.allCases.map(\.rawValue)), "input": Schema.free,
                    "model": Schema.string,
                    "timeout": ["type": "number", "minimum": 1, "maximum": 3600],
                    "priority": ["type": "integer", "minimum": -100, "maximum": 100, "default": 0],
                    "metadata": Schema.free,
                ],
                required: ["task", "input"]
            ),
            isIdempotent: true,
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (202, Schema.ref("Job")),
            bodyLimit: 4 << 20
        ) { call in try await submit(call) },
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
            summary: "One job; with its output for 30 days if nobody waited for it.",
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
    ]

    private static func submit(_ call: Call) async throws -> Reply {
        let (authorized, known) = try await call.begin()
        if let known { return known }
        var fields = try call.fields()
        let submission = try JobSubmission(&fields)
        let (inference, caller) = try call.inference(authorized)
        let prepared = try await inference.prepare(submission, by: caller)
        let reply = try await call.withRates(inference, caller) {
            try await call.write(status: 202) { authorized, transaction in
                try await InferenceOperations.submit(prepared, by: authorized.stamp, in: transaction).job.json
            }
        }
        inference.wake()
        guard case .json(let status, let json, var headers) = reply else { return reply }
        for (name, value) in try await inference.rates(of: caller.tenant)?.headers ?? [] { headers[name] = value }
        return .json(status, json, headers: headers)
    }
}
