import Jobs
package import Postgres
package import Values

/// Changing the price book of compute.
package enum PriceBookOperations {
    /// Puts a price into the book from an instant on, which may be past: reports of an earlier as-of stay.
    ///
    /// The same as is in force is no work.
    package static func put(
        _ draft: ComputePriceDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> ComputePrice {
        let price = ComputePrice(
            id: .make(at: stamp.recordedAt),
            model: draft.model,
            unit: draft.unit,
            price: draft.price,
            currency: draft.currency,
            from: draft.from ?? stamp.at,
            recordedAt: stamp.recordedAt
        )
        let book = try await PriceBookQueries.book(in: transaction)
        if let same = book.price(draft.unit, of: draft.model, at: price.from), same.model == draft.model,
            same.price == draft.price, same.currency == draft.currency,
            draft.from == nil || draft.from == same.from
        {
            return same
        }
        try await transaction.execute(PriceBookQueries.insert(price, by: stamp))
        try await Activity.record(
            "compute_price.put",
            object: price.id.text,
            tenant: nil,
            details: price.json,
            by: stamp,
            in: transaction
        )
        return price
    }
}
