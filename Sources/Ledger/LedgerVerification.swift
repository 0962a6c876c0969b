package import Postgres
import Values

/// Recomputes everything the ledger holds: for `.finance` in one snapshot.
package enum LedgerVerification {
    /// How many rows are held at a time.
    private static let pageSize = 2000

    /// Reads every journal of every tenant, adds all of them up, and compares with what SQL says.
    ///
    /// - Returns: the audit, whose findings are empty if the books are sound.
    package static func verify(
        asOf: LedgerAsOf = LedgerAsOf(),
        in transaction: borrowing Transaction
    ) async throws -> LedgerAudit {
        var audit = LedgerAudit()
        var last: (tenant: TenantID, id: JournalID)?
        while true {
            let rows = try await transaction.query(
                LedgerQueries.page(after: last, asOf: asOf, limit: pageSize)
            ) { row in
                LedgerAudit.Row(
                    tenant: try row.next(),
                    id: try row.next(),
                    currency: try row.next(),
                    accounts: try row.next(),
                    amounts: try row.next(),
                    key: try row.next(),
                    reverses: try row.next()
                )
            }
            for row in rows { audit.add(row) }
            guard rows.count == pageSize, let end = rows.last else { break }
            last = (end.tenant, end.id)
        }
        audit.compare(with: try await LedgerQueries.trialBalance(asOf: asOf, in: transaction))
        return audit
    }
}
