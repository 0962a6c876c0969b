import Postgres
import Values

/// What is left of features, computed from what there was and what was used.
enum QuotaBalanceQueries {
    /// What is left of each feature and meter at an instant, in the order of features.
    ///
    /// `quotas`, `grants`: all that are in force then, each ordered by feature and meter.
    ///
    /// `until`: up to when usage is looked at beyond the instant.
    static func balances(
        of quotas: [Quota],
        _ grants: [QuotaGrant],
        tenant: TenantID,
        at instant: Instant,
        until: Instant? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [QuotaBalance] {
        var keys: Set<QuotaKey> = []
        for quota in quotas { keys.insert(QuotaKey(tenant: tenant, feature: quota.feature, meter: quota.meter)) }
        for grant in grants { keys.insert(QuotaKey(tenant: tenant, feature: grant.feature, meter: grant.meter)) }
        let meters = try await MeterQueries.require(Set(keys.map(\.meter)), in: transaction)
        var balances: [QuotaBalance] = []
        for key in keys.sorted(by: { ($0.feature, $0.meter) < ($1.feature, $1.meter) }) {
            guard let meter = meters[key.meter] else { continue }
            let own = quotas.filter { $0.feature == key.feature && $0.meter == key.meter }
            let given = grants.filter { $0.feature == key.feature && $0.meter == key.meter }
            let segments: [QuotaSegment]
            let isSimple = given.isEmpty && own.allSatisfy { $0.window == own.first?.window && $0.rollover.isZero }
            if !meter.addsUp || isSimple {
                segments = try await simple(own, meter, of: tenant, in: transaction)
            } else {
                let history = try await history(of: key, until: max(instant, until ?? instant), in: transaction)
                segments = try await burn(history, meter, of: tenant, until: until ?? instant, in: transaction)
            }
            if let balance = QuotaBalance(own, given, segments, at: instant) { balances.append(balance) }
        }
        return balances
    }

    /// Nothing came before and nothing comes on top: all that the windows used counts.
    private static func simple(
        _ quotas: [Quota],
        _ meter: Meter,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [QuotaSegment] {
        guard let window = QuotaBalance.window(of: quotas) else { return [] }
        let used = try await UsageQueries.quantity(of: tenant, meter: meter, during: window, in: transaction)
        // As if all of them had the whole window: of a meter that does not add up one window cannot be told from
        // another.
        let terms = quotas.map { quota in QuotaTerm(quota: quota.over(window), end: window.end) }
        return QuotaHistory(terms: terms, grants: []).burn([window], used: [used])
    }

    /// What each segment used, taken from the pots.
    static func burn(
        _ history: QuotaHistory,
        _ meter: Meter,
        of tenant: TenantID,
        until instant: Instant,
        cut: Instant? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [QuotaSegment] {
        let periods = history.segments(until: instant, cut: cut)
        guard !periods.isEmpty else { return [] }
        let rows = try await UsageQueries.rows(of: tenant, meter: meter, windows: periods, in: transaction)
        return history.burn(periods, used: rows.map(\.quantity))
    }

    /// All that gave units of a feature since its checkpoint.
    static func history(
        of key: QuotaKey,
        until instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> QuotaHistory {
        let since: SQL =
            """
            coalesce((SELECT c.at FROM app.quota_checkpoints c WHERE c.tenant_id = \(key.tenant)
                      AND c.feature = \(key.feature) AND c.meter = \(key.meter)), '-infinity')
            """
        let results = try await transaction.results([
            """
            SELECT at, pots, units_left FROM app.quota_checkpoints
            WHERE tenant_id = \(key.tenant) AND feature = \(key.feature) AND meter = \(key.meter)
            """,
            """
            SELECT \(fragment: QuotaQueries.columns), until FROM app.quotas
            WHERE tenant_id = \(key.tenant) AND feature = \(key.feature) AND meter = \(key.meter)
              AND (ended_at IS NULL OR until > window_start) AND window_end > \(fragment: since)
            """,
            """
            SELECT \(fragment: QuotaGrantQueries.columns) FROM app.quota_grants g
            WHERE g.tenant_id = \(key.tenant) AND g.feature = \(key.feature) AND g.meter = \(key.meter)
              AND g.starts_at <= \(instant) AND coalesce(g.expires_at, 'infinity') > \(fragment: since)
              AND (g.voided_at IS NULL OR g.voided_at > g.starts_at)
            """,
        ])
        guard results.count == 3 else { return QuotaHistory(terms: [], grants: []) }
        let rows = try Transaction.decode(results[1]) { row in
            (quota: try QuotaQueries.quota(&row), until: try row.next() as Instant?)
        }
        return QuotaHistory(
            terms: QuotaTerm.effective(rows),
            grants: try Transaction.decode(results[2], QuotaGrantQueries.grant),
            checkpoint: try Transaction.decode(results[0], checkpoint).first
        )
    }

    private static func checkpoint(_ row: inout RowReader) throws -> QuotaCheckpoint {
        let at: Instant = try row.next()
        let pots: [String] = try row.next()
        let left: [Decimal12] = try row.next()
        return QuotaCheckpoint(at: at, left: Dictionary(zip(pots, left.map(\.exact))) { first, _ in first })
    }
}

/// A feature of a tenant as a meter counts it.
struct QuotaKey: Hashable, Sendable {
    let tenant: TenantID
    let feature: String
    let meter: String
}

extension Quota {
    /// The same allowance in another window.
    fileprivate func over(_ window: Period) -> Quota {
        Quota(
            id: id,
            feature: feature,
            meter: meter,
            allowance: allowance,
            window: window,
            isHard: isHard,
            rollover: .zero,
            source: source
        )
    }
}
