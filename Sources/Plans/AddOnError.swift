package import Values

/// What the catalogue of add-ons refuses, beside input that is malformed.
package enum AddOnError: ProblemConvertible, Hashable {
    /// No add-on has the code.
    case notFound(String)
    /// Nobody can add it any more.
    case archived(String)
    /// What is stored as a version cannot be read as one.
    case unreadable(String)

    package var problem: Problem {
        switch self {
        case .notFound(let code): Problem.notFound("add-on", code)
        case .archived(let code):
            Problem(.conflict, code: "add_on_archived", "the add-on \(code) is archived; nobody can add it any more")
        case .unreadable(let id):
            Problem(.internal, code: "unreadable_add_on", "the stored version \(id) of an add-on cannot be read")
        }
    }
}
