import Jobs
package import Postgres
package import Values

/// Making the seller's legal entities.
package enum LegalEntityOperations {
    /// Makes an entity.
    ///
    /// - Throws: `TenantError.entityNameTaken` if another has the name.
    @discardableResult
    package static func create(
        _ draft: LegalEntityDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> LegalEntity {
        guard let entity = try await insert(draft, by: stamp, in: transaction) else {
            throw TenantError.entityNameTaken(draft.name)
        }
        return entity
    }

    /// The default entity, made if there is none; of several that try at once one makes it.
    package static func ensureDefault(
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> LegalEntity {
        if let entity = try await LegalEntityQueries.findDefault(in: transaction) { return entity }
        let draft = try LegalEntityDraft(name: LegalEntity.defaultName)
        if let entity = try await insert(draft, by: stamp, in: transaction) { return entity }
        guard let entity = try await LegalEntityQueries.findDefault(in: transaction) else {
            throw TenantError.entityNameTaken(LegalEntity.defaultName)
        }
        return entity
    }

    private static func insert(
        _ draft: LegalEntityDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> LegalEntity? {
        let entity = LegalEntity(
            id: .make(at: stamp.recordedAt),
            name: draft.name,
            country: draft.country,
            currency: draft.currency,
            createdAt: stamp.at
        )
        let written = try await transaction.execute(LegalEntityQueries.insert(entity, recordedAt: stamp.recordedAt))
        guard written == 1 else { return nil }
        try await Activity.record(
            "legal_entity.created",
            object: entity.id.text,
            tenant: nil,
            details: entity.json,
            by: stamp,
            in: transaction
        )
        return entity
    }
}
