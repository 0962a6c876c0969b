/// An error that can be told to the outside in the closed set of kinds of `Problem`.
package protocol ProblemConvertible: Error {
    /// What may leave the process about this error.
    var problem: Problem { get }
}

/// What went wrong, in words that may leave the process.
///
/// One table maps `kind` to HTTP statuses and exit codes. A message never holds SQL, paths or another tenant's data.
package struct Problem: Error, ProblemConvertible, Hashable, Sendable, CustomStringConvertible {
    /// The closed set of things that can go wrong.
    package enum Kind: String, Sendable, CaseIterable {
        case invalid
        case unauthenticated
        case paymentRequired
        case forbidden
        case notFound
        case conflict
        case precondition
        case tooLarge
        case limited
        case timeout
        case unavailable
        case `internal`
    }

    /// One field of the input that is wrong, and what would be right.
    package struct FieldError: Hashable, Sendable {
        /// The path of the field, like `plans[0].prices[1].amount`.
        package var field: String
        /// What is wrong with it and what would be right.
        package var message: String

        /// Makes an error about one field.
        package init(field: String, message: String) {
            self.field = field
            self.message = message
        }
    }

    /// The kind, which decides status and exit code.
    package var kind: Kind
    /// A stable word for programs; by default the kind's name.
    package var code: String
    /// A sentence for people.
    package var message: String
    /// The fields that are wrong, if the input was.
    package var errors: [FieldError]
    /// When to try again, for `limited` and `unavailable`.
    package var retryAfterSeconds: Int?

    /// Makes a problem; the code is the kind's name unless given.
    package init(
        _ kind: Kind,
        code: String? = nil,
        _ message: String,
        errors: [FieldError] = [],
        retryAfterSeconds: Int? = nil
    ) {
        self.kind = kind
        self.code = code ?? kind.rawValue
        self.message = message
        self.errors = errors
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var problem: Problem { self }

    package var description: String { "\(code): \(message)" }

    /// A problem with one field of the input.
    package static func invalid(_ field: String, _ message: String) -> Problem {
        Problem(.invalid, "\(field): \(message)", errors: [FieldError(field: field, message: message)])
    }

    /// A thing that is not there, or that the caller may not know about.
    package static func notFound(_ what: String, _ id: String) -> Problem {
        Problem(.notFound, "there is no \(what) \(id)")
    }

    /// The problem of any error; what is not `ProblemConvertible` becomes `internal` and tells nothing.
    package static func of(_ error: any Error) -> Problem {
        guard let convertible = error as? any ProblemConvertible else {
            return Problem(.internal, "something went wrong inside the server")
        }
        return convertible.problem
    }
}
