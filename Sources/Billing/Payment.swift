package import Values

extension Entities {
    /// Money that was received for an invoice.
    package enum Payment: Entity {
        package static let prefix = "pay"
    }
}

/// Names a payment.
package typealias PaymentID = ID<Entities.Payment>

/// Money that was received for an invoice: the whole of what was due.
package struct Payment: Hashable, Sendable {
    /// Names it.
    package let id: PaymentID
    /// Who paid.
    package let tenant: TenantID
    /// What was paid.
    package let invoice: InvoiceID
    /// How much.
    package let amount: Money
    /// What names it outside: a bank's or a provider's reference.
    package let reference: String
    /// When it was received, in business time.
    package let at: Instant

    /// The key that its journal is posted under.
    var postingKey: String { "payment:\(id):received" }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "invoice": .string(invoice.text),
            "amount": amount.json, "reference": .string(reference), "at": .string(at.text),
        ]
    }
}
