package import Postgres
package import Values

/// Reading members.
package enum MemberQueries {
    /// One member of a tenant, also a removed one.
    package static func find(
        _ id: MemberID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Member? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.members WHERE tenant_id = \(tenant) AND id = \(id)",
            member
        )
    }

    /// A tenant's members in the order of their ids; removed ones are left out.
    package static func list(
        of tenant: TenantID,
        limit: Int,
        after: MemberID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Member] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.members
            WHERE tenant_id = \(tenant) AND status = 'active' AND (\(after)::uuid IS NULL OR id > \(after))
            ORDER BY id LIMIT \(limit)
            """,
            member
        )
    }

    /// The active members with a role, held until the transaction ends.
    static func lock(
        role: MemberRole,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [Member] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.members
            WHERE tenant_id = \(tenant) AND role = \(role.rawValue) AND status = 'active' ORDER BY id FOR UPDATE
            """,
            member
        )
    }

    private static let columns: SQL = "tenant_id, id, email, role, status, created_at"

    static func insert(_ member: Member, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.members (tenant_id, id, email, role, status, created_at, recorded_at)
        VALUES (\(member.tenant), \(member.id), \(member.email), \(member.role.rawValue), \(member.status.rawValue),
                \(member.createdAt), \(recordedAt))
        ON CONFLICT (tenant_id, lower(email)) WHERE status = 'active' DO NOTHING
        """
    }

    static func update(_ id: MemberID, tenant: TenantID, role: MemberRole, status: MemberStatus) -> SQL {
        """
        UPDATE app.members SET role = \(role.rawValue), status = \(status.rawValue)
        WHERE tenant_id = \(tenant) AND id = \(id) AND status = 'active'
        """
    }

    private static func member(_ row: inout RowReader) throws -> Member {
        let tenant: TenantID = try row.next()
        let id: MemberID = try row.next()
        let email: String = try row.next()
        let role: String = try row.next()
        let status: String = try row.next()
        return Member(
            tenant: tenant,
            id: id,
            email: email,
            // The table's CHECKs have no other words.
            role: MemberRole(rawValue: role) ?? .viewer,
            status: MemberStatus(rawValue: status) ?? .removed,
            createdAt: try row.next()
        )
    }
}
