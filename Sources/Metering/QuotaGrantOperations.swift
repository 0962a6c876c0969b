import Jobs
package import Postgres
package import Values

/// Giving extra units of a feature and taking them back.
package enum QuotaGrantOperations {
    /// Grants units of a feature from the quarter of an hour on that holds the stamp's business time.
    ///
    /// With an id that the draft brings, asking again yields the grant that is there.
    ///
    /// - Throws: `MeteringError.grantNeedsMeter` if nothing says by which meter the feature is counted,
    ///   `.grantsDoNotAddUp`, `.grantTaken`, `.meterNotFound`.
    @discardableResult
    package static func grant(
        _ draft: QuotaGrantDraft,
        feature: String,
        to tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> QuotaGrant {
        guard (1...64).contains(feature.unicodeScalars.count), !feature.utf8.contains(0) else {
            throw Problem.invalid("feature", "a feature's name has 1 to 64 characters")
        }
        let startsAt = UsageBucket.start(of: stamp.at)
        if let expiry = draft.expiresAt, expiry <= stamp.at {
            throw Problem.invalid("expires_at", "is \(expiry), and it is \(stamp.at) already")
        }
        let meter = try await meter(of: feature, asked: draft.meter, tenant, in: transaction)
        let grant = QuotaGrant(
            id: draft.id ?? .make(at: stamp.recordedAt),
            feature: feature,
            meter: meter.code,
            units: draft.units,
            priority: draft.priority,
            startsAt: startsAt,
            expiresAt: draft.expiresAt,
            voidedAt: nil,
            memo: draft.memo
        )
        guard try await transaction.execute(QuotaGrantQueries.insert(grant, of: tenant, by: stamp)) == 1 else {
            guard let existing = try await QuotaGrantQueries.find(grant.id, of: tenant, in: transaction),
                draft.isSatisfied(by: existing, feature: feature)
            else { throw MeteringError.grantTaken(grant.id.text) }
            return existing
        }
        try await Activity.record(
            "entitlement.granted",
            object: grant.id.text,
            tenant: tenant,
            details: grant.json,
            by: stamp,
            in: transaction
        )
        return grant
    }

    /// Takes back what is left of a grant; what was used of it stays used.
    ///
    /// Doing so again is no work.
    ///
    /// - Throws: `MeteringError.grantNotFound`.
    @discardableResult
    package static func void(
        _ id: QuotaGrantID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> QuotaGrant {
        let voided = try await transaction.execute(
            """
            UPDATE app.quota_grants SET voided_at = greatest(\(stamp.at)::timestamptz, starts_at)
            WHERE tenant_id = \(tenant) AND id = \(id) AND voided_at IS NULL
            """
        )
        guard let grant = try await QuotaGrantQueries.find(id, of: tenant, in: transaction) else {
            throw MeteringError.grantNotFound(id.text)
        }
        guard voided == 1 else { return grant }
        try await Activity.record(
            "entitlement.voided",
            object: id.text,
            tenant: tenant,
            details: grant.json,
            by: stamp,
            in: transaction
        )
        return grant
    }

    private static func meter(
        of feature: String,
        asked: String?,
        _ tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Meter {
        let own: String? = try await transaction.first(QuotaGrantQueries.lastMeter(of: feature, tenant)) { row in
            try row.next()
        }
        if let own, let asked, own != asked { throw MeteringError.otherMeter(feature: feature, meter: own) }
        guard let code = asked ?? own else { throw MeteringError.grantNeedsMeter(feature: feature) }
        let meter = try await MeterQueries.require(code, in: transaction)
        guard meter.addsUp else { throw MeteringError.grantsDoNotAddUp(meter: code) }
        return meter
    }
}

extension Meter {
    /// Whether the quantity of a stretch is that of its parts together, so that it can be taken from one pot after
    /// another.
    package var addsUp: Bool { aggregation == .count || aggregation == .sum }
}
