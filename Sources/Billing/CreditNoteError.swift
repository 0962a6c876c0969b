package import Values

/// What credit notes refuse, beside input that is malformed.
package enum CreditNoteError: ProblemConvertible, Hashable {
    /// The tenant has no credit note with the id.
    case notFound(CreditNoteID)
    /// Only what is in the books can be credited.
    case notCreditable(InvoiceID, status: InvoiceStatus)
    /// All of it was credited.
    case nothingLeft(InvoiceID)
    /// More than is left of the invoice before tax.
    case exceedsInvoice(InvoiceID, left: Money)
    /// More than is left of the invoice with tax: its lines below zero count, too.
    case exceedsTotal(InvoiceID, left: Money)
    /// More than is left of a line before tax.
    case exceedsLine(InvoiceLineID, left: Money)
    /// The invoice has no such line.
    case lineNotFound(index: Int, InvoiceLineID)
    /// The amount is in another currency.
    case otherCurrency(Currency, asked: Currency)
    /// More than is still due, and nothing else was to be credited.
    case notDue(InvoiceID, due: Money)
    /// More than was paid, and not given back yet.
    case notPaid(InvoiceID, left: Money)
    /// More than was paid with money, and not paid back yet.
    case notRefundable(InvoiceID, paid: Money)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("credit note", id.text)
        case .notCreditable(let id, let status):
            CreditNoteError.conflict(
                "invoice_\(status.rawValue)",
                "the invoice \(id) is \(status.rawValue); only a finalized one can be credited, a draft can be voided"
            )
        case .nothingLeft(let id):
            CreditNoteError.conflict("nothing_to_credit", "nothing of the invoice \(id) is left to be credited")
        case .exceedsInvoice(let id, let left):
            CreditNoteError.conflict(
                "credit_exceeds_invoice",
                "\(left) before tax of the invoice \(id) can be credited yet"
            )
        case .exceedsTotal(let id, let left):
            CreditNoteError.conflict(
                "credit_exceeds_invoice",
                "\(left) with tax of the invoice \(id) can be credited yet"
            )
        case .exceedsLine(let id, let left):
            CreditNoteError.conflict("credit_exceeds_line", "\(left) before tax of the line \(id) can be credited yet")
        case .lineNotFound(let index, let id):
            Problem.invalid("lines[\(index)].line", "is \(id), which is no line of the invoice")
        case .otherCurrency(let own, let asked):
            Problem.invalid("amount.currency", "is \(asked); it must be the currency of the invoice, which is \(own)")
        case .notDue(let id, let due):
            CreditNoteError.conflict(
                "credit_exceeds_due",
                "\(due) of the invoice \(id) is still due; more can go to the balance or be refunded"
            )
        case .notPaid(let id, let left):
            CreditNoteError.conflict(
                "credit_exceeds_paid",
                "\(left) paid for the invoice \(id) can be given back yet; the rest went back or was not paid"
            )
        case .notRefundable(let id, let paid):
            CreditNoteError.conflict(
                "credit_exceeds_paid",
                "\(paid) was paid for the invoice \(id) and can be refunded yet; more can go to the balance"
            )
        }
    }

    private static func conflict(_ code: String, _ message: String) -> Problem {
        Problem(.conflict, code: code, message)
    }
}
