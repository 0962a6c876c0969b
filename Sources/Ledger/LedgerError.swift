package import Values

/// What the ledger refuses.
package enum LedgerError: ProblemConvertible, Hashable {
    /// The amounts of a journal do not sum to zero.
    case unbalanced(key: String)
    /// Fewer than two accounts have an amount.
    case empty(key: String)
    /// An amount is beyond what can be stored.
    case overflow(key: String)
    /// The key, reference or memo does not fit.
    case tooLong(key: String)
    /// The posting key was used for another journal.
    case keyTaken(key: String, by: JournalID)
    /// No account has the name.
    case unknownAccount(String)
    /// No journal has the id.
    case notFound(JournalID)

    package var problem: Problem {
        switch self {
        case .unbalanced(let key):
            Problem(.internal, code: "unbalanced", "the journal \(key) does not sum to zero")
        case .empty(let key):
            Problem(.internal, code: "empty_journal", "the journal \(key) has fewer than two entries")
        case .overflow(let key):
            Problem(.internal, code: "overflow", "an amount of the journal \(key) is too large")
        case .tooLong(let key):
            Problem(.internal, code: "too_long", "a text of the journal \(key.prefix(60)) is too long or empty")
        case .keyTaken(let key, let other):
            Problem(.conflict, code: "posting_key_taken", "\(key) is already posted as \(other) with other content")
        case .unknownAccount(let name):
            Problem.invalid(
                "account",
                "\(name) is no account; there are \(Account.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        case .notFound(let id): Problem.notFound("journal", id.text)
        }
    }
}
