import Jobs
package import Postgres
package import Values

/// Granting features and using them up.
package enum QuotaOperations {
    /// Makes the quotas of a source those that are given, from the stamp's business time on.
    ///
    /// Quotas that hold already stay as they are; others of the source whose windows end later get an end; those
    /// whose windows ended before are history and stay. Whoever grants calls this in the transaction that grants, and
    /// holds a lock of its own on the source.
    ///
    /// `source`: the wire id of what grants, like a subscription's.
    ///
    /// `feature`: only quotas of this feature are replaced; nil is all of the source.
    ///
    /// `rows`: what shall hold; none at all takes everything back.
    ///
    /// Returns whether anything changed.
    @discardableResult
    package static func replace(
        tenant: TenantID,
        feature: String? = nil,
        source: String,
        rows: [QuotaDraft],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        try check(rows, feature: feature)
        let earliest = rows.map(\.window.start).min() ?? stamp.at
        let old = try await QuotaQueries.current(
            source: source,
            feature: feature,
            of: tenant,
            after: min(stamp.at, earliest),
            in: transaction
        )
        let new = rows.filter { row in !old.contains { $0.isSame(as: row) } }
        // What ended before is only read to be compared: it is taken back where something new takes its place.
        let ended = old.filter { quota in
            !rows.contains { quota.isSame(as: $0) }
                && (quota.window.end > stamp.at
                    || new.contains { $0.feature == quota.feature && $0.window.intersection(quota.window) != nil })
        }
        guard !new.isEmpty || !ended.isEmpty else { return false }
        var statements: [SQL] = []
        if !ended.isEmpty {
            statements.append(QuotaQueries.end(ended.map(\.id), of: tenant, by: stamp))
        }
        if !new.isEmpty {
            let quotas = new.map { row in
                Quota(
                    id: .make(at: stamp.recordedAt),
                    feature: row.feature,
                    meter: row.meter,
                    allowance: row.allowance,
                    window: row.window,
                    isHard: row.isHard,
                    rollover: row.rollover,
                    source: source
                )
            }
            statements.append(QuotaQueries.insert(quotas, of: tenant, recordedAt: stamp.recordedAt))
        }
        try await transaction.batch(statements)
        try await Activity.record(
            "quota.replaced",
            object: source,
            tenant: tenant,
            details: ["ended": .array(ended.map { .string($0.id.text) }), "quotas": .array(new.map(json))],
            by: stamp,
            in: transaction
        )
        return true
    }

    /// Stores an event that uses a feature, unless that would overspend a hard quota.
    ///
    /// Exact among all that call this: one at a time uses a feature of a tenant, and what was used is read after the
    /// event is stored, so that a refusal undoes it with the transaction. An event that is a duplicate uses nothing;
    /// one that comes late must leave enough for what was used since.
    ///
    /// - Throws: `MeteringError.noQuota`, `.quotaExceeded`; the transaction must then be rolled back.
    package static func consume(
        feature: String,
        event: UsageEvent,
        of tenant: TenantID,
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> (outcome: IngestOutcome, balance: QuotaBalance) {
        let (quotas, grants) = try await QuotaQueries.lock(of: tenant, feature: feature, at: event.at, in: transaction)
        guard let meter = quotas.first?.meter ?? grants.first?.meter else {
            throw MeteringError.noQuota(feature: feature)
        }
        guard meter == event.meter else { throw MeteringError.otherMeter(feature: feature, meter: meter) }
        let outcomes = try await MeteringOperations.ingest(
            [(tenant: tenant, event: event)],
            recordedAt: recordedAt,
            in: transaction
        )
        let balances = try await QuotaBalanceQueries.balances(
            of: quotas,
            grants,
            tenant: tenant,
            at: event.at,
            until: max(event.at, recordedAt),
            in: transaction
        )
        guard let outcome = outcomes.first, let balance = balances.first(where: { $0.meter == meter }) else {
            throw MeteringError.noQuota(feature: feature)
        }
        if outcome.kind == .accepted, balance.isHard, balance.excess > .zero {
            let seconds = max(1, Int((balance.window.end - event.at) / 1_000_000))
            throw MeteringError.quotaExceeded(
                feature: feature,
                allowance: try Decimal12(rounding: balance.allowance),
                retryAfterSeconds: seconds
            )
        }
        return (outcome, balance)
    }

    private static func check(_ rows: [QuotaDraft], feature: String?) throws {
        for (index, row) in rows.enumerated() {
            if let feature, feature != row.feature {
                throw Problem.invalid("feature", "\(row.feature) is not \(feature), whose quotas are replaced")
            }
            guard !row.allowance.isNegative else {
                throw Problem.invalid("limit", "must not be negative, not \"\(row.allowance)\"")
            }
            guard !row.rollover.isNegative else {
                throw Problem.invalid("rollover", "must not be negative, not \"\(row.rollover)\"")
            }
            let others = rows[..<index].filter { $0.feature == row.feature }
            guard others.allSatisfy({ $0.window.intersection(row.window) == nil }) else {
                throw MeteringError.overlappingQuotas(feature: row.feature)
            }
        }
    }

    private static func json(_ row: QuotaDraft) -> JSONValue {
        [
            "feature": .string(row.feature), "meter": .string(row.meter), "limit": .string(row.allowance.text),
            "window": row.window.json, "hard": .bool(row.isHard), "rollover": .string(row.rollover.text),
        ]
    }
}
