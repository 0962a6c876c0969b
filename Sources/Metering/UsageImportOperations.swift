package import Postgres
package import Values

/// Importing a file of events: how far it came is kept in the transaction that stores them, so that an import which was
/// interrupted goes on where it stopped, and counts nothing twice.
package enum UsageImportOperations {
    /// Where an import of a file stopped; nil if none began, or the last came to its end: it then begins anew, and finds
    /// duplicates.
    ///
    /// `hash`: the SHA-256 of the file and of how it is read.
    package static func unfinished(
        _ hash: [UInt8],
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> UsageImport? {
        try await transaction.first(
            """
            SELECT byte_offset, line, accepted, duplicate, conflict, rejected FROM app.usage_imports
            WHERE tenant_id = \(tenant) AND file_hash = \(hash)::bytea AND finished_at IS NULL
            """
        ) { row in
            UsageImport(
                byteOffset: try row.next(),
                line: try row.next(),
                counts: [
                    .accepted: try row.next(), .duplicate: try row.next(), .conflict: try row.next(),
                    .rejected: try row.next(),
                ]
            )
        }
    }

    /// Keeps how far an import has come.
    ///
    /// `finished`: whether that is the whole file.
    package static func keep(
        _ state: UsageImport,
        _ hash: [UInt8],
        of tenant: TenantID,
        finished: Bool,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO app.usage_imports (tenant_id, file_hash, byte_offset, line, accepted, duplicate, conflict,
                                           rejected, started_at, recorded_at, finished_at)
            VALUES (\(tenant), \(hash)::bytea, \(state.byteOffset), \(state.line), \(state.counts[.accepted] ?? 0),
                    \(state.counts[.duplicate] ?? 0), \(state.counts[.conflict] ?? 0),
                    \(state.counts[.rejected] ?? 0), \(instant), \(instant), \(finished ? instant : nil))
            ON CONFLICT (tenant_id, file_hash) DO UPDATE SET
                byte_offset = excluded.byte_offset, line = excluded.line, accepted = excluded.accepted,
                duplicate = excluded.duplicate, conflict = excluded.conflict, rejected = excluded.rejected,
                recorded_at = excluded.recorded_at, finished_at = excluded.finished_at
            """
        )
    }
}
