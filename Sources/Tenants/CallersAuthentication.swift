package import Postgres
package import Values

extension Authentication {
    /// Looks up the keys of many requests at once, for what is done for many tenants together; sets no tenant.
    ///
    /// Runs in the scope `.ingest`.
    ///
    /// Returns who each comes from, in order; nil as for `begin`.
    package static func callers(
        secrets: [String],
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [Caller?] {
        let hashes = secrets.map { KeySecret.isWellFormed($0) ? KeySecret.hash($0) : [] }
        let distinct = Set(hashes).filter { !$0.isEmpty }
        let found: [([UInt8], Caller)] = try await transaction.query(
            """
            SELECT key_hash, key_id, tenant_id, staff_role, scopes, tenant_status, currency, time_zone,
                   spend_limit_minor, clock_at
            FROM app.find_callers(\(binary: .bytes(Array(distinct)))::bytea[], \(now)::timestamptz)
            """
        ) { row in (try row.bytes(), try caller(&row)) }
        let callers = Dictionary(uniqueKeysWithValues: found)
        return hashes.map { callers[$0] }
    }
}
