package import Postgres
package import Values

/// Reading rates of exchange.
package enum ExchangeRateQueries {
    /// The rates, what was written last first.
    ///
    /// `currency`: only those from or to it.
    package static func list(
        currency: Currency? = nil,
        limit: Int,
        after: ExchangeRateID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [ExchangeRate] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.exchange_rates
            WHERE (\(currency)::text IS NULL OR from_currency = \(currency) OR to_currency = \(currency))
              AND (\(after)::uuid IS NULL OR id < \(after))
            ORDER BY id DESC LIMIT \(limit)
            """,
            rate
        )
    }

    /// The rates from and to a currency, as they were known at an instant.
    static func terms(
        to currency: Currency,
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> ExchangeTerms {
        ExchangeTerms(
            to: currency,
            try await transaction.query(
                """
                SELECT \(fragment: columns) FROM app.exchange_rates
                WHERE recorded_at <= \(asOf) AND (from_currency = \(currency) OR to_currency = \(currency))
                ORDER BY day, recorded_at, id
                """,
                rate
            )
        )
    }

    /// The latest word on a pair and day.
    static func latest(
        _ draft: ExchangeRateDraft,
        on day: CalendarDate,
        in transaction: borrowing Transaction
    ) async throws -> ExchangeRate? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.exchange_rates
            WHERE from_currency = \(draft.from) AND to_currency = \(draft.to) AND day = \(day)
            ORDER BY recorded_at DESC, id DESC LIMIT 1
            """,
            rate
        )
    }

    static func insert(_ rate: ExchangeRate, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.exchange_rates (id, from_currency, to_currency, rate, day, source, recorded_at, author)
        VALUES (\(rate.id), \(rate.from), \(rate.to), \(rate.rate), \(rate.day), \(rate.source),
                \(stamp.recordedAt), \(stamp.author))
        """
    }

    private static let columns: SQL = "id, from_currency, to_currency, rate, day, source, recorded_at"

    private static func rate(_ row: inout RowReader) throws -> ExchangeRate {
        ExchangeRate(
            id: try row.next(),
            from: try row.next(),
            to: try row.next(),
            rate: try row.next(),
            day: try row.next(),
            source: try row.next(),
            recordedAt: try row.next()
        )
    }
}
