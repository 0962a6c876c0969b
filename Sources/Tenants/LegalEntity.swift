package import Values

/// A legal entity of the seller: who stands on the invoice, and whose invoices are numbered together.
package struct LegalEntity: Hashable, Sendable {
    /// Names it.
    package let id: EntityID
    /// As it is registered.
    package let name: String
    /// Where it has its seat: two capitals of ISO 3166.
    package let country: String?
    /// The currency of its books.
    package let currency: Currency?
    /// Since when it sells, in business time.
    package let createdAt: Instant

    /// The name of the entity that is made if there is none.
    package static let defaultName = "Abono"

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "name": .string(name), "country": .optional(country),
            "currency": .optional(currency?.code), "created_at": .string(createdAt.text),
        ]
    }
}

/// What is asked for when a legal entity is made.
package struct LegalEntityDraft: Hashable, Sendable {
    /// As it is registered.
    package var name: String
    /// Two capitals of ISO 3166.
    package var country: String?
    /// The currency of its books.
    package var currency: Currency?

    /// Makes a draft; the texts are checked.
    package init(name: String, country: String? = nil, currency: Currency? = nil) throws(Problem) {
        self.name = try Texts.name(name, at: "name")
        if let country {
            guard country.utf8.count == 2,
                country.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
            else {
                throw .invalid(
                    "country",
                    "must be two capitals of ISO 3166 like \"DE\", not \(JSONValue.string(country).seen)"
                )
            }
        }
        self.country = country
        self.currency = currency
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let name = try fields.string("name")
        let country = try fields.optionalString("country")
        let currency = try fields.optionalCurrency("currency")
        try fields.finish()
        try self.init(name: name, country: country, currency: currency)
    }
}
