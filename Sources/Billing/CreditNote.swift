package import Values

extension Entities {
    /// What an invoice is reduced by after it was finalized.
    package enum CreditNote: Entity {
        package static let prefix = "crn"
    }
}

/// Names a credit note.
package typealias CreditNoteID = ID<Entities.CreditNote>

/// What an invoice is reduced by after it was finalized.
///
/// It never changes, and cannot be taken back.
package struct CreditNote: Hashable, Sendable {
    /// What it takes back of a line of the invoice.
    package struct Line: Hashable, Sendable {
        /// The line of the invoice.
        package let invoiceLine: InvoiceLineID
        /// Of what the line costs after discounts, in minor units.
        package let net: Int64
        /// Of its tax, in minor units.
        package let tax: Int64
        /// What of each tax, without those of which it is nothing.
        package let taxes: [InvoiceDraft.Share]
    }

    /// Where goes what is not due any more, because it was paid.
    package enum Destination: String, CaseIterable, Sendable {
        /// To the customer's credit balance, which pays the next invoices.
        case balance
        /// Back to the customer, as money.
        case refund
        /// Nowhere: only what is still due can be credited.
        case receivable
    }

    /// Names it.
    package let id: CreditNoteID
    /// Whose invoice it is of.
    package let tenant: TenantID
    /// What it reduces.
    package let invoice: InvoiceID
    /// Who issues, and numbers it.
    package let legalEntity: EntityID
    /// The gapless number of its legal entity.
    package let number: String
    /// Why, as it stands on it.
    package let reason: String
    /// What it takes back of each line, in the order of the invoice's.
    package let lines: [Line]
    /// The sum of the lines before tax.
    package let net: Money
    /// The sum of their taxes.
    package let tax: Money
    /// Both together.
    package let total: Money
    /// What of it was still due.
    package let receivable: Money
    /// What of it nobody expected any more.
    package let badDebt: Money
    /// What of it went to the credit balance.
    package let balance: Money
    /// What of it is to be paid out.
    package let refund: Money
    /// When it was issued, in business time.
    package let issuedAt: Instant
    /// When it was written.
    package let recordedAt: Instant

    /// The currency of all its amounts.
    package var currency: Currency { total.currency }

    /// The key that its journal is posted under.
    var postingKey: String { "credit_note:\(id):issued" }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        let currency = currency
        let lines = lines.map { line -> JSONValue in
            [
                "invoice_line": .string(line.invoiceLine.text), "net": Money(minor: line.net, currency: currency).json,
                "tax": Money(minor: line.tax, currency: currency).json,
                "taxes": .array(line.taxes.map { $0.json(currency) }),
            ]
        }
        return [
            "id": .string(id.text), "tenant": .string(tenant.text), "invoice": .string(invoice.text),
            "legal_entity": .string(legalEntity.text), "number": .string(number), "reason": .string(reason),
            "currency": .string(currency.code), "lines": .array(lines), "net": net.json, "tax": tax.json,
            "total": total.json, "receivable": receivable.json, "bad_debt": badDebt.json, "balance": balance.json,
            "refund": refund.json, "issued_at": .string(issuedAt.text), "recorded_at": .string(recordedAt.text),
        ]
    }

    /// What the trail of activity keeps of it.
    var summary: JSONValue {
        [
            "invoice": .string(invoice.text), "number": .string(number), "total": total.json,
            "receivable": receivable.json, "balance": balance.json, "refund": refund.json,
        ]
    }
}
