package import Values

/// A number under which tax authorities know somebody.
package struct TaxID: Hashable, Sendable {
    /// Who gives the numbers.
    package enum Kind: String, CaseIterable, Sendable {
        /// A member of the European Union, for VAT; with the country in front.
        case euVAT = "eu_vat"
        /// The United Kingdom.
        case gbVAT = "gb_vat"
        /// Switzerland.
        case chVAT = "ch_vat"
        /// Norway.
        case noVAT = "no_vat"
        /// Australia.
        case auABN = "au_abn"
        /// The United States.
        case usEIN = "us_ein"
        /// Anybody else; not checked.
        case other
    }

    /// Who gave it.
    package let kind: Kind
    /// The number, in capitals, without blanks, dots and hyphens; of another kind as it was given.
    package let value: String

    /// Takes a number that is known to be well formed: one that was stored.
    package init(stored value: String, kind: Kind) {
        self.kind = kind
        self.value = value
    }

    /// Checks a number's form; without a kind, one that begins with a member of the European Union is a VAT number of
    /// it.
    package init(_ text: String, kind: Kind? = nil, at field: String) throws(Problem) {
        let compact = TaxID.compact(text)
        let kind = kind ?? TaxID.kind(of: compact)
        self.kind = kind
        value = kind == .other ? text : compact
        guard (1...50).contains(text.unicodeScalars.count), text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
            throw .invalid(field, "must be a tax number of 1 to 50 characters")
        }
        guard let form = TaxID.wrongForm(compact, kind) else { return }
        throw .invalid(
            field,
            "is \(JSONValue.string(text).seen), no valid number of the kind \(kind.rawValue): \(form)"
        )
    }

    /// Reads `{"type", "value"}`, or a number alone.
    package init(json: JSONValue, path: String) throws(Problem) {
        if let text = json.string {
            try self.init(text, at: path)
            return
        }
        var fields = try JSONFields(json, path: path)
        let kind = try fields.optionalChoice("type", as: Kind.self)
        let value = try fields.string("value")
        try fields.finish()
        try self.init(value, kind: kind, at: "\(path).value")
    }

    /// The member of the European Union that gave it; nil if none did.
    package var memberState: String? { kind == .euVAT ? VATNumber.parts(value)?.country : nil }

    /// As it leaves over HTTP and is stored.
    package var json: JSONValue { ["type": .string(kind.rawValue), "value": .string(value)] }

    private static func compact(_ text: String) -> String {
        String(text.uppercased().filter { !$0.isWhitespace && $0 != "." && $0 != "-" })
    }

    private static func kind(of compact: String) -> Kind {
        if VATNumber.parts(compact) != nil { return .euVAT }
        if compact.hasPrefix("GB") { return .gbVAT }
        return compact.hasPrefix("CHE") ? .chVAT : .other
    }

    /// What a number of a kind would look like, if this is none.
    private static func wrongForm(_ text: String, _ kind: Kind) -> String? {
        let digits = text.compactMap(\.wholeNumberValue)
        switch kind {
        case .euVAT:
            guard let (country, rest) = VATNumber.parts(text) else {
                return "it begins with a member's letters, like DE or EL"
            }
            return VATNumber.isWellFormed(rest, of: country)
                ? nil : "\(VATNumber.example(of: country)) with the right check digits"
        case .gbVAT:
            return text.hasPrefix("GB") && text.utf8.count == digits.count + 2 && isBritish(digits)
                ? nil : "GB and 9 or 12 digits with the right check digits"
        case .chVAT:
            let isSwiss = text.hasPrefix("CHE") && ["", "MWST", "TVA", "IVA"].contains(String(text.dropFirst(12)))
            return isSwiss && digits.count == 9 && VATChecks.weighted(digits, [5, 4, 3, 2, 7, 6, 5, 4, 1]) % 11 == 0
                ? nil : "CHE and 9 digits, the last of which checks the others"
        case .noVAT:
            let isPlain = text == digits.map(String.init).joined() || text.hasSuffix("MVA")
            return isPlain && digits.count == 9 && VATChecks.weighted(digits, [3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
                ? nil : "9 digits, the last of which checks the others, perhaps with MVA behind"
        case .auABN:
            let first = digits.first.map { [$0 - 1] + digits.dropFirst() } ?? []
            let weights = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
            return text.utf8.count == 11 && digits.count == 11 && VATChecks.weighted(first, weights) % 89 == 0
                ? nil : "11 digits, the first two of which check the others"
        case .usEIN: return text.utf8.count == 9 && digits.count == 9 ? nil : "9 digits"
        case .other: return nil
        }
    }

    private static func isBritish(_ digits: [Int]) -> Bool {
        guard digits.count == 9 || digits.count == 12 else { return false }
        // Newer ones are made with 55 added; both ways of it are in use.
        return [0, 42, 55].contains(VATChecks.weighted(digits, [8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97)
    }
}
