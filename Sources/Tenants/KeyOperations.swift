import Jobs
package import Postgres
package import Values

/// Making and revoking keys.
package enum KeyOperations {
    /// The most keys of a tenant that are not revoked.
    package static let limit = 500

    /// Makes a tenant's key.
    ///
    /// The secret is returned once and kept nowhere.
    ///
    /// `held`: the scopes of the key that asks, if a key does: it cannot give more than it has.
    package static func create(
        _ draft: KeyDraft,
        for tenant: TenantID,
        within held: Set<KeyScope>? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (key: APIKey, secret: String) {
        if let held, let missing = KeyScope.allCases.first(where: { draft.scopes.contains($0) && !held.contains($0) }) {
            throw TenantError.scopeNotHeld(missing)
        }
        guard let owner = try await TenantQueries.find(tenant, in: transaction) else {
            throw TenantError.notFound(tenant)
        }
        guard owner.status != .closed else { throw TenantError.notChangeable(tenant, status: .closed) }
        guard try await KeyQueries.count(of: tenant, in: transaction) < limit else {
            throw TenantError.tooManyKeys(limit: limit)
        }
        let scopes = KeyScope.allCases.filter(draft.scopes.contains)
        return try await insert(draft, owner: .tenant(tenant), scopes: scopes, by: stamp, in: transaction)
    }

    /// Makes a staff key.
    ///
    /// The secret is returned once and kept nowhere.
    package static func createStaff(
        _ draft: KeyDraft,
        role: StaffRole,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (key: APIKey, secret: String) {
        try await insert(draft, owner: .staff(role), scopes: [], by: stamp, in: transaction)
    }

    /// Revokes a key: the next request that comes with it is refused.
    ///
    /// Revoking it again is no work.
    ///
    /// `tenant`: whose key it must be; nil is any, for staff.
    @discardableResult
    package static func revoke(
        _ id: KeyID,
        of tenant: TenantID? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> APIKey {
        guard let key = try await KeyQueries.find(id, in: transaction), tenant == nil || key.tenant == tenant else {
            throw TenantError.keyNotFound(id)
        }
        guard try await transaction.execute(KeyQueries.revoke(id, at: stamp.recordedAt)) == 1 else { return key }
        try await Activity.record(
            "key.revoked",
            object: id.text,
            tenant: key.tenant,
            details: ["name": .string(key.name)],
            by: stamp,
            in: transaction
        )
        return try await KeyQueries.find(id, in: transaction) ?? key
    }

    /// Notes when keys were used last; the caller gathers uses for some seconds.
    ///
    /// An older use than the one noted is left out.
    package static func recordUse(
        _ uses: [(key: KeyID, at: Instant)],
        in transaction: borrowing Transaction
    ) async throws {
        var latest: [KeyID: Instant] = [:]
        for use in uses { latest[use.key] = max(use.at, latest[use.key] ?? use.at) }
        guard !latest.isEmpty else { return }
        let ordered = latest.sorted { $0.key < $1.key }
        try await transaction.execute(KeyQueries.recordUse(ordered.map(\.key), ordered.map(\.value)))
    }

    private static func insert(
        _ draft: KeyDraft,
        owner: APIKey.Owner,
        scopes: [KeyScope],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (key: APIKey, secret: String) {
        if let expiresAt = draft.expiresAt, expiresAt <= stamp.recordedAt {
            throw TenantError.expiresInPast(expiresAt)
        }
        let secret = KeySecret.generate()
        let key = APIKey(
            id: .make(at: stamp.recordedAt),
            owner: owner,
            name: draft.name,
            prefix: String(secret.prefix(KeySecret.shownLength)),
            scopes: scopes,
            expiresAt: draft.expiresAt,
            lastUsedAt: nil,
            revokedAt: nil,
            createdAt: stamp.at
        )
        try await transaction.execute(
            KeyQueries.insert(key, hash: KeySecret.hash(secret), recordedAt: stamp.recordedAt)
        )
        try await Activity.record(
            "key.created",
            object: key.id.text,
            tenant: key.tenant,
            details: key.json,
            by: stamp,
            in: transaction
        )
        return (key, secret)
    }
}
