package import Values

/// What credit refuses, beside input that is malformed.
package enum CreditError: ProblemConvertible, Hashable {
    /// The tenant has no grant with the id.
    case notFound(GrantID)
    /// The id belongs to a grant made otherwise.
    case idTaken(GrantID)
    /// The grant is in another currency than everything the tenant is billed.
    case otherCurrency(TenantID, is: Currency, asked: Currency)
    /// Nothing is given by nothing.
    case notPositive(Money)
    /// It would have expired before it was granted.
    case expiresBeforeGrant(Instant)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("credit grant", id.text)
        case .idTaken(let id):
            Problem(.conflict, code: "id_taken", "the credit grant \(id) already exists with other content")
        case .otherCurrency(let id, let own, let asked):
            Problem.invalid("amount.currency", "is \(asked); it must be the currency of \(id), which is \(own)")
        case .notPositive(let amount):
            Problem.invalid("amount.amount", "must be above 0, not \"\(amount.text)\"")
        case .expiresBeforeGrant(let instant):
            Problem.invalid("expires_at", "is \(instant), which is not after the grant begins")
        }
    }
}
