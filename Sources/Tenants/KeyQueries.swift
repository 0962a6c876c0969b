package import Postgres
package import Values

/// Reading keys; a secret's hash is never read.
package enum KeyQueries {
    /// One key of any owner that the scope may see.
    package static func find(_ id: KeyID, in transaction: borrowing Transaction) async throws -> APIKey? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.api_keys WHERE key_id = \(id)", key)
    }

    /// A tenant's keys in the order of their ids, revoked ones too.
    package static func list(
        of tenant: TenantID,
        limit: Int,
        after: KeyID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [APIKey] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.api_keys
            WHERE tenant_id = \(tenant) AND (\(after)::uuid IS NULL OR key_id > \(after))
            ORDER BY key_id LIMIT \(limit)
            """,
            key
        )
    }

    /// The staff keys in the order of their ids, revoked ones too.
    package static func listStaff(
        limit: Int,
        after: KeyID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [APIKey] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.api_keys
            WHERE tenant_id IS NULL AND (\(after)::uuid IS NULL OR key_id > \(after))
            ORDER BY key_id LIMIT \(limit)
            """,
            key
        )
    }

    /// How many keys of a tenant are not revoked.
    static func count(of tenant: TenantID, in transaction: borrowing Transaction) async throws -> Int {
        let count: Int? = try await transaction.first(
            "SELECT count(key_id) FROM app.api_keys WHERE tenant_id = \(tenant) AND revoked_at IS NULL"
        ) { row in try row.next() }
        return count ?? 0
    }

    private static let columns: SQL =
        "key_id, tenant_id, staff_role, name, prefix, scopes, expires_at, last_used_at, revoked_at, created_at"

    static func insert(_ key: APIKey, hash: [UInt8], recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.api_keys (key_hash, key_id, tenant_id, staff_role, name, prefix, scopes, expires_at,
                                  last_used_at, revoked_at, created_at, recorded_at)
        VALUES (\(hash), \(key.id), \(key.tenant), \(key.staffRole?.rawValue), \(key.name), \(key.prefix),
                \(key.scopes.map(\.rawValue)), \(key.expiresAt), NULL, NULL, \(key.createdAt), \(recordedAt))
        """
    }

    static func revoke(_ id: KeyID, at instant: Instant) -> SQL {
        "UPDATE app.api_keys SET revoked_at = \(instant) WHERE key_id = \(id) AND revoked_at IS NULL"
    }

    /// Keys are locked in one order, so that two nodes that report the same ones do not deadlock.
    static func recordUse(_ ids: [KeyID], _ instants: [Instant]) -> SQL {
        """
        WITH used AS (
            SELECT k.key_id, given.at
            FROM unnest(\(ids)::uuid[], \(instants)::timestamptz[]) AS given (key_id, at)
            JOIN app.api_keys k ON k.key_id = given.key_id
            WHERE k.last_used_at IS NULL OR k.last_used_at < given.at
            ORDER BY k.key_id FOR UPDATE OF k
        )
        UPDATE app.api_keys k SET last_used_at = used.at FROM used WHERE k.key_id = used.key_id
        """
    }

    private static func key(_ row: inout RowReader) throws -> APIKey {
        let id: KeyID = try row.next()
        let tenant: TenantID? = try row.next()
        let role: String? = try row.next()
        let name: String = try row.next()
        let prefix: String = try row.next()
        let scopes: [String] = try row.next()
        // The table holds that exactly one of the two is there, and a role of the closed set; support may do least.
        let staff = role.map { StaffRole(rawValue: $0) ?? .support } ?? .support
        return APIKey(
            id: id,
            owner: tenant.map(APIKey.Owner.tenant) ?? .staff(staff),
            name: name,
            prefix: prefix,
            scopes: scopes.compactMap(KeyScope.init(rawValue:)),
            expiresAt: try row.next(),
            lastUsedAt: try row.next(),
            revokedAt: try row.next(),
            createdAt: try row.next()
        )
    }
}
