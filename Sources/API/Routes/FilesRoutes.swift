import HTTPTypes
import Inference
import Postgres
import Values

/// Files of tenants, as OpenAI's clients know them: what batches read and write.
enum FilesRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/files",
            summary: "Keeps a file of at most 100 MB for 30 days, or as long as expires_after says.",
            access: .tenant(.inference, staff: Staff.admin),
            form: Schema.object(
                [
                    "file": Schema.binary, "purpose": Schema.choice(["batch"]),
                    "expires_after[anchor]": Schema.choice(["created_at"]), "expires_after[seconds]": Schema.integer,
                ],
                required: ["file", "purpose"]
            ),
            isIdempotent: true,
            needsActiveTenant: true,
            speaksOpenAI: true,
            success: (200, Schema.ref("File")),
            bodyLimit: FileDraft.limit + 1 << 16
        ) { call in
            let (_, known) = try await call.begin()
            if let known { return known }
            let draft = try draft(MultipartForm(call.body, type: call.header("Content-Type")))
            return try await call.write(status: 200) { authorized, transaction in
                try await FileOperations.create(
                    draft,
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
        Endpoint(
            method: .get,
            path: "/v1/files",
            summary: "The tenant's files, the newest first.",
            access: .tenant(.inference, staff: Staff.all),
            parameters: Paging.parameters + [
                Endpoint.Parameter(
                    name: "purpose",
                    about: "Only those for a purpose.",
                    schema: Schema.choice(StoredFile.Purpose.allCases.map(\.rawValue))
                )
            ],
            speaksOpenAI: true,
            success: (200, Schema.list(Schema.ref("File")))
        ) { call in
            let limit = try call.limit()
            let before = try call.after(as: FileID.self)
            let purpose = try call.queryChoice("purpose", as: StoredFile.Purpose.self)
            let files = try await call.transaction { authorized, transaction in
                try await FileQueries.list(
                    of: try authorized.requiredTenant(),
                    purpose: purpose,
                    limit: limit + 1,
                    before: before,
                    at: authorized.stamp.recordedAt,
                    in: transaction
                )
            }
            return .openAIPage(files, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/files/{id}",
            summary: "One file.",
            access: .tenant(.inference, staff: Staff.all),
            speaksOpenAI: true,
            success: (200, Schema.ref("File"))
        ) { call in
            .ok(try await file(call) { file, _, _ in file.json })
        },
        Endpoint(
            method: .get,
            path: "/v1/files/{id}/content",
            summary: "A file's bytes.",
            access: .tenant(.inference, staff: Staff.all),
            speaksOpenAI: true,
            success: (200, Schema.binary),
            contentType: "application/octet-stream"
        ) { call in
            let bytes = try await file(call) { file, tenant, transaction in
                try await FileQueries.content(file.id, of: tenant, in: transaction)
            }
            return .bytes(200, type: "application/octet-stream", bytes, headers: ["X-Content-Type-Options": "nosniff"])
        },
        Endpoint(
            method: .delete,
            path: "/v1/files/{id}",
            summary: "Deletes a file.",
            access: .tenant(.inference, staff: Staff.admin),
            speaksOpenAI: true,
            success: (
                200, Schema.object(["id": Schema.string, "object": Schema.string, "deleted": Schema.boolean])
            )
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let id = try call.id(as: FileID.self)
                    try await FileOperations.remove(
                        id,
                        of: try authorized.requiredTenant(),
                        by: authorized.stamp,
                        in: transaction
                    )
                    return ["id": id.json, "object": "file", "deleted": true]
                }
            )
        },
    ]

    private static func draft(_ form: MultipartForm) throws(Problem) -> FileDraft {
        guard let file = form["file"], let name = file.filename else {
            throw .invalid("file", "is required: a file with its name")
        }
        guard let purpose = form["purpose"] else { throw .invalid("purpose", "is required: \"batch\"") }
        let known: Set<String> = ["file", "purpose", "expires_after[anchor]", "expires_after[seconds]"]
        if let other = form.parts.first(where: { !known.contains($0.name) }) {
            throw .invalid(other.name, "is not a known field here")
        }
        if let anchor = form["expires_after[anchor]"], anchor.text != "created_at" {
            throw .invalid("expires_after.anchor", "must be \"created_at\", not \(JSONValue.string(anchor.text).seen)")
        }
        var seconds: Int?
        if let text = form["expires_after[seconds]"]?.text {
            guard let number = Int(text) else {
                throw .invalid("expires_after.seconds", "must be a whole number, not \(JSONValue.string(text).seen)")
            }
            seconds = number
        }
        return try FileDraft(
            filename: name,
            purpose: purpose.text,
            content: Array(file.content),
            seconds: seconds
        )
    }

    private static func file<Value>(
        _ call: Call,
        _ body: (StoredFile, TenantID, borrowing Transaction) async throws -> Value
    ) async throws -> Value {
        try await call.transaction { authorized, transaction in
            let tenant = try authorized.requiredTenant()
            let file = try await FileOperations.require(
                try call.id(as: FileID.self),
                of: tenant,
                at: authorized.stamp.recordedAt,
                in: transaction
            )
            return try await body(file, tenant, transaction)
        }
    }
}
