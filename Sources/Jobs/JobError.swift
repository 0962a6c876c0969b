package import Values

/// What background work refuses.
package enum JobError: ProblemConvertible {
    /// Another node has the job now: nothing of this run may be written.
    case leaseLost(BackgroundJobID)
    /// No handler is registered for the kind.
    case unknownKind(String)
    /// No job with the id is in a state that can be retried or cancelled.
    case notChangeable(BackgroundJobID, state: String)
    case notFound(String)
    /// A schedule's expression is not understood.
    case schedule(String, why: String)

    package var problem: Problem {
        switch self {
        case .leaseLost: Problem(.conflict, code: "lease_lost", "the job is held by another node")
        case .unknownKind(let kind): Problem(.precondition, code: "unknown_kind", "no handler for jobs of kind \(kind)")
        case .notChangeable(let id, let state):
            Problem(
                .conflict,
                "job \(id) is \(state); only dead or cancelled jobs can be retried, waiting ones cancelled"
            )
        case .notFound(let id): Problem.notFound("job", id)
        case .schedule(let text, let why): Problem.invalid("schedule", "\(text): \(why)")
        }
    }
}
