package import Postgres
package import Values

/// Reading the seller's legal entities.
package enum LegalEntityQueries {
    /// One entity.
    package static func find(_ id: EntityID, in transaction: borrowing Transaction) async throws -> LegalEntity? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.legal_entities WHERE id = \(id)", entity)
    }

    /// One entity, held until the transaction ends.
    static func lock(_ id: EntityID, in transaction: borrowing Transaction) async throws -> LegalEntity? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.legal_entities WHERE id = \(id) FOR UPDATE",
            entity
        )
    }

    /// All entities in the order in which they were made.
    package static func list(in transaction: borrowing Transaction) async throws -> [LegalEntity] {
        try await transaction.query(
            "SELECT \(fragment: columns) FROM app.legal_entities ORDER BY recorded_at, id",
            entity
        )
    }

    /// The entity of tenants that name none: the first one made that is none of test mode.
    package static func findDefault(in transaction: borrowing Transaction) async throws -> LegalEntity? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.legal_entities WHERE NOT is_test ORDER BY recorded_at, id LIMIT 1",
            entity
        )
    }

    /// The entity of tenants in test mode, whose invoices are numbered apart.
    package static func findTest(in transaction: borrowing Transaction) async throws -> LegalEntity? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.legal_entities WHERE is_test ORDER BY recorded_at, id LIMIT 1",
            entity
        )
    }

    private static let columns: SQL = "id, name, country, currency, tax_id, address, country_from, created_at"

    static func insert(_ entity: LegalEntity, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.legal_entities (id, name, country, currency, tax_id, address, created_at, recorded_at)
        VALUES (\(entity.id), \(entity.name), \(entity.country), \(entity.currency), \(entity.taxID),
                \(entity.address), \(entity.createdAt), \(recordedAt))
        ON CONFLICT (name) DO NOTHING
        """
    }

    static func update(_ entity: LegalEntity) -> SQL {
        """
        UPDATE app.legal_entities
        SET name = \(entity.name), country = \(entity.country), tax_id = \(entity.taxID), address = \(entity.address),
            country_from = \(entity.countryFrom)
        WHERE id = \(entity.id)
        """
    }

    /// Keeps what an entity was before a change, for the documents from before: of several changes at one instant what
    /// was before the first.
    static func keep(_ entity: LegalEntity, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.former_legal_entities (legal_entity_id, replaced_at, name, country, tax_id, address, author)
        VALUES (\(entity.id), \(stamp.recordedAt), \(entity.name), \(entity.country), \(entity.taxID),
                \(entity.address), \(stamp.author))
        ON CONFLICT (legal_entity_id, replaced_at) DO NOTHING
        """
    }

    private static func entity(_ row: inout RowReader) throws -> LegalEntity {
        LegalEntity(
            id: try row.next(),
            name: try row.next(),
            country: try row.next(),
            currency: try row.next(),
            taxID: try row.next(),
            address: try row.next(),
            countryFrom: try row.next(),
            createdAt: try row.next()
        )
    }
}
