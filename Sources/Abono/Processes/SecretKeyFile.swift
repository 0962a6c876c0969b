import Foundation
import Tenants
import Values

/// The secret key of a private database, in a file of its home that only its owner may read.
///
/// It is not in backups: whoever restores one elsewhere takes this file along, or sets ABONO_SECRET_KEY to its text.
struct SecretKeyFile: Sendable {
    /// Where it is.
    let path: String

    init(home: String) { path = URL(fileURLWithPath: home).standardizedFileURL.path + "/secret.key" }

    /// The key's text; the file is made on first use, whole or not at all, and never written again.
    func readOrMake() throws(Problem) -> String {
        if let text = try read() { return text }
        let fresh = path + ".\(getpid()).new"
        let text = SecretBox.generateKey() + "\n"
        let file = unsafe open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw unusable("cannot be made") }
        defer { unsafe unlink(fresh) }
        let bytes = Array(text.utf8)
        let count = unsafe bytes.withUnsafeBytes { bytes in unsafe write(file, bytes.baseAddress, bytes.count) }
        let isKept = fsync(file) == 0
        close(file)
        guard count == bytes.count, isKept else { throw unusable("cannot be written") }
        // Another command may have been first: then its key is the one.
        guard unsafe link(fresh, path) == 0 || errno == EEXIST else { throw unusable("cannot be made") }
        guard let kept = try read() else { throw unusable("cannot be read") }
        return kept
    }

    /// Who beside the owner may read or write it; nil if there is no file.
    var isPrivate: Bool? {
        let mode = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        return mode.map { $0 & 0o077 == 0 }
    }

    private func read() throws(Problem) -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else {
            throw unusable("cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func unusable(_ what: String) -> Problem {
        Problem(
            .precondition,
            code: "secret_key_unusable",
            "the file of the secret key, \(path), \(what); give it to this user, or set ABONO_SECRET_KEY"
        )
    }
}
