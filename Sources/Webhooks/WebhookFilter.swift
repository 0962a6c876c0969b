package import Values

/// Of which events an endpoint is told: one verb, all verbs that begin with a noun, or everything.
package struct WebhookFilter: Hashable, Sendable {
    /// As written: `invoice.paid`, `invoice.*` or `*`.
    package let text: String

    private static let longest = 100

    /// Everything.
    package static let all = WebhookFilter(unchecked: "*")

    private init(unchecked text: String) { self.text = text }

    /// Reads a filter.
    ///
    /// - Throws: it has none of the three forms; the problem names `field`.
    package init(_ text: String, at field: String) throws(Problem) {
        guard
            text == "*"
                || Self.isVerb(text.hasSuffix(".*") ? String(text.dropLast(2)) : text, isWhole: !text.hasSuffix(".*"))
        else {
            throw .invalid(
                field,
                "must be an event like \"invoice.paid\", a noun like \"invoice.*\", or \"*\" for everything, not "
                    + JSONValue.string(text).seen
            )
        }
        self.text = text
    }

    /// Reads a filter that some event there is passes.
    ///
    /// - Throws: it has none of the three forms, or nothing passes it; the problem names `field`, and what is near.
    package init(known text: String, at field: String) throws(Problem) {
        try self.init(text, at: field)
        guard WebhookEventTypes.all.contains(where: matches) else {
            throw WebhookEventTypes.problem(of: text, at: field)
        }
    }

    /// Takes what the database holds, which was read before.
    init(stored text: String) { self.init(unchecked: text) }

    /// Whether an event passes.
    package func matches(_ verb: String) -> Bool {
        guard text.hasSuffix("*") else { return verb == text }
        return verb.hasPrefix(text.dropLast())
    }

    /// Words of small letters and `_`, with dots between; a whole verb has at least two.
    private static func isVerb(_ text: String, isWhole: Bool) -> Bool {
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= longest && words.count >= (isWhole ? 2 : 1)
            && words.allSatisfy { word in !word.isEmpty && word.utf8.allSatisfy(isLetter) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
    }
}
