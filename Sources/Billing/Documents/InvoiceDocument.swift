import Plans
package import Values

/// All that a page of an invoice says, beside its layout.
package struct InvoiceDocument: Sendable {
    /// Who sells, or buys.
    package struct Party: Hashable, Sendable {
        /// As it is registered.
        package let name: String
        /// The lines of its address, as far as known.
        package let address: [String]
        /// Two capitals of ISO 3166.
        package let country: String?
        /// Like `DE123456789`.
        package let taxIDs: [String]
        /// Where mail goes.
        package let email: String?
    }

    /// A tax as invoices call it.
    package struct TaxLabel: Hashable, Sendable {
        /// What people call it.
        package let name: String
        /// 0.19 is 19 %.
        package let rate: Exact?
    }

    /// The invoice.
    package let invoice: Invoice
    /// Who sells.
    package let seller: Party
    /// Who is to pay.
    package let buyer: Party
    /// Its taxes by their codes.
    package let taxes: [String: TaxLabel]
    /// How the price of a line works, in words.
    package let explanations: [InvoiceLineID: String]
    /// What has reduced it since.
    package let creditNotes: [CreditNote]
    /// Where the customer's days begin.
    package let zone: Zone
}

/// All that a page of a credit note says, beside its layout.
package struct CreditNoteDocument: Sendable {
    /// The credit note.
    package let note: CreditNote
    /// The invoice that it reduces, with everything about it.
    package let invoice: InvoiceDocument
}

extension InvoiceDraft.Share {
    /// What shares come to by code, in the order in which codes come up; without those that come to nothing.
    package static func totals(_ shares: [Self]) -> [Self] { difference(shares, []) }
}
