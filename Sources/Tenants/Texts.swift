import Values

/// The checks of texts that people give.
enum Texts {
    private static let nameLength = 1...200
    private static let emailLength = 3...320
    private static let metadataBytes = 8_192

    /// A name: something to read, on one line.
    static func name(_ text: String, at field: String) throws(Problem) -> String {
        guard nameLength.contains(text.unicodeScalars.count) else {
            throw .invalid(field, "has \(text.unicodeScalars.count) characters; 1 to 200 are allowed")
        }
        guard text.contains(where: { !$0.isWhitespace }), !hasControls(text) else {
            throw .invalid(field, "must be a name on one line, not \(JSONValue.string(text).seen)")
        }
        return text
    }

    /// Something that can be an e-mail address; whether it is one, only mail can tell.
    static func email(_ text: String, at field: String) throws(Problem) -> String {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard emailLength.contains(text.unicodeScalars.count), parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            !hasControls(text), !text.contains(where: \.isWhitespace)
        else {
            throw .invalid(
                field,
                "must be an e-mail address like \"ann@example.com\", not \(JSONValue.string(text).seen)"
            )
        }
        return text
    }

    /// What callers keep with an object: an object of bounded size.
    static func metadata(_ value: JSONValue, at field: String) throws(Problem) -> JSONValue {
        guard value.object != nil else { throw .invalid(field, "must be an object, not \(value.seen)") }
        let bytes = value.utf8.count
        guard bytes <= metadataBytes else {
            throw .invalid(field, "has \(bytes) bytes; at most \(metadataBytes) are allowed")
        }
        return value
    }

    private static func hasControls(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
