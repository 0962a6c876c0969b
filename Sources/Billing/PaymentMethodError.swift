package import Values

/// What saved payment methods refuse, beside input that is malformed.
package enum PaymentMethodError: ProblemConvertible, Hashable {
    /// The tenant has no payment method with the id.
    case notFound(PaymentMethodID)
    /// It was removed, so it can be nobody's default.
    case removed(PaymentMethodID)
    /// A tenant saves so many at most.
    case tooMany(limit: Int)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("payment method", id.text)
        case .removed(let id):
            Problem(.conflict, code: "payment_method_removed", "the payment method \(id) was removed; save it anew")
        case .tooMany(let limit):
            Problem(
                .conflict,
                code: "too_many_payment_methods",
                "there are \(limit) payment methods, which is the most; remove one first"
            )
        }
    }
}
