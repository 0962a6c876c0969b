package import Values

/// What costs and the price book refuse, beside input that is malformed.
package enum CostError: ProblemConvertible, Hashable {
    /// There is no such entry.
    case notFound(CostID)
    /// The entry was taken back before.
    case voided(CostID)
    /// The entry takes another back, and is not taken back itself.
    case isReversal(CostID)
    /// There is no such tenant.
    case tenantNotFound(TenantID)
    /// Events that a report needs are in a file.
    case archived(Month)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("cost entry", id.text)
        case .voided(let id):
            Problem(.conflict, code: "cost_voided", "\(id) was taken back already")
        case .isReversal(let id):
            Problem(.conflict, code: "cost_is_reversal", "\(id) takes another entry back; enter the cost again instead")
        case .tenantNotFound(let id): Problem.notFound("tenant", id.text)
        case .archived(let month):
            Problem(
                .precondition,
                code: "usage_archived",
                "the usage events of \(month) are archived; restore them (abono usage restore), or ask for later months"
            )
        }
    }
}
