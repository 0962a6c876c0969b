package import Postgres
package import Values

extension SubscriptionQueries {
    /// Each time that a subscription's standing became another, in that order.
    package static func standings(
        of id: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [StandingChange] {
        try await transaction.query(SubscriptionStateQueries.standings(of: id, tenant)) { row in
            let at: Instant = try row.next()
            let standing: String = try row.next()
            let reason: String = try row.next()
            let author: String = try row.next()
            let origin: String = try row.next()
            guard let standing = SubscriptionStanding(rawValue: standing),
                let origin = StandingOrigin(rawValue: origin)
            else { throw SubscriptionError.unreadable(id) }
            return StandingChange(at: at, standing: standing, reason: reason, author: author, origin: origin)
        }
    }

    /// The standing that people set last, which dunning never makes milder; `current` if they set none.
    package static func held(
        of id: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStanding {
        let standing: String? = try await transaction.first(
            """
            SELECT standing FROM app.subscription_standings
            WHERE tenant_id = \(tenant) AND subscription_id = \(id) AND origin = 'staff' ORDER BY seq DESC LIMIT 1
            """
        ) { row in try row.next() }
        return standing.flatMap(SubscriptionStanding.init(rawValue:)) ?? .current
    }
}

extension SubscriptionStateQueries {
    static func insert(_ change: StandingChange, of subscription: Subscription, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.subscription_standings (
            tenant_id, subscription_id, seq, at, recorded_at, standing, reason, author, origin)
        SELECT \(subscription.tenant)::uuid, \(subscription.id)::uuid, coalesce(max(seq), 0) + 1,
            \(change.at)::timestamptz, \(recordedAt)::timestamptz, \(change.standing.rawValue)::text,
            \(change.reason)::text, \(change.author)::text, \(change.origin.rawValue)::text
        FROM app.subscription_standings
        WHERE tenant_id = \(subscription.tenant) AND subscription_id = \(subscription.id)
        RETURNING seq
        """
    }

    static func standings(of id: SubscriptionID, _ tenant: TenantID) -> SQL {
        """
        SELECT at, standing, reason, author, origin FROM app.subscription_standings
        WHERE tenant_id = \(tenant) AND subscription_id = \(id) ORDER BY seq
        """
    }
}
