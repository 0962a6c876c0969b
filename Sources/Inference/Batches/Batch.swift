package import Values

/// Many requests in a file, answered within a day at half the price.
package struct Batch: Hashable, Sendable {
    /// What a batch may ask.
    package enum Endpoint: String, CaseIterable, Sendable {
        case chat = "/v1/chat/completions"
        case text = "/v1/completions"
        case embeddings = "/v1/embeddings"
        case responses = "/v1/responses"
    }

    /// Where a batch stands.
    package enum Status: String, CaseIterable, Sendable {
        case validating
        case inProgress = "in_progress"
        case cancelling
        /// Its time has passed, and what runs of it is being stopped.
        case expiring
        case completed
        case failed
        case expired
        case cancelled
    }

    /// How many of its requests have which end.
    package struct Counts: Hashable, Sendable {
        package let total: Int
        package let completed: Int
        package let failed: Int
    }

    /// It is answered within: a day.
    static let windowSeconds: Int64 = 86_400
    /// The most requests of one.
    static let lineLimit = 50_000

    package let id: BatchID
    package let tenant: TenantID
    package let endpoint: Endpoint
    package let inputFile: FileID
    package let key: KeyID
    package let status: Status
    package let metadata: JSONValue
    package let errors: JSONValue?
    package let outputFile: FileID?
    package let errorFile: FileID?
    package let createdAt: Instant
    package let inProgressAt: Instant?
    package let expiresAt: Instant
    package let cancellingAt: Instant?
    package let finishedAt: Instant?
    package let counts: Counts

    /// As OpenAI's clients read it.
    package var json: JSONValue {
        func time(_ instant: Instant?, if isSo: Bool = true) -> JSONValue {
            guard let instant, isSo else { return .null }
            return .int(instant.seconds)
        }
        // What is on its way to its end still says that it is worked on.
        let shown = status == .expiring ? Status.inProgress : status
        return [
            "id": id.json, "object": "batch", "endpoint": .string(endpoint.rawValue), "input_file_id": inputFile.json,
            "completion_window": "24h", "status": .string(shown.rawValue), "errors": errors ?? .null,
            "output_file_id": .optional(outputFile?.text), "error_file_id": .optional(errorFile?.text),
            "created_at": time(createdAt), "in_progress_at": time(inProgressAt), "expires_at": time(expiresAt),
            "finalizing_at": time(finishedAt, if: status == .completed),
            "completed_at": time(finishedAt, if: status == .completed),
            "failed_at": time(finishedAt, if: status == .failed),
            "expired_at": time(finishedAt, if: status == .expired),
            "cancelling_at": time(cancellingAt), "cancelled_at": time(finishedAt, if: status == .cancelled),
            "request_counts": [
                "total": .int(counts.total), "completed": .int(counts.completed), "failed": .int(counts.failed),
            ], "metadata": metadata,
        ]
    }
}

/// What `POST /v1/batches` takes.
package struct BatchDraft: Sendable {
    let endpoint: Batch.Endpoint
    let inputFile: FileID
    let metadata: JSONValue

    /// Reads a whole request.
    ///
    /// - Throws: The first field that is wrong.
    package init(_ fields: inout JSONFields) throws(Problem) {
        let file = try fields.string("input_file_id")
        guard let id = FileID(file) else {
            throw fields.invalid("input_file_id", "is \(JSONValue.string(file).seen); the id of a file is expected")
        }
        inputFile = id
        endpoint = try fields.choice("endpoint", as: Batch.Endpoint.self)
        let window = try fields.string("completion_window")
        guard window == "24h" else {
            throw fields.invalid("completion_window", "is \(JSONValue.string(window).seen); \"24h\" is supported")
        }
        metadata = try TaskRequest.metadata(&fields) ?? [:]
        if let expiry = fields.value("output_expires_after") {
            guard expiry["anchor"]?.string == "created_at", expiry["seconds"]?.int == 2_592_000 else {
                throw fields.invalid("output_expires_after", "is \(expiry.seen); outputs are kept for 2592000 seconds")
            }
        }
        try fields.finish()
        guard metadata.text.utf8.count <= 16_384, !metadata.text.contains("\\u0000") else {
            throw .invalid("metadata", "must have at most 16384 bytes and no NUL characters")
        }
    }
}
