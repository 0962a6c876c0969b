import HTTPTypes
import Inference
import Values

/// Vectors of texts and moderation, as OpenAI's clients ask for them.
enum EmbeddingsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/embeddings",
            summary: "Makes vectors of texts; they have the length 1.",
            access: .tenant(.inference, staff: Staff.admin),
            body: Schema.object(
                [
                    "model": Schema.string, "input": Schema.anything,
                    "encoding_format": Schema.choice(EmbeddingFields.Encoding.allCases.map(\.rawValue)),
                    "dimensions": ["type": "integer", "minimum": 1], "user": Schema.string,
                ],
                required: ["model", "input"]
            ),
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (
                200,
                Schema.object([
                    "object": Schema.string, "data": Schema.array(Schema.free), "model": Schema.string,
                    "usage": Schema.object(["prompt_tokens": Schema.integer, "total_tokens": Schema.integer]),
                ])
            ),
            bodyLimit: 4 << 20
        ) { call in
            let authorized = try await call.authenticate()
            var fields = try call.fields()
            let asked = try EmbeddingFields(&fields)
            let runs = try await call.begin(asked.request, authorized)
            let answer = try await call.answers(of: runs)[0]
            return .json(200, try asked.object(answer), headers: CompletionRoutes.headers(runs))
        },
        Endpoint(
            method: .post,
            path: "/v1/moderations",
            summary: "Looks whether texts say what should not be said, by lists of words and phrases in English.",
            access: .tenant(.inference, staff: Staff.admin),
            body: Schema.object(["model": Schema.string, "input": Schema.anything], required: ["input"]),
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (
                200,
                Schema.object([
                    "id": Schema.string, "model": Schema.string, "results": Schema.array(Schema.free),
                ])
            )
        ) { call in
            let authorized = try await call.authenticate()
            var fields = try call.fields()
            let task = try ModerationBatch.read(&fields)
            let (inference, caller) = try call.inference(authorized)
            let done = try await call.withRates(inference, caller) { try await inference.perform(task, by: caller) }
            let object: JSONValue = [
                "id": .string("modr-" + done.job.text.dropFirst(4)), "model": .string(done.model),
                "results": done.output,
            ]
            return .json(200, object, headers: TasksRoutes.headers(done))
        },
    ]
}
