/// The codes by which the catalogue names plans, prices and add-ons.
package enum CatalogueCode {
    /// What a code of a plan or price looks like, for errors.
    package static let form =
        "a code has 1 to 64 letters, digits, dashes, dots, colons and underscores, and begins with a letter or digit"

    /// What a code of an add-on or of one of its prices looks like, for errors.
    static let addOnForm =
        "an add-on's code has 1 to 48 letters, digits, dashes, dots and underscores, and begins with a letter or digit"

    /// What begins the codes and quantities of add-ons on a subscription, and no others.
    static let addOnPrefix = "addon:"

    /// Whether a text may name a plan or a price.
    package static func isValid(_ code: String) -> Bool { isValid(code, length: 64, marks: "_.:-") }

    /// Whether a text may name an add-on or one of its prices.
    static func isValidForAddOn(_ code: String) -> Bool { isValid(code, length: 48, marks: "_.-") }

    private static func isValid(_ code: String, length: Int, marks: String) -> Bool {
        guard (1...length).contains(code.utf8.count), let first = code.utf8.first, isAlphanumeric(first) else {
            return false
        }
        return code.utf8.allSatisfy { isAlphanumeric($0) || marks.utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
