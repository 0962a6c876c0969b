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
    /// Its own tax number, as its invoices show it.
    package let taxID: String?
    /// Where it is, a line for each of the address.
    package let address: [String]
    /// From when on its country decides on taxes; nil is always.
    package let countryFrom: Instant?
    /// Since when it sells, in business time.
    package let createdAt: Instant

    /// The name of the entity that is made if there is none.
    package static let defaultName = "Abono"

    /// The name of the entity that sells to tenants in test mode.
    package static let testName = "Test mode"

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "name": .string(name), "country": .optional(country),
            "currency": .optional(currency?.code), "tax_id": .optional(taxID),
            "address": .array(address.map { .string($0) }), "created_at": .string(createdAt.text),
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
    /// Its own tax number.
    package var taxID: String?
    /// Where it is, a line for each of the address.
    package var address: [String]

    /// Makes a draft; the texts are checked.
    package init(
        name: String,
        country: String? = nil,
        currency: Currency? = nil,
        taxID: String? = nil,
        address: [String] = []
    ) throws(Problem) {
        self.name = try Texts.name(name, at: "name")
        if let country { _ = try Country.checked(country, at: "country") }
        self.country = country
        self.currency = currency
        if let taxID { _ = try TaxID(taxID, at: "tax_id") }
        self.taxID = taxID
        self.address = try LegalEntityChanges.checked(address, at: "address")
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let name = try fields.string("name")
        let country = try fields.optionalString("country")
        let currency = try fields.optionalCurrency("currency")
        let taxID = try fields.optionalString("tax_id")
        let address = try LegalEntityChanges.address(&fields)
        try fields.finish()
        try self.init(name: name, country: country, currency: currency, taxID: taxID, address: address ?? [])
    }
}

/// What is to be changed about a legal entity; what is not named stays.
package struct LegalEntityChanges: Hashable, Sendable {
    /// Another name.
    package var name: String?
    /// Another country; not once it has issued invoices from one.
    package var country: String?
    /// Another tax number, or none.
    package var taxID: FieldChange<String> = .keep
    /// What takes the place of the whole address.
    package var address: [String]?

    /// Reads the fields of a request to their end; `null` empties the tax number.
    package init(json fields: inout JSONFields) throws(Problem) {
        if let text = try fields.optionalString("name") { name = try Texts.name(text, at: fields.path("name")) }
        if let text = try fields.optionalString("country") {
            country = try Country.checked(text, at: fields.path("country"))
        }
        if fields.valueOrNull("tax_id")?.isNull == true {
            taxID = .clear
        } else if let text = try fields.optionalString("tax_id") {
            _ = try TaxID(text, at: fields.path("tax_id"))
            taxID = .set(text)
        }
        address = try LegalEntityChanges.address(&fields)
        try fields.finish()
    }

    static func address(_ fields: inout JSONFields) throws(Problem) -> [String]? {
        guard let elements = try fields.optionalArray("address") else { return nil }
        var lines: [String] = []
        for element in elements {
            guard let line = element.value.string else {
                throw .invalid(element.path, "must be a line of the address, not \(element.value.seen)")
            }
            lines.append(line)
        }
        return try checked(lines, at: fields.path("address"))
    }

    static func checked(_ lines: [String], at field: String) throws(Problem) -> [String] {
        guard lines.count <= 6 else { throw .invalid(field, "has \(lines.count) lines; at most 6 are allowed") }
        for (index, line) in lines.enumerated() { _ = try Texts.name(line, at: "\(field)[\(index)]") }
        return lines
    }
}
