import Ledger
import Postgres
import Subscriptions
import Values

/// The SQL of the reports: for `.finance`, over all tenants.
enum RevenueReportQueries {
    /// A change with what its subscription begins with.
    struct ChangeRow {
        let tenant: TenantID
        let subscription: SubscriptionID
        let start: Moment
        let zone: Zone
        let change: SubscriptionChange
    }

    /// Where a page ends.
    struct Cursor {
        let tenant: TenantID
        let subscription: SubscriptionID
        let sequence: Int
    }

    /// The condition that a row is of a tenant whose money is money: not of one in test mode.
    static func isReal(_ table: SQL) -> SQL {
        "\(fragment: table).tenant_id NOT IN (SELECT t.tenant_id FROM app.tenants t WHERE t.clock_id IS NOT NULL)"
    }

    /// How many changes are read at once.
    static let pageSize = 20_000

    /// A page of the changes of all subscriptions that were known at an instant, each subscription's together.
    static func changes(
        recordedUntil asOf: Instant,
        after: Cursor?,
        in transaction: borrowing Transaction
    ) async throws -> [ChangeRow] {
        try await transaction.query(
            """
            SELECT c.tenant_id, c.subscription_id, s.starts_at, s.starts_on, s.timezone, c.id, c.seq, c.at,
                   c.recorded_at, c.kind, c.takes_effect, c.payload, c.author
            FROM app.subscription_changes c
            JOIN app.subscriptions s ON s.tenant_id = c.tenant_id AND s.id = c.subscription_id
            WHERE c.recorded_at <= \(asOf) AND \(fragment: isReal("c"))
              AND (\(after?.tenant)::uuid IS NULL
                   OR (c.tenant_id, c.subscription_id, c.seq)
                      > (\(after?.tenant)::uuid, \(after?.subscription)::uuid, \(after?.sequence)::int))
            ORDER BY c.tenant_id, c.subscription_id, c.seq LIMIT \(pageSize)
            """,
            changeRow
        )
    }

    /// What was kept of a subscription.
    struct KeptRow {
        let tenant: TenantID
        let subscription: SubscriptionID
        /// The text of its levels; nil if there is none that counts.
        let levels: String?
    }

    /// How many subscriptions are read at once.
    static let keptPageSize = 50_000

    /// A page of all subscriptions of which something was known at an instant, with their levels as far as these were
    /// made of just the changes that were known.
    static func kept(
        asOf: Instant,
        after: KeptRow?,
        in transaction: borrowing Transaction
    ) async throws -> [KeptRow] {
        try await transaction.query(
            """
            SELECT n.tenant_id, n.subscription_id, l.levels
            FROM (
                SELECT c.tenant_id, c.subscription_id, max(c.seq) AS latest FROM app.subscription_changes c
                WHERE c.recorded_at <= \(asOf) AND \(fragment: isReal("c"))
                  AND (\(after?.tenant)::uuid IS NULL
                       OR (c.tenant_id, c.subscription_id) > (\(after?.tenant)::uuid, \(after?.subscription)::uuid))
                GROUP BY 1, 2
            ) n
            LEFT JOIN app.recurring_levels l
                ON l.tenant_id = n.tenant_id AND l.subscription_id = n.subscription_id AND l.sequence = n.latest
                AND l.known_at <= \(asOf) AND l.rule = \(RecurringLevelText.rule)
            ORDER BY n.tenant_id, n.subscription_id LIMIT \(keptPageSize)
            """
        ) { row in
            KeptRow(tenant: try row.next(), subscription: try row.next(), levels: try row.next())
        }
    }

    /// The changes of some subscriptions that were known at an instant, each subscription's together.
    ///
    /// `asOf`: nil is all.
    static func changes(
        of keys: [(tenant: TenantID, subscription: SubscriptionID)],
        recordedUntil asOf: Instant?,
        in transaction: borrowing Transaction
    ) async throws -> [ChangeRow] {
        try await transaction.query(
            """
            SELECT c.tenant_id, c.subscription_id, s.starts_at, s.starts_on, s.timezone, c.id, c.seq, c.at,
                   c.recorded_at, c.kind, c.takes_effect, c.payload, c.author
            FROM unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.subscription))::uuid[])
                AS k (tenant_id, subscription_id)
            JOIN app.subscription_changes c
                ON c.tenant_id = k.tenant_id AND c.subscription_id = k.subscription_id
            JOIN app.subscriptions s ON s.tenant_id = k.tenant_id AND s.id = k.subscription_id
            WHERE (\(asOf)::timestamptz IS NULL OR c.recorded_at <= \(asOf))
            ORDER BY c.tenant_id, c.subscription_id, c.seq
            """,
            changeRow
        )
    }

    /// Subscriptions whose levels are not kept, or are of other changes than there are.
    static func stale(
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [(tenant: TenantID, subscription: SubscriptionID)] {
        try await transaction.query(
            """
            SELECT n.tenant_id, n.subscription_id
            FROM (
                SELECT c.tenant_id, c.subscription_id, max(c.seq) AS latest FROM app.subscription_changes c
                WHERE \(fragment: isReal("c")) GROUP BY 1, 2
            ) n
            LEFT JOIN app.recurring_levels l
                ON l.tenant_id = n.tenant_id AND l.subscription_id = n.subscription_id AND l.sequence = n.latest
                AND l.rule = \(RecurringLevelText.rule)
            WHERE l.tenant_id IS NULL ORDER BY n.tenant_id, n.subscription_id LIMIT \(limit)
            """
        ) { row in (tenant: try row.next(), subscription: try row.next()) }
    }

    /// What is kept of a subscription.
    struct Kept {
        let tenant: TenantID
        let subscription: SubscriptionID
        let sequence: Int
        let knownAt: Instant
        let levels: String?
    }

    static func keep(_ rows: [Kept], by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.recurring_levels (tenant_id, subscription_id, sequence, known_at, rule, levels, recorded_at)
        SELECT tenant_id, subscription_id, sequence, known_at, \(RecurringLevelText.rule)::int, levels,
               \(stamp.recordedAt)::timestamptz
        FROM unnest(\(rows.map(\.tenant))::uuid[], \(rows.map(\.subscription))::uuid[],
                    \(rows.map(\.sequence))::int[], \(rows.map(\.knownAt))::timestamptz[],
                    \(rows.map(\.levels))::text[])
            AS kept (tenant_id, subscription_id, sequence, known_at, levels)
        ORDER BY tenant_id, subscription_id
        ON CONFLICT (tenant_id, subscription_id) DO UPDATE SET
            sequence = excluded.sequence, known_at = excluded.known_at, rule = excluded.rule,
            levels = excluded.levels, recorded_at = excluded.recorded_at
        """
    }

    /// What an account that grows with credits earned in each month and currency; months without any are left out.
    ///
    /// The bounds of the months are parameters: zones are computed here and never in SQL.
    static func booked(
        on account: Account,
        months: ReportMonths,
        currency: Currency?,
        in transaction: borrowing Transaction
    ) async throws -> [UsageRevenueReport.Row] {
        let all = months.all
        return try await transaction.query(
            """
            SELECT m.month, j.currency, -sum(e.amount)::bigint, count(DISTINCT j.tenant_id), count(DISTINCT j.id)
            FROM unnest(\(all.map(\.index))::int[], \(all.map { $0.start(in: months.zone) })::timestamptz[],
                        \(all.map { months.limit($0) })::timestamptz[]) AS m (month, starts_at, ends_at)
            JOIN app.journals j ON j.at >= m.starts_at AND j.at < m.ends_at
            CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
            WHERE e.account = \(account.rawValue) AND j.recorded_at <= \(months.asOf) AND \(fragment: isReal("j"))
              AND (\(currency)::text IS NULL OR j.currency = \(currency))
            GROUP BY m.month, j.currency ORDER BY j.currency, m.month
            """
        ) { row in
            let month = Month(index: try row.next())
            let currency: Currency = try row.next()
            return UsageRevenueReport.Row(
                month: month,
                amount: Money(minor: try row.next(), currency: currency),
                customers: try row.next(),
                journals: try row.next()
            )
        }
    }

    private static func changeRow(_ row: inout RowReader) throws -> ChangeRow {
        let tenant: TenantID = try row.next()
        let subscription: SubscriptionID = try row.next()
        let startsAt: Instant = try row.next()
        let startsOn: CalendarDate? = try row.next()
        let name: String = try row.next()
        guard let zone = Zone(name) else {
            throw Problem(.internal, "the subscription \(subscription) has the unknown time zone \(name)")
        }
        return ChangeRow(
            tenant: tenant,
            subscription: subscription,
            start: startsOn.map { Moment($0, in: zone) } ?? Moment(startsAt, in: zone),
            zone: zone,
            change: try change(&row)
        )
    }

    private static func change(_ row: inout RowReader) throws -> SubscriptionChange {
        let id: ChangeID = try row.next()
        let sequence: Int = try row.next()
        let at: Instant = try row.next()
        let recordedAt: Instant = try row.next()
        let kindName: String = try row.next()
        let timingName: String = try row.next()
        guard let kind = SubscriptionChange.Kind(rawValue: kindName),
            let timing = SubscriptionChange.Timing(rawValue: timingName)
        else { throw Problem(.internal, "the change \(id) is of no known kind: \(kindName), \(timingName)") }
        return try SubscriptionChange(
            id: id,
            sequence: sequence,
            at: at,
            recordedAt: recordedAt,
            kind: kind,
            timing: timing,
            payload: row.next(),
            author: row.next()
        )
    }
}
