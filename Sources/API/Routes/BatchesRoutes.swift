import HTTPTypes
import Inference
import Tenants
import Values

/// Batches, as OpenAI's clients know them.
enum BatchesRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/batches",
            summary: "Answers the requests of a file within a day, at half the price, after everything else.",
            access: .tenant(.inference, staff: Staff.admin),
            body: Schema.object(
                [
                    "input_file_id": Schema.string,
                    "endpoint": Schema.choice(Batch.Endpoint.allCases.map(\.rawValue)),
                    "completion_window": Schema.choice(["24h"]), "metadata": Schema.free,
                    "output_expires_after": Schema.free,
                ],
                required: ["input_file_id", "endpoint", "completion_window"]
            ),
            isIdempotent: true,
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (200, Schema.ref("Batch"))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                var fields = try call.fields()
                let draft = try BatchDraft(&fields)
                return try await BatchOperations.create(
                    draft,
                    of: try authorized.requiredTenant(),
                    key: authorized.caller.key,
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
        Endpoint(
            method: .get,
            path: "/v1/batches",
            summary: "The tenant's batches, the newest first.",
            access: .tenant(.inference, staff: Staff.all),
            parameters: Paging.parameters,
            speaksOpenAI: true,
            success: (200, Schema.list(Schema.ref("Batch")))
        ) { call in
            let limit = try call.limit()
            let before = try call.after(as: BatchID.self)
            let batches = try await call.transaction { authorized, transaction in
                try await BatchQueries.list(
                    of: try authorized.requiredTenant(),
                    limit: limit + 1,
                    before: before,
                    in: transaction
                )
            }
            return .openAIPage(batches, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/batches/{id}",
            summary: "One batch, as it stands.",
            access: .tenant(.inference, staff: Staff.all),
            speaksOpenAI: true,
            success: (200, Schema.ref("Batch"))
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let id = try call.id(as: BatchID.self)
                    let batch = try await BatchQueries.find(id, of: try authorized.requiredTenant(), in: transaction)
                    guard let batch else { throw Problem.notFound("batch", id.text) }
                    return batch.json
                }
            )
        },
        Endpoint(
            method: .post,
            path: "/v1/batches/{id}/cancel",
            summary: "Stops a batch; what has been answered is kept and charged.",
            access: .tenant(.inference, staff: Staff.admin),
            isIdempotent: true,
            speaksOpenAI: true,
            success: (200, Schema.ref("Batch"))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                try call.optionalFields().finish()
                return try await BatchOperations.cancel(
                    try call.id(as: BatchID.self),
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
    ]
}
