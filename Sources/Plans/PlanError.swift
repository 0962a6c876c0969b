package import Values

/// What the catalogue refuses, beside input that is malformed.
package enum PlanError: ProblemConvertible, Hashable {
    /// No plan has the code, or it has no version.
    case notFound(String)
    /// No version has the id.
    case versionNotFound(String)
    /// The plan has no version with the number.
    case noVersion(Int, of: String)
    /// The plan is not sold in the currency.
    case notIn(Currency, plan: String, currencies: [Currency])
    /// There is no draft of the code.
    case draftNotFound(String)
    /// What is stored as a version cannot be read as one.
    case unreadable(String)
    /// Nobody can subscribe to it any more.
    case archived(String)

    package var problem: Problem {
        switch self {
        case .notFound(let code): Problem.notFound("plan", code)
        case .versionNotFound(let id): Problem.notFound("plan version", id)
        case .noVersion(let number, let code): Problem.notFound("version \(number) of the plan", code)
        case .notIn(let currency, let code, let currencies):
            Problem.invalid(
                "currency",
                "the plan \(code) is not sold in \(currency); its currencies are "
                    + currencies.map(\.code).joined(separator: ", ")
            )
        case .draftNotFound(let code): Problem.notFound("draft of the plan", code)
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
