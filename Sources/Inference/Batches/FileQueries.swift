import Jobs
package import Postgres
package import Values

/// Reading files of tenants, and the statements that write them.
package enum FileQueries {
    /// One file, unless it was deleted or is past its retention.
    package static func find(
        _ id: FileID,
        of tenant: TenantID,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> StoredFile? {
        try await transaction.first(
            """
            \(fragment: select)
            WHERE tenant_id = \(tenant) AND id = \(id) AND removed_at IS NULL AND expires_at > \(now)
            """,
            file
        )
    }

    /// A tenant's files, the newest first.
    ///
    /// `before`: the last id of the page before.
    package static func list(
        of tenant: TenantID,
        purpose: StoredFile.Purpose?,
        limit: Int,
        before: FileID?,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [StoredFile] {
        try await transaction.query(
            """
            \(fragment: select)
            WHERE tenant_id = \(tenant) AND removed_at IS NULL AND expires_at > \(now)
              AND (\(before)::uuid IS NULL OR id < \(before))
              AND (\(purpose?.rawValue)::text IS NULL OR purpose = \(purpose?.rawValue))
            ORDER BY id DESC LIMIT \(limit)
            """,
            file
        )
    }

    /// A file's bytes.
    package static func content(
        _ id: FileID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [UInt8] {
        let chunks = try await transaction.query(
            """
            SELECT content FROM app.file_chunks WHERE tenant_id = \(tenant) AND file_id = \(id) ORDER BY position
            """
        ) { row in try row.bytes() }
        return Array(chunks.joined())
    }

    static func insert(_ file: StoredFile, of tenant: TenantID, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.files (tenant_id, id, filename, purpose, bytes, created_at, expires_at, recorded_at, author)
        VALUES (\(tenant), \(file.id), \(file.filename), \(file.purpose.rawValue), \(file.bytes), \(file.createdAt),
                \(file.expiresAt), \(stamp.recordedAt), \(stamp.author))
        """
    }

    static func insert(_ chunk: [UInt8], at position: Int, of file: FileID, of tenant: TenantID) -> SQL {
        """
        INSERT INTO app.file_chunks (tenant_id, file_id, position, content)
        VALUES (\(tenant), \(file), \(position), \(chunk))
        """
    }

    static func remove(_ id: FileID, of tenant: TenantID, at now: Instant) -> SQL {
        """
        UPDATE app.files SET removed_at = \(now)
        WHERE tenant_id = \(tenant) AND id = \(id) AND removed_at IS NULL AND expires_at > \(now)
        """
    }

    static func removeChunks(_ id: FileID, of tenant: TenantID) -> SQL {
        "DELETE FROM app.file_chunks WHERE tenant_id = \(tenant) AND file_id = \(id)"
    }

    /// Takes the bytes of files away that are past their retention.
    static func forget(at now: Instant) -> [SQL] {
        [
            """
            DELETE FROM app.file_chunks c USING app.files f
            WHERE f.tenant_id = c.tenant_id AND f.id = c.file_id AND f.removed_at IS NULL AND f.expires_at <= \(now)
            """,
            "UPDATE app.files SET removed_at = expires_at WHERE removed_at IS NULL AND expires_at <= \(now)",
        ]
    }

    private static let select: SQL =
        "SELECT id, filename, purpose, bytes, created_at, expires_at FROM app.files"

    private static func file(_ row: inout RowReader) throws -> StoredFile {
        StoredFile(
            id: try row.next(),
            filename: try row.next(),
            // The table's CHECK has no other words.
            purpose: StoredFile.Purpose(rawValue: try row.next()) ?? .batch,
            bytes: try row.next(),
            createdAt: try row.next(),
            expiresAt: try row.next()
        )
    }
}
