package import Plans
package import Postgres
import Tenants
package import Values

/// Reading many subscriptions of many tenants at once: what the billing run does.
extension SubscriptionQueries {
    /// A subscription for which something may fall due, and when.
    package struct DueKey: Hashable, Sendable {
        /// When something may fall due.
        package let at: Instant
        /// Whose it is.
        package let tenant: TenantID
        /// Names it.
        package let subscription: SubscriptionID
    }

    /// Subscriptions for which something may fall due up to an instant, that included, the earliest first.
    ///
    /// `tenant`: whose; nil is everyone's who lives by the machine's clock.
    ///
    /// `after`: the last one of the page before.
    package static func due(
        upTo until: Instant,
        of tenant: TenantID?,
        after: DueKey?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [DueKey] {
        let whose: SQL = tenant.map { "tenant_id = \($0)" } ?? TenantQueries.onMachineTime("tenant_id")
        let rest: SQL =
            after.map { "AND (next_billing_at, tenant_id, id) > (\($0.at), \($0.tenant), \($0.subscription))" } ?? ""
        return try await transaction.query(
            """
            SELECT next_billing_at, tenant_id, id FROM app.subscriptions
            WHERE next_billing_at <= \(until) AND \(fragment: whose) \(fragment: rest)
            ORDER BY next_billing_at, tenant_id, id LIMIT \(limit)
            """
        ) { row in DueKey(at: try row.next(), tenant: try row.next(), subscription: try row.next()) }
    }

    /// Which of some subscriptions there are: for `.ingest` too.
    static func known(
        among keys: [(tenant: TenantID, subscription: SubscriptionID)],
        in transaction: borrowing Transaction
    ) async throws -> [(tenant: TenantID, subscription: SubscriptionID)] {
        try await transaction.query(
            """
            SELECT s.tenant_id, s.id
            FROM unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.subscription))::uuid[]) AS given (tenant_id, id)
            JOIN app.subscriptions s ON s.tenant_id = given.tenant_id AND s.id = given.id
            """
        ) { row in (tenant: try row.next(), subscription: try row.next()) }
    }

    /// Stories in the order of tenants and subscriptions, which is also the order in which they are locked: all are held
    /// until the transaction ends.
    ///
    /// `skippingHeld`: leaves out what another transaction holds; otherwise waits for it.
    ///
    /// `cache`: the plan versions that are known already.
    package static func lockedStories(
        of keys: [(tenant: TenantID, subscription: SubscriptionID)],
        skippingHeld: Bool = false,
        _ cache: PlanVersionCache,
        in transaction: borrowing Transaction
    ) async throws -> [SubscriptionStory] {
        guard !keys.isEmpty else { return [] }
        let given: SQL = """
            unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.subscription))::uuid[]) AS given (tenant_id, id)
            """
        let on: SQL = "s.tenant_id = given.tenant_id AND s.id = given.id"
        // The lock is a statement of its own: what comes after it reads what the one before has committed.
        let results = try await transaction.results([
            """
            SELECT s.id FROM \(fragment: given) JOIN app.subscriptions s ON \(fragment: on)
            ORDER BY s.tenant_id, s.id FOR UPDATE OF s \(unescaped: skippingHeld ? "SKIP LOCKED" : "")
            """,
            """
            SELECT \(fragment: columns) FROM \(fragment: given)
            JOIN (\(fragment: tables)) ON \(fragment: on) ORDER BY s.tenant_id, s.id
            """,
            changes(of: keys.map { ($0.tenant, $0.subscription) }),
        ])
        guard results.count == 3 else { return [] }
        let held: Set<SubscriptionID> = Set(try Transaction.decode(results[0]) { row in try row.next() })
        let rows = try Transaction.decode(results[1], subscription).filter { held.contains($0.id) }
        let changes = Dictionary(grouping: try Transaction.decode(results[2], change), by: \.subscription)
            .mapValues { $0.map(\.change) }
        let named = Set(rows.flatMap { (changes[$0.id] ?? []).compactMap(\.version) })
        let versions = try await cache.versions(named, in: transaction)
        return rows.map { row in
            let own = changes[row.id] ?? []
            let ids = Set(own.compactMap(\.version)).sorted()
            return SubscriptionStory(subscription: row, changes: own, versions: ids.compactMap { versions[$0] })
        }
    }
}

extension SubscriptionStateQueries {
    /// The same as `phases(of:_:)` for many, each row with its subscription's id before it.
    static func phases(of keys: [(tenant: TenantID, subscription: SubscriptionID)]) -> SQL {
        """
        SELECT subscription_id, \(fragment: phaseColumns)
        FROM \(fragment: given(keys)) JOIN app.subscription_phases p
            ON p.tenant_id = given.tenant_id AND p.subscription_id = given.id
        WHERE NOT isempty(p.during)
        """
    }

    /// The same as `meters(of:_:)` for many, each row with its subscription's id before it.
    static func meters(of keys: [(tenant: TenantID, subscription: SubscriptionID)]) -> SQL {
        """
        SELECT m.subscription_id, m.meter, m.starts_at, m.ends_at
        FROM \(fragment: given(keys)) JOIN app.subscription_meters m
            ON m.tenant_id = given.tenant_id AND m.subscription_id = given.id
        WHERE NOT isempty(m.during)
        """
    }

    private static func given(_ keys: [(tenant: TenantID, subscription: SubscriptionID)]) -> SQL {
        "unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.subscription))::uuid[]) AS given (tenant_id, id)"
    }
}
