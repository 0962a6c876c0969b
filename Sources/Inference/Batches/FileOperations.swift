import Jobs
package import Postgres
package import Values

/// Keeping, reading and deleting files of tenants.
package enum FileOperations {
    private static let chunkBytes = 1 << 20

    /// Keeps a file.
    package static func create(
        _ draft: FileDraft,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> StoredFile {
        let file = StoredFile(
            id: .make(at: stamp.recordedAt),
            filename: draft.filename,
            purpose: draft.purpose,
            bytes: draft.content.count,
            createdAt: stamp.recordedAt,
            expiresAt: stamp.recordedAt.adding(seconds: Int64(draft.seconds))
        )
        try await transaction.execute(FileQueries.insert(file, of: tenant, by: stamp))
        for (position, start) in stride(from: 0, to: draft.content.count, by: chunkBytes).enumerated() {
            let chunk = Array(draft.content[start..<min(start + chunkBytes, draft.content.count)])
            try await transaction.execute(FileQueries.insert(chunk, at: position, of: file.id, of: tenant))
        }
        try await Activity.record(
            "file.created",
            object: file.id.text,
            tenant: tenant,
            details: ["bytes": .int(file.bytes), "purpose": .string(file.purpose.rawValue)],
            by: stamp,
            in: transaction
        )
        return file
    }

    /// Deletes a file: its bytes go, what was recorded of it stays.
    ///
    /// - Throws: the tenant has no such file.
    package static func remove(
        _ id: FileID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let written = try await transaction.batch([
            FileQueries.remove(id, of: tenant, at: stamp.recordedAt), FileQueries.removeChunks(id, of: tenant),
        ])
        guard written[0] == 1 else { throw Problem.notFound("file", id.text) }
        try await Activity.record(
            "file.removed",
            object: id.text,
            tenant: tenant,
            details: [:],
            by: stamp,
            in: transaction
        )
    }

    /// A file that is there.
    ///
    /// - Throws: the tenant has no such file, or it is past its retention.
    package static func require(
        _ id: FileID,
        of tenant: TenantID,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> StoredFile {
        let file = try await FileQueries.find(id, of: tenant, at: now, in: transaction)
        guard let file else { throw Problem.notFound("file", id.text) }
        return file
    }
}
