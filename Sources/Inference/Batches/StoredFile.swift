package import Values

extension Entities {
    /// A file of a tenant.
    package enum File: Entity { package static let prefix = "file" }
    /// A batch of requests.
    package enum Batch: Entity { package static let prefix = "batch" }
}

/// Names a file.
package typealias FileID = ID<Entities.File>
/// Names a batch.
package typealias BatchID = ID<Entities.Batch>

/// A file of a tenant, as OpenAI's clients know it.
package struct StoredFile: Hashable, Sendable {
    /// What a file is for.
    package enum Purpose: String, CaseIterable, Sendable {
        case batch
        case batchOutput = "batch_output"
    }

    package let id: FileID
    package let filename: String
    package let purpose: Purpose
    package let bytes: Int
    package let createdAt: Instant
    /// From when on its bytes are gone.
    package let expiresAt: Instant

    /// As OpenAI's clients read it.
    package var json: JSONValue {
        [
            "id": id.json, "object": "file", "bytes": .int(bytes), "created_at": .int(createdAt.seconds),
            "expires_at": .int(expiresAt.seconds), "filename": .string(filename), "purpose": .string(purpose.rawValue),
            "status": "processed",
        ]
    }
}

/// A file to be kept.
package struct FileDraft: Sendable {
    /// The largest file, in bytes.
    package static let limit = 100 << 20
    private static let retention: ClosedRange<Int> = 3600...2_592_000

    package let filename: String
    package let purpose: StoredFile.Purpose
    package let content: [UInt8]
    /// So long its bytes are kept.
    package let seconds: Int

    /// Takes a file that a tenant sends.
    ///
    /// `seconds`: an hour to 30 days; 30 days unless said otherwise.
    ///
    /// - Throws: The first field that is wrong.
    package init(filename: String, purpose: String, content: [UInt8], seconds: Int? = nil) throws(Problem) {
        guard purpose == StoredFile.Purpose.batch.rawValue else {
            throw .invalid("purpose", "is \(JSONValue.string(purpose).seen); files are kept for \"batch\"")
        }
        guard (1...255).contains(filename.unicodeScalars.count), !filename.utf8.contains(0) else {
            throw .invalid("file", "must have a name of 1 to 255 characters")
        }
        guard !content.isEmpty else { throw .invalid("file", "must not be empty") }
        if let seconds, !Self.retention.contains(seconds) {
            throw .invalid("expires_after.seconds", "is \(seconds); it must be from 3600 to 2592000")
        }
        self.filename = filename
        self.purpose = .batch
        self.content = content
        self.seconds = seconds ?? Self.retention.upperBound
    }

    /// A file that a batch writes.
    init(output: [UInt8], name: String) {
        filename = name
        purpose = .batchOutput
        content = output
        seconds = Self.retention.upperBound
    }
}
