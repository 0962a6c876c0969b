package import Values

/// What taxes refuse, beside input that is malformed.
package enum TaxError: ProblemConvertible, Hashable {
    /// The catalogue has no tax of the code.
    case notFound(String)
    /// The catalogue has the tax otherwise from the same instant on.
    case versionTaken(String, from: Instant)
    /// An invoice was made without it since.
    case afterInvoices(from: Instant, last: Instant)
    /// The entity has issued invoices from its country.
    case countryFixed(EntityID, country: String)
    /// The tax is assigned to the tenant already.
    case assigned(String)
    /// The tax is not assigned to the tenant.
    case notAssigned(String)
    /// Only staff says who is exempt.
    case exemptionIsForStaff

    package var problem: Problem {
        switch self {
        case .notFound(let code): Problem.notFound("tax", code)
        case .versionTaken(let code, let from):
            Problem(
                .conflict,
                code: "tax_version_taken",
                "the tax \(code) was changed from \(from) on, and otherwise; take another instant"
            )
        case .afterInvoices(let from, let last):
            Problem.invalid(
                "from",
                "is \(from), but invoices were made up to \(last), which stay as they are; take a later instant"
            )
        case .countryFixed(let id, let country):
            Problem(
                .conflict,
                code: "country_fixed",
                "\(id) has issued invoices from \(country); make another legal entity for another country"
            )
        case .assigned(let code):
            Problem(.conflict, code: "tax_assigned", "the tax \(code) is already assigned to the tenant")
        case .notAssigned(let code):
            Problem(.notFound, code: "tax_not_assigned", "the tax \(code) is not assigned to the tenant")
        case .exemptionIsForStaff:
            Problem(.forbidden, code: "staff_only", "only staff can set `tax_exempt`")
        }
    }
}
