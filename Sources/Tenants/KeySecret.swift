import Crypto
import Foundation

/// The secret of an API key: `abk_` and 43 letters and digits, 256 random bits.
///
/// Only its hash is kept.
package enum KeySecret {
    /// What every secret begins with.
    package static let prefix = "abk_"
    /// How many of its first characters are kept so that people can recognise it.
    static let shownLength = 12

    private static let randomLength = 43
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Makes a secret that nobody can guess.
    static func generate() -> String {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<randomLength).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return prefix + String(decoding: characters, as: UTF8.self)
    }

    /// Whether a text has the form of a secret; what has not needs no look-up.
    package static func isWellFormed(_ secret: String) -> Bool {
        let bytes = secret.utf8
        return bytes.count == prefix.utf8.count + randomLength && bytes.starts(with: prefix.utf8)
            && bytes.dropFirst(prefix.utf8.count).allSatisfy(alphabet.contains)
    }

    /// The SHA-256 of the secret: what the table keeps and is searched by.
    ///
    /// No salt and no slow hash: a secret has 256 random bits and cannot be guessed from its hash.
    package static func hash(_ secret: String) -> [UInt8] {
        Array(SHA256.hash(data: Data(secret.utf8)))
    }
}
