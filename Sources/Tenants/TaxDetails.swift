package import Values

/// What decides on the taxes of a tenant, from an instant on.
package struct TaxDetails: Hashable, Sendable {
    /// Where it has its seat: two capitals of ISO 3166; nil if nobody has said.
    package let country: String?
    /// The numbers under which tax authorities know it.
    package let taxIDs: [TaxID]
    /// Whether it pays no tax at all, as staff has found.
    package let isExempt: Bool
    /// Invoices of this instant and later ones are decided on by it; nil is all.
    package let from: Instant?

    /// Nothing is known: taxes are those of the seller's country.
    package static let unknown = TaxDetails(country: nil, taxIDs: [], isExempt: false, from: nil)

    /// Takes the four.
    package init(country: String?, taxIDs: [TaxID], isExempt: Bool, from: Instant?) {
        self.country = country
        self.taxIDs = taxIDs
        self.isExempt = isExempt
        self.from = from
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "country": .optional(country), "tax_ids": .array(taxIDs.map(\.json)), "tax_exempt": .bool(isExempt),
            "from": .optional(from?.text),
        ]
    }
}

/// What is to be changed about a tenant's taxes; what is not named stays.
package struct TaxDetailsChanges: Hashable, Sendable {
    /// Another country, or none.
    package var country: FieldChange<String> = .keep
    /// What takes the place of all numbers.
    package var taxIDs: [TaxID]?
    /// Whether it pays no tax; only staff says so.
    package var isExempt: Bool?

    private static let most = 5

    /// Changes nothing.
    package init() {}

    /// Reads the fields of a request to their end; `null` empties the country.
    package init(json fields: inout JSONFields) throws(Problem) {
        if fields.valueOrNull("country")?.isNull == true {
            country = .clear
        } else if let text = try fields.optionalString("country") {
            country = .set(try Country.checked(text, at: fields.path("country")))
        }
        if let elements = try fields.optionalArray("tax_ids") {
            guard elements.count <= TaxDetailsChanges.most else {
                throw fields.invalid("tax_ids", "has \(elements.count) numbers; at most 5 are allowed")
            }
            var ids: [TaxID] = []
            for element in elements { ids.append(try TaxID(json: element.value, path: element.path)) }
            taxIDs = ids
        }
        isExempt = try fields.optionalBool("tax_exempt")
        try fields.finish()
    }

    /// The details after the change, from an instant on.
    package func applied(to old: TaxDetails, from instant: Instant?) -> TaxDetails {
        TaxDetails(
            country: country.applied(to: old.country),
            taxIDs: taxIDs ?? old.taxIDs,
            isExempt: isExempt ?? old.isExempt,
            from: instant
        )
    }
}
