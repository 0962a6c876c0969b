import Plans
package import Postgres
import Tenants
package import Values

/// Reading subscriptions and what was asked of them.
package enum SubscriptionQueries {
    /// One subscription; nil if the tenant has none with the id.
    package static func find(
        _ id: SubscriptionID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Subscription? {
        try await transaction.first(one(id, tenant), subscription)
    }

    /// Subscriptions in the order of their ids.
    ///
    /// `tenant`: whose; nil is everyone's, for staff.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        status: SubscriptionStatus? = nil,
        limit: Int,
        after: SubscriptionID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Subscription] {
        let whose: SQL = tenant.map { "s.tenant_id = \($0)" } ?? "true"
        return try await transaction.query(
            """
            SELECT \(fragment: columns) FROM \(fragment: tables) WHERE \(fragment: whose)
              AND (\(status?.rawValue)::text IS NULL OR s.status = \(status?.rawValue))
              AND (\(after)::uuid IS NULL OR s.id > \(after))
            ORDER BY s.id LIMIT \(limit)
            """,
            subscription
        )
    }

    /// The one subscription that prices a meter at an instant; nil if none does.
    package static func current(
        of tenant: TenantID,
        pricing meter: String,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Subscription? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM \(fragment: tables)
            JOIN app.subscription_meters m ON m.tenant_id = s.tenant_id AND m.subscription_id = s.id
            WHERE s.tenant_id = \(tenant) AND m.tenant_id = \(tenant) AND m.meter = \(meter)
              AND m.during @> \(instant)::timestamptz
            """,
            subscription
        )
    }

    /// All that was asked of a subscription, in the order of the sequence.
    package static func changes(
        of id: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [SubscriptionChange] {
        try await transaction.query(changes(of: [(tenant, id)])) { row in try change(&row).change }
    }

    /// A subscription with its changes and their plan versions; nil if the tenant has none with the id.
    package static func story(
        of id: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory? {
        try await story([one(id, tenant), changes(of: [(tenant, id)])], in: transaction)
    }

    /// The same, held until the transaction ends.
    package static func lockedStory(
        of id: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory? {
        // The lock is a statement of its own: what comes after it reads what the one before has committed.
        let lock: SQL = "SELECT id FROM app.subscriptions WHERE tenant_id = \(tenant) AND id = \(id) FOR UPDATE"
        return try await story([lock, one(id, tenant), changes(of: [(tenant, id)])], in: transaction)
    }

    /// Stories in the order of the subscriptions' ids, for reports and billing.
    ///
    /// `tenant`: whose; nil is everyone's, for staff.
    ///
    /// `after`: the last id of the page before.
    package static func stories(
        of tenant: TenantID?,
        limit: Int,
        after: SubscriptionID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [SubscriptionStory] {
        let page = try await list(of: tenant, limit: limit, after: after, in: transaction)
        guard !page.isEmpty else { return [] }
        let read = try await transaction.query(changes(of: page.map { ($0.tenant, $0.id) }), change)
        let changes = Dictionary(grouping: read, by: \.subscription).mapValues { $0.map(\.change) }
        let ids = Set(read.compactMap(\.change.version)).sorted()
        let versions = try await PlanQueries.versions(ids, in: transaction)
        return page.map { subscription in
            let own = changes[subscription.id] ?? []
            let named = Set(own.compactMap(\.version))
            return SubscriptionStory(
                subscription: subscription,
                changes: own,
                versions: versions.filter { named.contains($0.id) }
            )
        }
    }

    /// The known stretches of plan, quantities and status, those to come included.
    package static func phases(
        of id: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [SubscriptionPhase] {
        try await transaction.query(SubscriptionStateQueries.phases(of: id, tenant)) { row in
            try SubscriptionStateQueries.phase(&row)
        }
    }

    /// Subscriptions whose current period is over at an instant: those that have waited longest first.
    package static func lapsed(
        at instant: Instant,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [(tenant: TenantID, subscription: SubscriptionID)] {
        try await transaction.query(
            """
            SELECT tenant_id, id FROM app.subscriptions
            WHERE ended_at IS NULL AND paused_at IS NULL AND current_period_end <= \(instant)
              AND \(fragment: TenantQueries.onMachineTime("tenant_id"))
            ORDER BY current_period_end, tenant_id, id LIMIT \(limit)
            """
        ) { row in (tenant: try row.next(), subscription: try row.next()) }
    }

    /// How many subscriptions of a tenant are not over, and a currency that one of them has.
    static func open(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> (count: Int, currency: Currency?) {
        let found: (Int, Currency?)? = try await transaction.first(
            """
            SELECT count(*), min(currency) FROM app.subscriptions WHERE tenant_id = \(tenant) AND ended_at IS NULL
            """
        ) { row in (try row.next(), try row.next()) }
        return found ?? (0, nil)
    }

    private static func story(
        _ statements: [SQL],
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory? {
        let results = try await transaction.results(statements).suffix(2)
        guard let rows = results.first, let asked = results.last,
            let found = try Transaction.decode(rows, subscription).first
        else { return nil }
        let changes = try Transaction.decode(asked, change).map(\.change)
        let ids = Set(changes.compactMap(\.version)).sorted()
        let versions = try await PlanQueries.versions(ids, in: transaction)
        return SubscriptionStory(subscription: found, changes: changes, versions: versions)
    }
}

// MARK: - Statements and rows

extension SubscriptionQueries {
    static let columns: SQL = """
        s.id, s.tenant_id, s.plan_version_id, v.code, v.version, s.status, s.standing, s.starts_at, s.starts_on,
        s.timezone, s.currency, s.anchor, s.quantities, s.overrides, s.billed_until, s.names_usage,
        s.current_period_start, s.current_period_end, s.paused_at, s.cancels_at, s.scheduled_changes,
        s.last_invoice_at, s.next_billing_at, s.ended_at, s.metadata, s.created_at
        """

    static let tables: SQL = "app.subscriptions s JOIN app.plan_versions v ON v.id = s.plan_version_id"

    private static func one(_ id: SubscriptionID, _ tenant: TenantID) -> SQL {
        """
        SELECT \(fragment: columns) FROM \(fragment: tables) WHERE s.tenant_id = \(tenant) AND s.id = \(id)
        """
    }

    static func changes(of subscriptions: [(tenant: TenantID, id: SubscriptionID)]) -> SQL {
        """
        SELECT c.subscription_id, c.id, c.seq, c.at, c.recorded_at, c.kind, c.takes_effect, c.payload, c.author
        FROM unnest(\(subscriptions.map(\.tenant))::uuid[], \(subscriptions.map(\.id))::uuid[]) AS given (tenant_id, id)
        JOIN app.subscription_changes c ON c.tenant_id = given.tenant_id AND c.subscription_id = given.id
        ORDER BY c.tenant_id, c.subscription_id, c.seq
        """
    }

    static func subscription(_ row: inout RowReader) throws -> Subscription {
        let id: SubscriptionID = try row.next()
        let tenant: TenantID = try row.next()
        let planVersion: PlanVersionID = try row.next()
        let planCode: String = try row.next()
        let number: Int = try row.next()
        let statusText: String = try row.next()
        let standingText: String = try row.next()
        let startsAt: Instant = try row.next()
        let startsOn: CalendarDate? = try row.next()
        let zoneName: String = try row.next()
        let currency: Currency = try row.next()
        let anchor: Instant? = try row.next()
        let quantities = try Quantities(json: try row.next(), path: "quantities")
        let overrides = try PriceOverrides(json: try row.next())
        guard let status = SubscriptionStatus(rawValue: statusText), let zone = Zone(zoneName),
            let standing = SubscriptionStanding(rawValue: standingText)
        else { throw SubscriptionError.unreadable(id) }
        let billedUntil: Instant? = try row.next()
        let namesUsage: Bool = try row.next()
        return Subscription(
            id: id,
            tenant: tenant,
            planVersion: planVersion,
            planCode: planCode,
            planVersionNumber: number,
            status: status,
            standing: standing,
            startsAt: startsAt,
            startsOn: startsOn,
            timeZone: zone,
            currency: currency,
            anchor: anchor,
            quantities: quantities,
            overrides: overrides,
            billedUntil: billedUntil,
            usage: namesUsage ? .named : .any,
            currentPeriodStart: try row.next(),
            currentPeriodEnd: try row.next(),
            pausedAt: try row.next(),
            cancelsAt: try row.next(),
            scheduledChanges: try row.next(),
            lastInvoiceAt: try row.next(),
            nextBillingAt: try row.next(),
            endedAt: try row.next(),
            metadata: try row.next(),
            createdAt: try row.next()
        )
    }

    static func change(
        _ row: inout RowReader
    ) throws -> (subscription: SubscriptionID, change: SubscriptionChange) {
        let subscription: SubscriptionID = try row.next()
        let id: ChangeID = try row.next()
        let sequence: Int = try row.next()
        let at: Instant = try row.next()
        let recordedAt: Instant = try row.next()
        let kind: String = try row.next()
        let timing: String = try row.next()
        guard let kind = SubscriptionChange.Kind(rawValue: kind),
            let timing = SubscriptionChange.Timing(rawValue: timing)
        else { throw SubscriptionError.unreadable(subscription) }
        let change = try SubscriptionChange(
            id: id,
            sequence: sequence,
            at: at,
            recordedAt: recordedAt,
            kind: kind,
            timing: timing,
            payload: try row.next(),
            author: try row.next()
        )
        return (subscription, change)
    }
}
