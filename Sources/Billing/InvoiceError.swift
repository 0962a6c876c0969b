package import Values

/// What invoices refuse.
package enum InvoiceError: ProblemConvertible, Hashable {
    /// The tenant has no invoice with the id.
    case notFound(InvoiceID)
    /// The tenant has no subscription with the id.
    case subscriptionNotFound(SubscriptionID)
    /// The tenant is not there.
    case tenantNotFound(TenantID)
    /// Its status does not allow what was asked.
    case notPayable(InvoiceID, status: InvoiceStatus)
    /// It was paid under another reference.
    case paidOtherwise(InvoiceID, reference: String)
    /// Its status does not allow to void it.
    case notVoidable(InvoiceID, status: InvoiceStatus)
    /// What it added to the credit balance may be used already.
    case creditGiven(InvoiceID)
    /// It was voided as a draft, so it has no number to be finalized with.
    case notFinalizable(InvoiceID)
    /// Its status does not allow to give it up.
    case notGivenUp(InvoiceID, status: InvoiceStatus)
    /// Credit notes have reduced it.
    case isCredited(InvoiceID)
    /// A later invoice gave back a part of it.
    case isGivenBack(InvoiceID, by: String)
    /// The plan versions of the subscription are not all there.
    case planMissing(SubscriptionID)
    /// What is stored cannot be read back.
    case unreadable(InvoiceID)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("invoice", id.text)
        case .subscriptionNotFound(let id): Problem.notFound("subscription", id.text)
        case .tenantNotFound(let id): Problem.notFound("tenant", id.text)
        case .notPayable(let id, let status):
            Problem(
                .conflict,
                code: "invoice_\(status.rawValue)",
                "the invoice \(id) is \(status.rawValue); only an open one can be paid"
            )
        case .paidOtherwise(let id, let reference):
            Problem(
                .conflict,
                code: "invoice_paid",
                "the invoice \(id) is already paid, with the reference \(JSONValue.string(reference).seen)"
            )
        case .notVoidable(let id, let status):
            Problem(
                .conflict,
                code: "invoice_\(status.rawValue)",
                "the invoice \(id) is \(status.rawValue); only a draft or an open one can be voided"
            )
        case .creditGiven(let id):
            Problem(
                .conflict,
                code: "credit_given",
                "the invoice \(id) adds to the credit balance, which may be used already; it cannot be voided"
            )
        case .notFinalizable(let id):
            Problem(.conflict, code: "invoice_void", "the invoice \(id) is void; it cannot be finalized")
        case .notGivenUp(let id, let status):
            Problem(
                .conflict,
                code: "invoice_\(status.rawValue)",
                "the invoice \(id) is \(status.rawValue); only an open one can be given up as uncollectible"
            )
        case .isCredited(let id):
            Problem(
                .conflict,
                code: "invoice_credited",
                "the invoice \(id) is reduced by a credit note; it cannot be voided, credit the rest instead"
            )
        case .isGivenBack(let id, let later):
            Problem(
                .conflict,
                code: "invoice_given_back",
                "the invoice \(id) cannot be voided, as the later invoice \(later) credits a part of it; "
                    + "void that one first, or credit the rest by a credit note"
            )
        case .planMissing(let id):
            Problem(.internal, code: "plan_missing", "a plan version of the subscription \(id) is not there")
        case .unreadable(let id):
            Problem(.internal, code: "unreadable_invoice", "the stored invoice \(id) cannot be read")
        }
    }
}
