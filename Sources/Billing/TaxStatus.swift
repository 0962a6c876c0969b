/// Why an invoice has the taxes that it has.
package enum TaxStatus: String, CaseIterable, Sendable {
    /// Taxes as they are; perhaps none is due where the customer is.
    case standard
    /// The customer pays no tax.
    case exempt
    /// The customer owes the tax itself, in its own country.
    case reverseCharge = "reverse_charge"

    /// What an invoice must say about it; nil is nothing.
    package var note: String? {
        switch self {
        case .standard: nil
        case .exempt: "Tax exempt: no tax is charged to this customer."
        case .reverseCharge:
            "Reverse charge: the customer is liable for the VAT (Article 196 of Council Directive 2006/112/EC)."
        }
    }
}
