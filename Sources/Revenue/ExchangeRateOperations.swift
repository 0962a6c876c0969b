import Jobs
package import Postgres
package import Values

/// Entering rates of exchange.
package enum ExchangeRateOperations {
    /// Enters what one of a currency is worth in another from a day on, which may be past: reports of an earlier as-of
    /// stay.
    ///
    /// The same as was said last of the pair and day is no work.
    package static func put(
        _ draft: ExchangeRateDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> ExchangeRate {
        let day = draft.day ?? Zone.utc.date(of: stamp.at)
        if let same = try await ExchangeRateQueries.latest(draft, on: day, in: transaction),
            same.rate == draft.rate, same.source == draft.source
        {
            return same
        }
        let rate = ExchangeRate(
            id: .make(at: stamp.recordedAt),
            from: draft.from,
            to: draft.to,
            rate: draft.rate,
            day: day,
            source: draft.source,
            recordedAt: stamp.recordedAt
        )
        try await transaction.execute(ExchangeRateQueries.insert(rate, by: stamp))
        try await Activity.record(
            "exchange_rate.put",
            object: rate.id.text,
            tenant: nil,
            details: rate.json,
            by: stamp,
            in: transaction
        )
        return rate
    }
}
