package import Values

/// What the catalogue refuses, beside input that is malformed.
package enum PlanError: ProblemConvertible, Hashable {
    /// No plan has the code, or it has no version.
    case notFound(String)
    /// No version has the id.
    case versionNotFound(String)
    /// Nobody can subscribe to it any more.
    case archived(String)

    package var problem: Problem {
        switch self {
        case .notFound(let code): Problem.notFound("plan", code)
        case .versionNotFound(let id): Problem.notFound("plan version", id)
        case .archived(let code):
            Problem(.conflict, code: "plan_archived", "the plan \(code) is archived; nobody can subscribe to it any more")
        }
    }
}
