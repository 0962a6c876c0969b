import Crypto
import Foundation
package import Values

/// Seals secrets that are kept in the database, such as a gateway's API key, under the installation's secret key.
///
/// AES-256-GCM under a key derived from the text by HKDF-SHA256. A sealed secret is a version byte, a nonce of 12
/// random bytes, the ciphertext and a tag of 16 bytes. The context says what the secret is and whose; it is
/// authenticated, so that a sealed secret copied to another row does not open there.
package struct SecretBox: Sendable {
    /// The fewest characters a key's text may have.
    package static let minimumKeyLength = 32
    /// The most bytes of one secret.
    package static let secretLimit = 16_384

    private static let version: UInt8 = 1
    private static let nonceLength = 12
    private static let tagLength = 16

    private let key: SymmetricKey

    /// Makes a box of the installation's secret key, of which spaces and line ends around it do not count.
    ///
    /// - Throws: the text is too short to be a key.
    package init(key text: String) throws(Problem) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed.count >= Self.minimumKeyLength else {
            throw .invalid(
                "secret_key",
                "has \(trimmed.count) characters; at least \(Self.minimumKeyLength) random ones are expected"
                    + " (ABONO_SECRET_KEY), such as `openssl rand -base64 32` prints"
            )
        }
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(trimmed.utf8)),
            salt: Data("abono".utf8),
            info: Data("secrets at rest, version 1".utf8),
            outputByteCount: 32
        )
    }

    /// Makes the text of a new key: 256 random bits in base64.
    package static func generateKey() -> String {
        let key = SymmetricKey(size: .bits256)
        return unsafe key.withUnsafeBytes { bytes in unsafe Data(bytes).base64EncodedString() }
    }

    /// Seals a secret; the same one sealed again gives other bytes.
    ///
    /// - Throws: the secret is too long.
    package func seal(_ secret: [UInt8], context: String) throws(Problem) -> [UInt8] {
        guard secret.count <= Self.secretLimit else {
            throw .invalid("secret", "has \(secret.count) bytes; at most \(Self.secretLimit) are allowed")
        }
        do {
            let sealed = try AES.GCM.seal(
                Data(secret),
                using: key,
                nonce: AES.GCM.Nonce(),
                authenticating: Data(context.utf8)
            )
            return [Self.version] + Array(sealed.nonce) + Array(sealed.ciphertext) + Array(sealed.tag)
        } catch { throw Problem(.internal, code: "secret_not_sealed", "a secret could not be sealed") }
    }

    /// Opens what was sealed for the same context under the same key.
    ///
    /// - Throws: it was sealed under another key or for another context, or was changed since.
    package func open(_ sealed: [UInt8], context: String) throws(Problem) -> [UInt8] {
        guard sealed.count >= 1 + Self.nonceLength + Self.tagLength, sealed[0] == Self.version else {
            throw Problem(.precondition, code: "secret_unreadable", "a kept secret has a form that is not known here")
        }
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: sealed[1..<1 + Self.nonceLength]),
                ciphertext: sealed[(1 + Self.nonceLength)..<(sealed.count - Self.tagLength)],
                tag: sealed[(sealed.count - Self.tagLength)...]
            )
            return Array(try AES.GCM.open(box, using: key, authenticating: Data(context.utf8)))
        } catch {
            throw Problem(
                .precondition,
                code: "secret_unreadable",
                "a kept secret does not open with the present ABONO_SECRET_KEY; set the key it was stored with, or"
                    + " store the secret anew"
            )
        }
    }

    /// The refusal of what needs the installation's secret key where there is none.
    package static let missing = Problem(
        .precondition,
        code: "secret_key_missing",
        "this needs a secret key, and none is set; set ABONO_SECRET_KEY to at least \(minimumKeyLength) random"
            + " characters, the same on every node"
    )
}
