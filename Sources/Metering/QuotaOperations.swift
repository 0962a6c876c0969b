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
        let replacement = QuotaReplacement(tenant: tenant, source: source, at: stamp.at, rows: rows)
        let old = try await QuotaQueries.current(
            source: source,
            feature: feature,
            of: tenant,
            after: replacement.comparedAfter,
            in: transaction
        )
        return try await write([replacement.difference(from: old)], by: stamp, in: transaction)
    }

    /// The same for many sources, each of which grants once: read, ended and granted by one statement each.
    ///
    /// The business time is that of each replacement.
    package static func replace(
        _ replacements: [QuotaReplacement],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard !replacements.isEmpty else { return }
        for replacement in replacements { try check(replacement.rows, feature: nil) }
        let old = try await QuotaQueries.current(of: replacements, in: transaction)
        let differences = replacements.map { $0.difference(from: old[$0.source] ?? []) }
        _ = try await write(differences, by: stamp, in: transaction)
    }

    /// Returns whether there was anything to write.
    private static func write(
        _ differences: [QuotaReplacement.Difference],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        let differences = differences.filter { !$0.isEmpty }
        guard !differences.isEmpty else { return false }
        let ended = differences.flatMap { one in one.ended.map { (of: one.replacement, id: $0.id) } }
        let granted = differences.flatMap { one in one.new.map { (of: one.replacement, row: $0) } }
        var statements: [SQL] = []
        if !ended.isEmpty { statements.append(QuotaQueries.end(ended, recordedAt: stamp.recordedAt)) }
        if !granted.isEmpty { statements.append(QuotaQueries.insert(granted, recordedAt: stamp.recordedAt)) }
        try await transaction.batch(statements)
        let acts = differences.map { one in
            Activity.Act(
                "quota.replaced",
                object: one.replacement.source,
                tenant: one.replacement.tenant,
                at: one.replacement.at,
                details: one.json
            )
        }
        try await Activity.record(acts, by: stamp, in: transaction)
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
}
