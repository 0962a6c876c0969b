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

    /// Changes what is named.
    ///
    /// The caller sees to it that another country alters nothing that was invoiced.
    ///
    /// `countryFrom`: from when on another country decides on taxes; nil is always.
    ///
    /// - Throws: `TenantError.entityNotFound`, `TenantError.entityNameTaken`.
    package static func update(
        _ id: EntityID,
        _ changes: LegalEntityChanges,
        countryFrom: Instant?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> LegalEntity {
        guard let entity = try await LegalEntityQueries.lock(id, in: transaction) else {
            throw TenantError.entityNotFound(id)
        }
        let isMoved = changes.country != nil && changes.country != entity.country
        let changed = LegalEntity(
            id: id,
            name: changes.name ?? entity.name,
            country: changes.country ?? entity.country,
            currency: entity.currency,
            taxID: changes.taxID.applied(to: entity.taxID),
            address: changes.address ?? entity.address,
            countryFrom: isMoved ? countryFrom : entity.countryFrom,
            createdAt: entity.createdAt
        )
        guard changed != entity else { return entity }
        do {
            try await transaction.execute(LegalEntityQueries.update(changed))
            try await transaction.execute(LegalEntityQueries.keep(entity, by: stamp))
        } catch let error as PostgresError where error.isUniqueViolation {
            throw TenantError.entityNameTaken(changed.name)
        }
        try await Activity.record(
            "legal_entity.updated",
            object: id.text,
            tenant: nil,
            details: changed.json,
            by: stamp,
            in: transaction
        )
        return changed
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

    /// The entity of tenants in test mode, made if there is none.
    static func ensureTest(by stamp: Stamp, in transaction: borrowing Transaction) async throws -> LegalEntity {
        if let entity = try await LegalEntityQueries.findTest(in: transaction) { return entity }
        let draft = try LegalEntityDraft(name: LegalEntity.testName)
        // Whoever was a moment faster has made it.
        _ = try await insert(draft, by: stamp, in: transaction)
        try await transaction.execute(
            "UPDATE app.legal_entities SET is_test = true WHERE name = \(LegalEntity.testName)"
        )
        guard let entity = try await LegalEntityQueries.findTest(in: transaction) else {
            throw TenantError.entityNameTaken(LegalEntity.testName)
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
            taxID: draft.taxID,
            address: draft.address,
            countryFrom: nil,
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
