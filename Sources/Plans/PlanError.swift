package import Values

/// What the catalogue refuses, beside input that is malformed.
package enum PlanError: ProblemConvertible, Hashable {
    /// No plan has the code, or it has no version.
    case notFound(String)
    /// No version has the id.
    case versionNotFound(String)
    /// What is stored as a version cannot be read as one.
    case unreadable(String)
    /// Nobody can subscribe to it any more.
    case archived(String)

    package var problem: Problem {
        switch self {
        case .notFound(let code): Problem.notFound("plan", code)
        case .versionNotFound(let id): Problem.notFound("plan version", id)
        case .unreadable(let id):
            Problem(.internal, code: "unreadable_plan", "the stored plan version \(id) cannot be read")
        case .archived(let code):
            Problem(
                .conflict,
                code: "plan_archived",
                "the plan \(code) is archived; nobody can subscribe to it any more"
            )
        }
    }
}
