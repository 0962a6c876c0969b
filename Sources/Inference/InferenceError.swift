package import Values

/// Why inference was refused or failed.
package enum InferenceError: ProblemConvertible, Hashable, Sendable {
    /// Something wrong in the request.
    case invalid(Problem)
    /// Prompt and answer do not fit; `maxTokens` is nil if the prompt alone is too long.
    case contextExceeded(promptTokens: Int, maxTokens: Int?, context: Int)
    /// The model has no chat template that Abono knows.
    case chatUnsupported(reason: String)
    /// As much waits as may wait, for this tenant or in all.
    case queueFull(ofTenant: Bool, retryAfterSeconds: Int)
    /// No engine is running; the reason is for operators and is not shown outside.
    case noEngine(reason: String)
    /// The engine process died or hung while it ran this generation.
    case engineLost
    /// The engine could not go on with this generation.
    case engineFault(reason: String)
    /// The stream was given up before its end.
    case interrupted
    /// The server is stopping.
    case stopping
    /// A model file that cannot be used.
    case modelFile(String)
    /// No model or alias has the name, or the plan does not allow it.
    case modelNotFound(String)
    /// A model or alias has the name already.
    case modelTaken(String)
    /// Admission refused, before any work.
    case refused(AdmissionRefusal)
    /// The tenant has no job with the id.
    case jobNotFound(String)
    /// Another node has taken the work over: what is done under the old lease is not written.
    case leaseLost
    /// The request's own time limit has passed.
    case expired

    /// Whether the same request may succeed if it is tried again.
    package var isRetryable: Bool {
        switch self {
        case .queueFull, .noEngine, .engineLost, .engineFault, .interrupted, .stopping, .leaseLost: true
        case .refused(let refusal): refusal.isRetryable
        case .invalid, .contextExceeded, .chatUnsupported, .modelFile, .modelNotFound, .modelTaken, .jobNotFound,
            .expired:
            false
        }
    }

    package var problem: Problem {
        switch self {
        case .invalid(let problem):
            problem
        case .contextExceeded(let promptTokens, let maxTokens, let context):
            Self.contextProblem(promptTokens: promptTokens, maxTokens: maxTokens, context: context)
        case .chatUnsupported(let reason):
            Problem.invalid("model", "this model cannot chat: \(reason)")
        case .queueFull(true, let seconds):
            Problem(
                .limited,
                code: "rate_limit_exceeded",
                "as many of your requests wait as your plan allows; try again in \(seconds) s",
                retryAfterSeconds: seconds
            )
        case .queueFull(false, let seconds):
            Problem(
                .unavailable,
                code: "overloaded",
                "all models are busy and the queue is full; try again in \(seconds) s",
                retryAfterSeconds: seconds
            )
        case .noEngine, .stopping:
            Problem(.unavailable, code: "no_engine", "the model is not running at the moment", retryAfterSeconds: 2)
        case .engineLost, .engineFault, .interrupted, .leaseLost:
            Problem(
                .unavailable,
                code: "generation_interrupted",
                "the generation was interrupted; try again",
                retryAfterSeconds: 1
            )
        case .modelFile(let message):
            Problem.invalid("file", message)
        case .modelNotFound, .modelTaken, .jobNotFound, .expired:
            lookupProblem
        case .refused(let refusal):
            refusal.problem
        }
    }

    private var lookupProblem: Problem {
        switch self {
        case .modelNotFound(let name):
            Problem(
                .notFound,
                code: "model_not_found",
                "the model \(JSONValue.string(name).seen) does not exist or your plan does not include it",
                errors: [Problem.FieldError(field: "model", message: "no such model")]
            )
        case .modelTaken(let name):
            Problem(.conflict, code: "model_taken", "\(name) is there already with another file")
        case .jobNotFound(let id):
            Problem.notFound("job", id)
        default:
            Problem(.timeout, code: "timeout", "the time limit of the request has passed")
        }
    }

    private static func contextProblem(promptTokens: Int, maxTokens: Int?, context: Int) -> Problem {
        let message =
            if let maxTokens {
                "the prompt has \(promptTokens) tokens and max_tokens is \(maxTokens); together they must not exceed "
                    + "the model's context of \(context) tokens"
            } else {
                "the prompt has \(promptTokens) tokens; the model's context is \(context) and must leave room for an "
                    + "answer"
            }
        var problem = Problem.invalid(maxTokens == nil ? "messages" : "max_tokens", message)
        problem.code = "context_length_exceeded"
        return problem
    }
}
