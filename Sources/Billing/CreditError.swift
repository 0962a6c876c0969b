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
    /// There is no package with the code.
    case packageNotFound(String)
    /// Nobody can buy the package any more.
    case packageArchived(String)
    /// The package is in another currency than everything the tenant is billed.
    case packageCurrency(String, TenantID, is: Currency, asked: Currency)
    /// The tenant has no default payment method.
    case noPaymentMethod(TenantID)
    /// An automatic purchase is under way.
    case topUpPending(TenantID)
    /// Another purchase was paid with the money of the reference.
    case referenceTaken(String)
    /// The tenant has no purchase with the id.
    case purchaseNotFound(CreditPurchaseID)
    /// There is no money of the purchase that could go back.
    case purchaseNotPaid(CreditPurchaseID)
    /// More than can go back of what was paid.
    case purchaseNotRefundable(CreditPurchaseID, asked: Money, left: Money)

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
        case .packageNotFound(let code): Problem.notFound("credit package", code)
        case .packageArchived(let code):
            Problem(.conflict, code: "package_archived", "the credit package \(code) is not sold any more")
        case .packageCurrency(let code, let id, let own, let asked):
            Problem(
                .conflict,
                code: "package_currency",
                "the credit package \(code) is in \(asked); it must be the currency of \(id), which is \(own)"
            )
        case .noPaymentMethod(let id):
            Problem(
                .conflict,
                code: "no_payment_method",
                "\(id) has no default payment method; save one first, or pay by bank transfer"
            )
        case .topUpPending(let id):
            Problem(.conflict, code: "top_up_pending", "an automatic purchase of \(id) is under way")
        case .referenceTaken(let reference):
            Problem(
                .conflict,
                code: "reference_taken",
                "the reference \(JSONValue.string(reference).seen) paid for another purchase"
            )
        case .purchaseNotFound(let id): Problem.notFound("credit purchase", id.text)
        case .purchaseNotPaid(let id):
            Problem(.conflict, code: "purchase_not_paid", "the credit purchase \(id) was not paid")
        case .purchaseNotRefundable(let id, let asked, let left):
            .invalid("amount", "is \(asked); of the credit purchase \(id) \(left) can go back")
        }
    }
}
