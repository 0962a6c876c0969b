import Jobs
import Plans
import Postgres
import Subscriptions
import Tenants
import Values

/// Usage of subscriptions that are over which came, or was taken back, after their last invoice: no invoice is to come
/// that could carry the difference, so it has one of its own.
enum EndedBilling {
    /// So long after its end a subscription is looked at; what comes later is for people to decide, `reconcile` names
    /// it.
    private static let days: Int64 = 92
    /// How many subscriptions are read at a time.
    private static let pageSize = 200

    /// Invoices what is different for all whose usage is another than when it was looked at last.
    ///
    /// What fails is in the summary, and holds up nobody else; it is looked at again.
    ///
    /// `tenant`: only this tenant's; nil is everyone's who lives by the machine's clock.
    static func sweep(
        at instant: Instant,
        tenant: TenantID?,
        database: Database,
        time: any TimeSource,
        author: Author,
        _ summary: inout BillingRunSummary
    ) async throws {
        let cache = PlanVersionCache()
        var last: EndedUsageQueries.Key?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await EndedUsageQueries.changed(
                    of: tenant,
                    endedFrom: instant.adding(seconds: -days * 86_400),
                    to: instant,
                    after: last,
                    limit: pageSize,
                    in: transaction
                )
            }
            for key in page {
                let stamp = Stamp(at: instant, recordedAt: time.now(), author: author)
                do {
                    let invoices = try await database.transaction(as: .system) { transaction in
                        try await bill(key, cache, by: stamp, in: transaction)
                    }
                    for invoice in invoices { try summary.add(invoice) }
                } catch  where Problem.of(error).kind != .unavailable {
                    summary.fail(key.tenant, key.subscription.text, error)
                }
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end
        }
    }

    private static func bill(
        _ key: EndedUsageQueries.Key,
        _ cache: PlanVersionCache,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        let (_, outcomes) = try await BillingBatch.bill(
            [(tenant: key.tenant, subscription: key.subscription)],
            until: stamp.at,
            BillingBatch.Taking(),
            cache,
            by: stamp,
            in: transaction
        )
        try await transaction.execute(EndedUsageQueries.mark(key, at: stamp.recordedAt))
        return try outcomes.flatMap { try $0.result.get() }
    }
}

/// Finds subscriptions that are over and whose usage has changed since.
enum EndedUsageQueries {
    /// Names a subscription whose usage is to be looked at.
    struct Key: Hashable, Sendable {
        let tenant: TenantID
        let subscription: SubscriptionID
        let endedAt: Instant
        /// What its usage comes to: rollups, counts and sums of its last 400 days, and when events were taken back.
        let seen: String
    }

    /// Subscriptions that ended in a stretch, that included, and whose usage is another than when it was looked at
    /// last: for `.system`.
    ///
    /// `tenant`: whose; nil is everyone's who lives by the machine's clock.
    static func changed(
        of tenant: TenantID?,
        endedFrom start: Instant,
        to end: Instant,
        after: Key?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [Key] {
        let whose: SQL = tenant.map { "s.tenant_id = \($0)" } ?? TenantQueries.onMachineTime("s.tenant_id")
        let rest: SQL =
            after.map {
                "AND (s.ended_at, s.tenant_id, s.id) > (\($0.endedAt), \($0.tenant)::uuid, \($0.subscription)::uuid)"
            } ?? ""
        return try await transaction.query(
            """
            SELECT s.tenant_id, s.id, s.ended_at, u.seen
            FROM app.subscriptions s
            LEFT JOIN app.ended_usage e ON e.tenant_id = s.tenant_id AND e.subscription_id = s.id
            CROSS JOIN LATERAL (
                -- Where and on which meter counts; what is taken back and sent again may leave all sums as they were.
                SELECT count(*) || '/' || coalesce(sum(r.count), 0) || '/' || coalesce(sum(r.sum), 0) || '/'
                       || coalesce(sum(r.sum * extract(epoch FROM r.bucket) * (1 + abs(hashtext(r.meter)) % 1009)), 0)
                       || coalesce('/' || (
                           SELECT max(v.recorded_at) FROM app.usage_voids v WHERE v.tenant_id = s.tenant_id)::text, '')
                       AS seen
                FROM app.usage_rollups r
                WHERE r.tenant_id = s.tenant_id AND r.bucket < s.ended_at
                  AND r.bucket >= s.ended_at - interval '400 days'
                  AND r.meter IN (
                      SELECT m.meter FROM app.subscription_meters m
                      WHERE m.tenant_id = s.tenant_id AND m.subscription_id = s.id)
            ) u
            WHERE s.ended_at >= \(start) AND s.ended_at <= \(end) AND s.next_billing_at IS NULL
              AND coalesce(e.seen, '0/0/0/0') <> u.seen AND \(fragment: whose) \(fragment: rest)
              -- While a draft waits the difference is for it.
              AND NOT EXISTS (
                  SELECT FROM app.invoices i
                  WHERE i.tenant_id = s.tenant_id AND i.subscription_id = s.id AND i.status = 'draft')
            ORDER BY s.ended_at, s.tenant_id, s.id LIMIT \(limit)
            """
        ) { row in
            Key(
                tenant: try row.next(),
                subscription: try row.next(),
                endedAt: try row.next(),
                seen: try row.next()
            )
        }
    }

    /// Says what the usage of a subscription came to when it was looked at.
    static func mark(_ key: Key, at instant: Instant) -> SQL {
        """
        INSERT INTO app.ended_usage (tenant_id, subscription_id, seen, recorded_at)
        VALUES (\(key.tenant), \(key.subscription), \(key.seen), \(instant))
        ON CONFLICT (tenant_id, subscription_id) DO UPDATE SET seen = excluded.seen, recorded_at = excluded.recorded_at
        """
    }
}
