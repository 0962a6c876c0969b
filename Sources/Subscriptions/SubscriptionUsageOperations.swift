package import Metering
package import Postgres
package import Values

/// Storing usage that may name the subscription that it is of.
package enum SubscriptionUsageOperations {
    /// Stores events as `MeteringOperations.ingest` does, but for those that name a subscription that their tenant does
    /// not have: nobody would bill them, so that they are rejected by that field.
    ///
    /// Of a batch in which no event names a subscription nothing is asked.
    package static func ingest(
        _ events: [(tenant: TenantID, event: UsageEvent)],
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [IngestOutcome] {
        let unknown = try await unknown(in: events, transaction)
        guard !unknown.isEmpty else {
            return try await MeteringOperations.ingest(events, recordedAt: recordedAt, in: transaction)
        }
        let rest = events.filter { !unknown.contains(Key($0.tenant, $0.event)) }
        var answered = try await MeteringOperations.ingest(rest, recordedAt: recordedAt, in: transaction)[...]
        return events.compactMap { tenant, event in
            guard unknown.contains(Key(tenant, event)), let named = event.subscription else {
                return answered.popFirst()
            }
            return IngestOutcome(id: event.id, rejected: problem(named))
        }
    }

    /// Stores what a caller sent for one tenant; what could not be read as an event is answered as rejected.
    package static func ingest(
        _ inputs: [UsageInput],
        for tenant: TenantID,
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [IngestOutcome] {
        let events = inputs.compactMap(\.event).map { (tenant: tenant, event: $0) }
        return UsageInput.merge(inputs, try await ingest(events, recordedAt: recordedAt, in: transaction))
    }

    /// Amends an event as `MeteringOperations.amend` does, but not to a subscription that the tenant does not have.
    @discardableResult
    package static func amend(
        _ eventID: String,
        of tenant: TenantID,
        with amendment: UsageAmendment,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> StoredEvent {
        let stored = try await MeteringOperations.amend(
            eventID,
            of: tenant,
            with: amendment,
            by: stamp,
            in: transaction
        )
        guard let named = stored.event.subscription,
            named != stored.revisions.dropLast().last?.event.subscription,
            try await !unknown(in: [(tenant: tenant, event: stored.event)], transaction).isEmpty
        else { return stored }
        throw problem(named)
    }

    private static func problem(_ id: SubscriptionID) -> Problem {
        .invalid("subscription", "the tenant has no subscription \(id); leave it out, or name one that there is")
    }

    /// A subscription as events name it.
    private struct Key: Hashable {
        let tenant: TenantID
        let subscription: SubscriptionID?

        init(tenant: TenantID, subscription: SubscriptionID?) {
            self.tenant = tenant
            self.subscription = subscription
        }

        init(_ tenant: TenantID, _ event: UsageEvent) {
            self.init(tenant: tenant, subscription: event.subscription)
        }
    }

    /// The subscriptions that events name and that are not there.
    private static func unknown(
        in events: [(tenant: TenantID, event: UsageEvent)],
        _ transaction: borrowing Transaction
    ) async throws -> Set<Key> {
        var named: Set<Key> = []
        for (tenant, event) in events where event.subscription != nil { named.insert(Key(tenant, event)) }
        guard !named.isEmpty else { return [] }
        let keys = named.compactMap { key in key.subscription.map { (tenant: key.tenant, subscription: $0) } }
        let known = try await SubscriptionQueries.known(among: keys, in: transaction)
        return named.subtracting(known.map { Key(tenant: $0.tenant, subscription: $0.subscription) })
    }
}
