package import Values

/// What went wrong at the database.
///
/// Its `problem`, which may leave the process, names no SQL, table or value.
package struct PostgresError: Error, ProblemConvertible, Sendable, CustomStringConvertible {
    /// The closed set of failures.
    package enum Kind: String, Sendable {
        /// No connection, or it broke before COMMIT was sent: nothing was done.
        case connection
        /// The server refused the statement; `sqlState` says why.
        case server
        /// The transaction's deadline passed.
        case timeout
        /// The task was cancelled.
        case cancelled
        /// The connection broke while COMMIT was under way: it may or may not have been done.
        case commitUnknown
        /// A column did not have the form that was asked for.
        case decoding
        /// No connection became free before the deadline.
        case poolExhausted
        /// The caller used the interface wrongly, for example read one column too many.
        case usage
        /// A text holds a NUL character, which PostgreSQL cannot store.
        case unstorable
    }

    /// Which of the closed set.
    package let kind: Kind

    /// The five characters of SQLSTATE, when the server answered.
    package let sqlState: String?

    /// The server's primary message, for logs; never its detail, which may hold row values.
    package let message: String

    /// Makes an error of a kind.
    package init(_ kind: Kind, sqlState: String? = nil, _ message: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
    }

    static func decoding(_ value: String, as type: String) -> PostgresError {
        PostgresError(.decoding, "cannot read \(value) as \(type)")
    }

    /// A unique or primary key was violated.
    package var isUniqueViolation: Bool { sqlState == "23505" }

    /// A foreign key was violated.
    package var isForeignKeyViolation: Bool { sqlState == "23503" }

    /// An exclusion constraint was violated.
    package var isExclusionViolation: Bool { sqlState == "23P01" }

    /// A CHECK was violated.
    package var isCheckViolation: Bool { sqlState == "23514" }

    /// A right is missing, or row-level security refused the row.
    package var isPermissionDenied: Bool { sqlState == "42501" }

    /// The transaction can be run again and may then succeed.
    package var isRetryable: Bool {
        switch kind {
        case .connection: true
        case .server: sqlState == "40001" || sqlState == "40P01" || isStalePlan || isServerGone
        default: false
        }
    }

    /// The server ended the connection, or is starting or stopping.
    var isServerGone: Bool { ["57P01", "57P02", "57P03"].contains(sqlState) }

    /// A prepared statement no longer fits the schema: its connection must go.
    var isStalePlan: Bool { sqlState == "26000" || (sqlState == "0A000" && message.contains("cached plan")) }

    /// What may be told to a caller.
    package var problem: Problem {
        switch kind {
        case .connection, .poolExhausted:
            Problem(.unavailable, "the database cannot be reached right now; try again", retryAfterSeconds: 1)
        case .timeout:
            Problem(.timeout, "the database did not answer within the time allowed")
        case .cancelled:
            Problem(.unavailable, code: "cancelled", "the request was cancelled")
        case .commitUnknown:
            Problem(
                .unavailable,
                code: "outcome_unknown",
                "the connection broke while the change was being saved; read it back before trying again"
            )
        case .server where isUniqueViolation || isExclusionViolation:
            Problem(.conflict, "this is in conflict with something that already exists")
        case .server where isForeignKeyViolation:
            Problem(.precondition, "something this refers to does not exist")
        case .server where sqlState == "40001" || sqlState == "40P01":
            Problem(.unavailable, "too many changes at once; try again", retryAfterSeconds: 1)
        case .server where sqlState == "53300" || isServerGone:
            Problem(.unavailable, "the database cannot be reached right now; try again", retryAfterSeconds: 1)
        case .unstorable,
            .server where sqlState == "22021":
            Problem(.invalid, "a text holds the character U+0000, which cannot be stored; leave it out")
        case .server, .decoding, .usage:
            Problem(.internal, "something went wrong on our side")
        }
    }

    /// For logs.
    package var description: String {
        "\(kind.rawValue)\(sqlState.map { " \($0)" } ?? ""): \(message)"
    }
}
