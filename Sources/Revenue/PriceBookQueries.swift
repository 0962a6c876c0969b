package import Postgres
package import Values

/// Reading the price book of compute.
package enum PriceBookQueries {
    /// The prices, those that begin last first.
    package static func list(
        model: String? = nil,
        limit: Int,
        after: ComputePriceID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [ComputePrice] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.compute_prices
            WHERE (\(model)::text IS NULL OR model = \(model)) AND (\(after)::uuid IS NULL OR id < \(after))
            ORDER BY id DESC LIMIT \(limit)
            """,
            price
        )
    }

    /// One price.
    package static func find(_ id: ComputePriceID, in transaction: borrowing Transaction) async throws -> ComputePrice?
    {
        try await transaction.first("SELECT \(fragment: columns) FROM app.compute_prices WHERE id = \(id)", price)
    }

    /// The book as it was known at an instant; nil is as it is.
    package static func book(asOf: Instant? = nil, in transaction: borrowing Transaction) async throws -> PriceBook {
        PriceBook(
            try await transaction.query(
                """
                SELECT \(fragment: columns) FROM app.compute_prices
                WHERE (\(asOf)::timestamptz IS NULL OR recorded_at <= \(asOf)) ORDER BY effective_at, recorded_at, id
                """,
                price
            )
        )
    }

    static func insert(_ price: ComputePrice, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.compute_prices (id, model, unit, currency, price, effective_at, recorded_at, author)
        VALUES (\(price.id), \(price.model), \(price.unit.rawValue), \(price.currency), \(price.price), \(price.from),
                \(stamp.recordedAt), \(stamp.author))
        """
    }

    private static let columns: SQL = "id, model, unit, currency, price, effective_at, recorded_at"

    private static func price(_ row: inout RowReader) throws -> ComputePrice {
        let id: ComputePriceID = try row.next()
        let model: String? = try row.next()
        let unit: String = try row.next()
        let currency: Currency = try row.next()
        return ComputePrice(
            id: id,
            model: model,
            unit: try CostQueries.word(unit),
            price: try row.next(),
            currency: currency,
            from: try row.next(),
            recordedAt: try row.next()
        )
    }
}
