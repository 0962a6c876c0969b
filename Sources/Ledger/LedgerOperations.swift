package import Postgres
package import Values

/// Writes to the books.
///
/// Whoever posts records the act that caused it; a journal names its author itself.
package enum LedgerOperations {
    /// How many journals go to the database in one statement.
    private static let batchSize = 500

    private struct PostingKey: Hashable {
        let tenant: TenantID
        let key: String
    }

    /// Posts journals; one whose key is already posted with the same content is left as it is.
    ///
    /// - Returns: how many are new.
    /// - Throws: `LedgerError.keyTaken` if a key is posted with other content.
    @discardableResult
    package static func post(
        _ journals: [Journal],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        // In the order of their keys, so that two writers of the same keys wait for each other and do not deadlock.
        let ordered = journals.sorted { ($0.tenant, $0.key) < ($1.tenant, $1.key) }
        var posted = 0
        var rest = ordered[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(batchSize))
            rest = rest.dropFirst(batchSize)
            let new: [PostingKey] = try await transaction.query(LedgerQueries.insert(batch, by: stamp)) { row in
                PostingKey(tenant: try row.next(), key: try row.next())
            }
            posted += new.count
            guard new.count < batch.count else { continue }
            // Of two with one key in a batch only the first can be new.
            var unclaimed = Set(new)
            for journal in batch where unclaimed.remove(PostingKey(tenant: journal.tenant, key: journal.key)) == nil {
                try await requireSame(journal, in: transaction)
            }
        }
        return posted
    }

    /// Takes a journal back with another that has all amounts the other way round.
    @discardableResult
    package static func reverse(
        _ id: JournalID,
        tenant: TenantID,
        key: String,
        memo: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Journal {
        guard let original = try await LedgerQueries.find(id, tenant: tenant, in: transaction) else {
            throw LedgerError.notFound(id)
        }
        let reversal = try original.journal.reversed(
            id: .make(at: stamp.recordedAt),
            at: stamp.at,
            key: key,
            memo: memo
        )
        try await post([reversal], by: stamp, in: transaction)
        return reversal
    }

    private static func requireSame(_ journal: Journal, in transaction: borrowing Transaction) async throws {
        let existing = try await LedgerQueries.find(keys: [journal.key], tenant: journal.tenant, in: transaction).first
        guard let existing, existing.journal.hasContent(of: journal) else {
            throw LedgerError.keyTaken(key: journal.key, by: existing?.journal.id ?? journal.id)
        }
    }
}
