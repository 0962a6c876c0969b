package import Postgres
package import Values

extension QuotaQueries {
    /// Which of some sources of many tenants grant anything that has not been taken back.
    ///
    /// `keys`: wire ids, each with whose it is.
    package static func sources(
        of keys: [(tenant: TenantID, source: String)],
        in transaction: borrowing Transaction
    ) async throws -> Set<String> {
        guard !keys.isEmpty else { return [] }
        return Set(
            try await transaction.query(
                """
                SELECT DISTINCT q.source
                FROM unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.source))::text[]) AS given (tenant_id, source)
                JOIN app.quotas q ON q.tenant_id = given.tenant_id AND q.source = given.source
                WHERE q.ended_at IS NULL
                """
            ) { row in try row.next() }
        )
    }
}
