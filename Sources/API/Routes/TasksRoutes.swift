import HTTPTypes
import Inference
import Values

/// Tasks that are waited for.
enum TasksRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/tasks/{name}",
            summary: "Does a task and waits for it: \(TaskName.list).",
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
        ) { call in
            let authorized = try await call.authenticate()
            let name = call.path["name"] ?? ""
            guard let known = TaskName(rawValue: name) else {
                throw Problem(
                    .notFound,
                    code: "task_not_found",
                    "there is no task \(JSONValue.string(name).seen); there are \(TaskName.list)"
                )
            }
            var fields = try call.fields()
            let task = try TaskRequest(known, &fields)
            guard let request = task.generation else { return try await compute(task, call, authorized) }
            let runs = try await call.begin(request, authorized)
            let answer = try await call.answers(of: runs)[0]
            let output = try task.output(of: answer.content, answer.finishReason)
            let done = TaskAnswer(answer, output: output, runs[0].rates)
            return .json(200, done.json, headers: CompletionRoutes.headers(runs))
        }
    ]

    private static func compute(_ task: TaskRequest, _ call: Call, _ authorized: Authorized) async throws -> Reply {
        let (inference, caller) = try call.inference(authorized)
        let done = try await call.withRates(inference, caller) { try await inference.perform(task, by: caller) }
        return .json(200, done.json, headers: headers(done))
    }

    /// What the answer says beside its body.
    static func headers(_ done: TaskAnswer) -> [String: String] {
        var headers = ["x-abono-route": done.route, "x-abono-job": done.job.text]
        for (name, value) in done.rates.headers { headers[name] = value }
        return headers
    }
}
