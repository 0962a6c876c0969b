package import Values

/// Credit that is sold in one piece: for a price there is at least as much credit.
///
/// What was bought under it keeps its terms when it changes.
package struct CreditPackage: Hashable, Sendable {
    /// Names it.
    package let code: String
    /// What customers read.
    package let name: String
    /// What it costs; that much of the credit is bought.
    package let price: Money
    /// What is granted; what is above the price is given.
    package let credit: Money
    /// For how many days the credit can be used; nil is for good.
    package let expiresAfterDays: Int?
    /// The lowest is used first.
    package let priority: Int
    /// From when on nobody can buy it; nil while it is sold.
    package let archivedAt: Instant?
    /// Since when it is there.
    package let createdAt: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "code": .string(code), "name": .string(name), "price": price.json, "credit": credit.json,
            "expires_after_days": expiresAfterDays.map { .int($0) } ?? .null, "priority": .int(priority),
            "archived_at": .optional(archivedAt?.text), "created_at": .string(createdAt.text),
        ]
    }
}

/// What is asked for when a package is put into the catalogue.
package struct CreditPackageDraft: Hashable, Sendable {
    /// Names it.
    package let code: String
    /// What customers read.
    package let name: String
    /// What it costs.
    package let price: Money
    /// What is granted for it.
    package let credit: Money
    /// For how many days the credit can be used; nil is for good.
    package let expiresAfterDays: Int?
    /// The lowest is used first.
    package let priority: Int

    /// Makes a draft; everything is checked.
    package init(
        code: String,
        name: String? = nil,
        price: Money,
        credit: Money? = nil,
        expiresAfterDays: Int? = nil,
        priority: Int = 1
    ) throws(Problem) {
        guard CreditPackageDraft.isCode(code) else {
            throw .invalid(
                "code",
                "is \(JSONValue.string(code).seen); 1 to 64 letters, digits, _ . : or - are expected, a letter or digit first"
            )
        }
        let name = name ?? code
        guard (1...200).contains(name.unicodeScalars.count), !name.utf8.contains(0) else {
            throw .invalid("name", "has \(name.unicodeScalars.count) characters; 1 to 200 are allowed")
        }
        guard price.minor > 0 else { throw .invalid("price.amount", "must be above 0, not \"\(price.text)\"") }
        let credit = credit ?? price
        guard credit.currency == price.currency else {
            throw .invalid("credit.currency", "is \(credit.currency); it must be that of the price, \(price.currency)")
        }
        guard credit.minor >= price.minor else {
            throw .invalid("credit.amount", "is \(credit.text); it must not be less than the price, \(price.text)")
        }
        if let days = expiresAfterDays, !(1...36_500).contains(days) {
            throw .invalid("expires_after_days", "must be from 1 to 36500, not \(days)")
        }
        guard (0...1000).contains(priority) else {
            throw .invalid("priority", "must be from 0 to 1000, not \(priority)")
        }
        self.code = code
        self.name = name
        self.price = price
        self.credit = credit
        self.expiresAfterDays = expiresAfterDays
        self.priority = priority
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let code = try fields.string("code")
        let name = try fields.optionalString("name")
        let price = try fields.money("price")
        let credit = try fields.optionalMoney("credit")
        let days = try fields.optionalInt("expires_after_days")
        let priority = try fields.optionalInt("priority") ?? 1
        try fields.finish()
        try self.init(
            code: code,
            name: name,
            price: price,
            credit: credit,
            expiresAfterDays: days,
            priority: priority
        )
    }

    private static func isCode(_ text: String) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isWord(first) else { return false }
        return text.utf8.allSatisfy { isWord($0) || "_.:-".utf8.contains($0) }
    }
}
