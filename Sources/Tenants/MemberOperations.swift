import Jobs
package import Postgres
package import Values

/// Adding, changing and removing members.
package enum MemberOperations {
    /// Adds a member; one that was removed may be added again.
    ///
    /// - Throws: `TenantError.memberExists` if the address belongs to a member, in whatever case it is written.
    @discardableResult
    package static func add(
        _ draft: MemberDraft,
        to tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Member {
        let member = Member(
            tenant: tenant,
            id: .make(at: stamp.recordedAt),
            email: draft.email,
            role: draft.role,
            status: .active,
            createdAt: stamp.at
        )
        let written = try await transaction.execute(MemberQueries.insert(member, recordedAt: stamp.recordedAt))
        guard written == 1 else { throw TenantError.memberExists(draft.email) }
        try await Activity.record(
            "member.added",
            object: member.id.text,
            tenant: tenant,
            details: member.json,
            by: stamp,
            in: transaction
        )
        return member
    }

    /// Gives a member another role.
    package static func setRole(
        _ role: MemberRole,
        of id: MemberID,
        tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let member = try await active(id, tenant: tenant, in: transaction)
        guard member.role != role else { return }
        if member.role == .owner { try await requireAnotherOwner(than: id, tenant: tenant, in: transaction) }
        try await transaction.execute(MemberQueries.update(id, tenant: tenant, role: role, status: .active))
        try await Activity.record(
            "member.role_changed",
            object: id.text,
            tenant: tenant,
            details: ["from": .string(member.role.rawValue), "to": .string(role.rawValue)],
            by: stamp,
            in: transaction
        )
    }

    /// Removes a member; the row stays.
    package static func remove(
        _ id: MemberID,
        tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let member = try await active(id, tenant: tenant, in: transaction)
        if member.role == .owner { try await requireAnotherOwner(than: id, tenant: tenant, in: transaction) }
        try await transaction.execute(MemberQueries.update(id, tenant: tenant, role: member.role, status: .removed))
        try await Activity.record(
            "member.removed",
            object: id.text,
            tenant: tenant,
            details: member.json,
            by: stamp,
            in: transaction
        )
    }

    private static func active(
        _ id: MemberID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Member {
        guard let member = try await MemberQueries.find(id, tenant: tenant, in: transaction),
            member.status == .active
        else { throw TenantError.memberNotFound(id) }
        return member
    }

    /// Locks all owners, so that two who leave at once do not both think that the other stays.
    private static func requireAnotherOwner(
        than id: MemberID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws {
        let owners = try await MemberQueries.lock(role: .owner, of: tenant, in: transaction)
        guard owners.contains(where: { $0.id != id }) else { throw TenantError.lastOwner(id) }
    }
}
