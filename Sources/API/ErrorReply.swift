import Inference
import Values

/// The one table from what went wrong to what HTTP says.
enum ErrorReply {
    static func status(_ kind: Problem.Kind) -> Int {
        switch kind {
        case .invalid: 400
        case .unauthenticated: 401
        case .paymentRequired: 402
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .precondition: 409
        case .tooLarge: 413
        case .limited: 429
        case .timeout: 503
        case .unavailable: 503
        case .internal: 500
        }
    }

    /// The status of an error: its kind's, but for two that HTTP has a word of its own for.
    static func status(of error: any Error, _ problem: Problem) -> Int {
        if case InferenceError.expired = error { return 408 }
        return problem.code == "unsupported_media_type" ? 415 : status(problem.kind)
    }

    /// `isFinal`: whether the same request can never succeed soon, whatever its status makes clients think.
    static func reply(
        _ status: Int,
        _ problem: Problem,
        requestID: String,
        path: String,
        speaksOpenAI: Bool,
        isFinal: Bool = false
    ) -> Reply {
        var headers: [String: String] = [:]
        if status == 429 || status == 503 {
            headers["Retry-After"] = String(min(120, max(1, problem.retryAfterSeconds ?? 1)))
        }
        let isHopeless = isFinal && (status == 408 || status == 429)
        if let hint = isHopeless ? "false" : retryHint(problem) { headers["x-should-retry"] = hint }
        if status == 401 { headers["WWW-Authenticate"] = "Bearer" }
        if speaksOpenAI { return .json(status, openAI(status, problem), headers: headers) }
        let body: JSONValue = [
            "type": .string("urn:abono:problem:\(code(problem))"), "title": .string(title(status)),
            "status": .int(status), "detail": .string(problem.message), "instance": .string(path),
            "request_id": .string(requestID),
            "errors": .array(problem.errors.map { ["field": .string($0.field), "message": .string($0.message)] }),
        ]
        return .bytes(status, type: "application/problem+json", Array(body.text.utf8), headers: headers)
    }

    /// The object OpenAI's clients read.
    static func openAI(_ status: Int, _ problem: Problem) -> JSONValue {
        let type =
            switch status {
            case 401: "authentication_error"
            case 402: "billing_error"
            case 429: problem.code == "insufficient_quota" ? "insufficient_quota" : "rate_limit_error"
            case 403: "permission_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        let isNamed = [401, 404, 413, 429].contains(status) || problem.code != problem.kind.rawValue
        return [
            "error": [
                "message": .string(problem.message), "type": .string(type),
                "param": .optional(problem.errors.first?.field), "code": isNamed ? .string(code(problem)) : .null,
            ]
        ]
    }

    /// The stable word; where a problem has none of its own, its kind's in snake case.
    private static func code(_ problem: Problem) -> String {
        problem.code.reduce(into: "") { text, character in
            if character.isUppercase { text += "_" }
            text += character.lowercased()
        }
    }

    /// What clients are told about trying again, where the status alone would mislead them.
    private static func retryHint(_ problem: Problem) -> String? {
        switch problem.code {
        case "in_progress": "true"
        case "insufficient_quota", "spend_limit", "prepaid_exhausted", "quota_exceeded": "false"
        default: problem.kind == .conflict || problem.kind == .precondition ? "false" : nil
        }
    }

    private static func title(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 503: "Service Unavailable"
        default: "Internal Server Error"
        }
    }
}

/// An error whose answer has headers of its own.
struct AnnotatedError: Error {
    let cause: any Error
    let headers: [(name: String, value: String)]
}
