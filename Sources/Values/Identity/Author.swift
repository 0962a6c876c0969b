/// Who did something: a key, a part of the system, or a person at the command line.
package struct Author: Hashable, Sendable, CustomStringConvertible {
    /// The stored text: `key:key_…`, `staff:key_…`, `system:billing` or `command`.
    package let text: String

    private init(unchecked text: String) { self.text = text }

    /// Reads the stored text; nil if it has none of the forms.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("command", 1): break
        case ("key", 2), ("staff", 2): guard KeyID(parts[1]) != nil else { return nil }
        case ("system", 2): guard !parts[1].isEmpty else { return nil }
        default: return nil
        }
        self.text = text
    }

    /// A tenant's API key.
    package static func key(_ id: KeyID) -> Author { Author(unchecked: "key:\(id)") }

    /// A staff key.
    package static func staff(_ id: KeyID) -> Author { Author(unchecked: "staff:\(id)") }

    /// A part of the system that acts by itself, like `billing`.
    package static func system(_ name: String) -> Author { Author(unchecked: "system:\(name)") }

    /// Someone at the command line.
    package static let command = Author(unchecked: "command")

    package var description: String { text }
}

/// When and by whom a write is made; it is passed in, because no rule reads a clock.
package struct Stamp: Hashable, Sendable {
    /// Business time: when it counts.
    package var at: Instant
    /// Recorded time: the transaction's clock value.
    package var recordedAt: Instant
    /// Who does it.
    package var author: Author
    /// The request it belongs to.
    package var requestID: String?

    /// Makes a stamp with two times.
    package init(at: Instant, recordedAt: Instant, author: Author, requestID: String? = nil) {
        self.at = at
        self.recordedAt = recordedAt
        self.author = author
        self.requestID = requestID
    }

    /// Makes a stamp whose business time is the recorded time.
    package init(now: Instant, author: Author, requestID: String? = nil) {
        self.init(at: now, recordedAt: now, author: author, requestID: requestID)
    }
}

/// What a staff key may do.
package enum StaffRole: String, CaseIterable, Sendable {
    case admin
    case finance
    case support
}

/// What a tenant's key may do.
package enum KeyScope: String, CaseIterable, Sendable {
    case inference
    case usageRead = "usage:read"
    case usageWrite = "usage:write"
    case billingRead = "billing:read"
    case billingWrite = "billing:write"
    case keys
}
