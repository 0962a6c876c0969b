package import Values

/// Countries by the two capitals of ISO 3166, as far as taxes ask for them.
package enum Country {
    /// The members of the European Union.
    package static let europeanUnion: Set<String> = [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
        "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ]

    /// Checks the form of a country's code.
    package static func checked(_ text: String, at field: String) throws(Problem) -> String {
        guard text.utf8.count == 2, text.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else {
            throw .invalid(
                field,
                "must be two capitals of ISO 3166 like \"DE\", not \(JSONValue.string(text).seen)"
            )
        }
        return text
    }
}
