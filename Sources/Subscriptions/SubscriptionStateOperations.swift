import Metering
import Postgres
import Values

/// Writing what follows from a subscription's changes; the caller holds the lock on its row.
enum SubscriptionStateOperations {
    /// Writes phases, priced meters and allowances, as far as they differ from what is there.
    ///
    /// `reached`: the instant that the state is of.
    ///
    /// Throws `SubscriptionError.meterPriced` if another subscription prices a meter at the same time.
    static func write(
        _ state: SubscriptionState,
        reached: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let subscription = state.subscription
        let stored = try await transaction.results([
            SubscriptionStateQueries.phases(of: subscription.id, subscription.tenant),
            SubscriptionStateQueries.meters(of: subscription.id, subscription.tenant),
        ])
        guard let phaseRows = stored.first, let meterRows = stored.last else { return }
        let phases = try Transaction.decode(phaseRows, SubscriptionStateQueries.phase)
        let meters = try Transaction.decode(meterRows, SubscriptionStateQueries.meter)
        try await transaction.batch(statements(from: phases, to: state, at: stamp.recordedAt))
        try await write(meters: meters, to: state, at: stamp.recordedAt, in: transaction)
        var reachedStamp = stamp
        reachedStamp.at = reached
        try await QuotaOperations.replace(
            tenant: subscription.tenant,
            source: subscription.id.text,
            rows: state.quotas,
            by: reachedStamp,
            in: transaction
        )
    }

    /// What is no more is emptied before what is new is written, so that no two overlap in between.
    private static func statements(
        from old: [SubscriptionPhase],
        to state: SubscriptionState,
        at recordedAt: Instant
    ) -> [SQL] {
        let gone = Set(old).subtracting(state.phases).sorted { $0.start < $1.start }
        let new = Set(state.phases).subtracting(old).sorted { $0.start < $1.start }
        var statements: [SQL] = []
        if !gone.isEmpty {
            statements.append(
                SubscriptionStateQueries.emptyPhases(gone, of: state.subscription, at: recordedAt)
            )
        }
        if !new.isEmpty {
            statements.append(SubscriptionStateQueries.write(new, of: state.subscription, at: recordedAt))
        }
        return statements
    }

    private static func write(
        meters old: [MeterStretch],
        to state: SubscriptionState,
        at recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        let subscription = state.subscription
        let gone = Array(Set(old).subtracting(state.meters))
        let new = Array(Set(state.meters).subtracting(old))
        if !gone.isEmpty {
            try await transaction.execute(
                SubscriptionStateQueries.emptyMeters(gone, of: subscription, at: recordedAt)
            )
        }
        guard !new.isEmpty else { return }
        do {
            _ = try await transaction.savepoint {
                try await transaction.execute(SubscriptionStateQueries.write(new, of: subscription, at: recordedAt))
            }
        } catch let error as PostgresError where error.isExclusionViolation {
            let other: (String, SubscriptionID)? = try await transaction.first(
                SubscriptionStateQueries.otherPricing(new, than: subscription)
            ) { row in (try row.next(), try row.next()) }
            guard let (meter, id) = other else { throw error }
            throw SubscriptionError.meterPriced(meter, by: id)
        }
    }
}
