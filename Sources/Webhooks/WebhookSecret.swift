import Crypto
import Foundation
package import Values

/// What an endpoint's receiver checks signatures with: `whsec_` and the base64 of 32 random bytes.
package struct WebhookSecret: Hashable, Sendable {
    /// The key of the signatures.
    package let bytes: [UInt8]

    /// What every secret begins with.
    package static let prefix = "whsec_"
    /// How many bytes the specification allows.
    private static let lengths = 24...64

    /// Takes the bytes of a secret.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads the text.
    ///
    /// - Throws: it is no secret; the problem does not show it.
    package init(_ text: String) throws(Problem) {
        guard text.hasPrefix(Self.prefix), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.lengths.contains(data.count)
        else {
            throw .invalid("secret", "must be whsec_ and the base64 of 24 to 64 bytes")
        }
        bytes = Array(data)
    }

    /// Makes one that nobody can guess.
    package static func generate() -> WebhookSecret {
        let key = SymmetricKey(size: .bits256)
        return WebhookSecret(bytes: unsafe key.withUnsafeBytes { bytes in unsafe Array(bytes) })
    }

    /// As it is shown, once.
    package var text: String { Self.prefix + Data(bytes).base64EncodedString() }
}

/// The signature of Standard Webhooks, version 1 with a shared secret.
package enum WebhookSignature {
    /// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
    ///
    /// `timestamp`: in whole seconds since 1970, as the header says it.
    package static func sign(_ body: [UInt8], id: String, timestamp: Int64, with secret: WebhookSecret) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: secret.bytes))
        return "v1," + Data(code).base64EncodedString()
    }

    /// The value of `webhook-signature`: one for each secret that is valid, the newest first.
    package static func header(
        _ body: [UInt8],
        id: String,
        timestamp: Int64,
        secrets: [WebhookSecret]
    ) -> String {
        secrets.map { sign(body, id: id, timestamp: timestamp, with: $0) }.joined(separator: " ")
    }
}

/// How secrets are sealed.
enum WebhookSealing {
    /// What a sealed secret is bound to, so that it opens in no other endpoint's row.
    static func context(_ id: WebhookEndpointID) -> String { "webhook endpoint \(id)" }
}
