package import Postgres
package import Values

/// Reading the seller's legal entities.
package enum LegalEntityQueries {
    /// One entity.
    package static func find(_ id: EntityID, in transaction: borrowing Transaction) async throws -> LegalEntity? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.legal_entities WHERE id = \(id)", entity)
    }

    /// All entities in the order in which they were made.
    package static func list(in transaction: borrowing Transaction) async throws -> [LegalEntity] {
        try await transaction.query(
            "SELECT \(fragment: columns) FROM app.legal_entities ORDER BY recorded_at, id",
            entity
        )
    }

    /// The entity of tenants that name none: the first one made.
    package static func findDefault(in transaction: borrowing Transaction) async throws -> LegalEntity? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.legal_entities ORDER BY recorded_at, id LIMIT 1",
            entity
        )
    }

    private static let columns: SQL = "id, name, country, currency, created_at"

    static func insert(_ entity: LegalEntity, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.legal_entities (id, name, country, currency, created_at, recorded_at)
        VALUES (\(entity.id), \(entity.name), \(entity.country), \(entity.currency), \(entity.createdAt),
                \(recordedAt))
        ON CONFLICT (name) DO NOTHING
        """
    }

    private static func entity(_ row: inout RowReader) throws -> LegalEntity {
        LegalEntity(
            id: try row.next(),
            name: try row.next(),
            country: try row.next(),
            currency: try row.next(),
            createdAt: try row.next()
        )
    }
}
