import Values

/// One request of a batch, read.
struct BatchLine: Hashable, Sendable {
    /// Its place in the file, from 1.
    let line: Int
    let customID: String
    let body: JSONValue

    /// What is wrong with a file, as OpenAI's clients read it.
    struct Fault: Hashable, Sendable {
        let line: Int?
        let field: String?
        let message: String

        var json: JSONValue {
            [
                "code": "invalid_request", "line": line.map { .int($0) } ?? .null, "message": .string(message),
                "param": .optional(field),
            ]
        }
    }

    /// So many faults are told.
    private static let faultLimit = 20

    /// Reads a file's lines: all of them, or what is wrong with them.
    static func read(_ content: [UInt8], for endpoint: Batch.Endpoint) -> (lines: [BatchLine], faults: [Fault]) {
        var lines: [BatchLine] = []
        var faults: [Fault] = []
        var known: Set<String> = []
        let parts = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() where faults.count < faultLimit {
            guard part.contains(where: { $0 > 32 }) else { continue }
            guard lines.count < Batch.lineLimit else {
                faults.append(Fault(line: nil, field: nil, message: "has more than \(Batch.lineLimit) requests"))
                break
            }
            do {
                let line = try BatchLine(part, at: index + 1, for: endpoint)
                guard known.insert(line.customID).inserted else {
                    let seen = JSONValue.string(line.customID).seen
                    throw Problem.invalid("custom_id", "is \(seen), which was there before")
                }
                lines.append(line)
            } catch {
                let problem = Problem.of(error)
                faults.append(
                    Fault(line: index + 1, field: problem.errors.first?.field, message: problem.message)
                )
            }
        }
        if lines.isEmpty, faults.isEmpty { faults.append(Fault(line: nil, field: nil, message: "has no requests")) }
        return (lines, faults)
    }

    private init(_ bytes: ArraySlice<UInt8>, at line: Int, for endpoint: Batch.Endpoint) throws(Problem) {
        let json: JSONValue
        do { json = try JSONValue(parsing: bytes) } catch { throw .invalid("line", error.message) }
        var fields = try JSONFields(json)
        customID = try fields.string("custom_id")
        guard (1...512).contains(customID.utf8.count), !customID.utf8.contains(0) else {
            throw fields.invalid("custom_id", "must have 1 to 512 bytes")
        }
        let method = try fields.string("method")
        guard method == "POST" else {
            throw fields.invalid("method", "must be \"POST\", not \(JSONValue.string(method).seen)")
        }
        let url = try fields.string("url")
        guard url == endpoint.rawValue else {
            throw fields.invalid("url", "must be \"\(endpoint.rawValue)\", not \(JSONValue.string(url).seen)")
        }
        body = try fields.requiredValue("body")
        guard body.object != nil else { throw fields.invalid("body", "must be an object, not \(body.seen)") }
        try fields.finish()
        self.line = line
    }
}

/// How the bodies of a batch's requests become jobs, and jobs their answers.
extension Batch.Endpoint {
    /// Reads a body.
    ///
    /// - Throws: The first field that is wrong, or that is not for batches.
    func submission(_ body: JSONValue) throws(Problem) -> JobSubmission {
        var fields = try JSONFields(body)
        if try fields.optionalBool("stream") == true {
            throw fields.invalid("stream", "is not possible in a batch")
        }
        var object = body.object ?? JSONObject()
        object["stream"] = nil
        object["stream_options"] = nil
        let name: TaskName
        switch self {
        case .chat: name = .chat
        case .text:
            name = .generate
            // As where it is waited for.
            if object["max_tokens"] == nil { object["max_tokens"] = 16 }
        case .embeddings:
            name = .embed
            var checked = try JSONFields(.object(object))
            _ = try EmbeddingFields(&checked)
            object["encoding_format"] = nil
            object["dimensions"] = nil
        case .responses:
            var read = try JSONFields(.object(object))
            let response = try ResponseFields(&read)
            guard !response.isBackground else {
                throw .invalid("background", "is not possible in a batch")
            }
            return try response.submission().with(priority: Batch.priority)
        }
        guard object["model"]?.string != nil else { throw .invalid("model", "is required: a string") }
        let input = JSONValue.object(object)
        var read = try JSONFields(input)
        return JobSubmission(task: try TaskRequest(name, &read), input: input, priority: Batch.priority)
    }

    /// The body of the answer to a request whose job has succeeded.
    func answer(_ job: InferenceJob, to body: JSONValue) throws(Problem) -> JSONValue {
        let answer = InferenceAnswer(job)
        switch self {
        case .chat: return CompletionShape.chat.object(CompletionHead(job), [answer])
        case .text: return CompletionShape.text.object(CompletionHead(job), [answer])
        case .embeddings:
            var fields = try JSONFields(body)
            return try EmbeddingFields(&fields).object(answer)
        case .responses: return ResponseShape(job).object(job)
        }
    }
}

extension Batch {
    /// After everything else that a tenant has done in the background.
    static let priority = -100

    /// A line of the file of answers, or of that of errors.
    static func answer(
        _ customID: String,
        _ id: String,
        status: Int,
        body: JSONValue
    ) -> JSONValue {
        [
            "id": .string("batch_req_" + id), "custom_id": .string(customID),
            "response": ["status_code": .int(status), "request_id": .string(id), "body": body], "error": nil,
        ]
    }

    /// A line of the file of errors for a request that was not answered at all.
    static func missing(_ customID: String, _ id: String, code: String, message: String) -> JSONValue {
        [
            "id": .string("batch_req_" + id), "custom_id": .string(customID), "response": nil,
            "error": ["code": .string(code), "message": .string(message)],
        ]
    }

    /// The status and body of a refusal, as the route itself would answer.
    static func refusal(_ problem: Problem) -> (status: Int, body: JSONValue) {
        let status: Int
        let type: String
        switch problem.kind {
        case .notFound: (status, type) = (404, "invalid_request_error")
        case .forbidden: (status, type) = (403, "permission_error")
        case .paymentRequired: (status, type) = (402, "billing_error")
        case .limited: (status, type) = (429, problem.code == "insufficient_quota" ? problem.code : "rate_limit_error")
        case .invalid: (status, type) = (400, "invalid_request_error")
        case .unavailable, .timeout: (status, type) = (503, "server_error")
        case .unauthenticated, .conflict, .precondition, .tooLarge, .internal: (status, type) = (500, "server_error")
        }
        let code: JSONValue = problem.code == problem.kind.rawValue ? .null : .string(problem.code)
        return (
            status,
            [
                "error": [
                    "message": .string(problem.message), "type": .string(type),
                    "param": .optional(problem.errors.first?.field), "code": code,
                ]
            ]
        )
    }
}
