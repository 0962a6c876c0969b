package import Values

/// What partners refuse, beside input that is malformed.
package enum PartnerError: ProblemConvertible, Hashable {
    /// There is no partner of the code.
    case notFound(String)
    /// Another partner has the code.
    case codeTaken(String)
    /// There is no such tenant.
    case tenantNotFound(TenantID)
    /// The tenant is not the partner's at the instant.
    case notAttributed(String, TenantID)
    /// Nothing is owed to the partner up to the month.
    case nothingPayable(String, Month)
    /// The month is not over.
    case monthOpen(Month)

    package var problem: Problem {
        switch self {
        case .notFound(let code): Problem.notFound("partner", code)
        case .codeTaken(let code):
            Problem(
                .conflict,
                code: "partner_code_taken",
                "there is a partner \(code) with other terms; take another code"
            )
        case .tenantNotFound(let id): Problem.notFound("tenant", id.text)
        case .notAttributed(let code, let id):
            Problem(.conflict, code: "partner_not_attributed", "\(id) is not \(code)'s then; there is nothing to end")
        case .nothingPayable(let code, let month):
            Problem(.precondition, code: "nothing_payable", "nothing is payable to \(code) for months up to \(month)")
        case .monthOpen(let month):
            Problem.invalid("month", "is \(month), which is not over yet; shares of a month are paid once it is over")
        }
    }
}
