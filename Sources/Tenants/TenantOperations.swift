import Jobs
package import Postgres
package import Values

/// Making and changing tenants.
package enum TenantOperations {
    /// Makes a tenant, and its address a member with the role owner.
    ///
    /// With an id that the draft brings, asking again yields the tenant that is there.
    ///
    /// - Throws: `TenantError.idTaken` if the id belongs to a tenant made otherwise.
    @discardableResult
    package static func create(
        _ draft: TenantDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        let clock = try await clock(draft.testClock, in: transaction)
        let tenant = Tenant(
            id: draft.id ?? .make(at: stamp.recordedAt),
            name: draft.name,
            email: draft.email,
            timeZone: draft.timeZone,
            currency: draft.currency,
            status: .active,
            legalEntity: clock == nil
                ? try await entity(draft.legalEntity, by: stamp, in: transaction)
                : try await LegalEntityOperations.ensureTest(by: stamp, in: transaction).id,
            spendLimit: draft.spendLimit,
            metadata: draft.metadata,
            createdAt: clock?.at ?? stamp.at,
            testClock: clock?.id,
            testTime: clock?.at
        )
        let written = try await transaction.execute(TenantQueries.insert(tenant, recordedAt: stamp.recordedAt))
        guard written == 1 else {
            guard let existing = try await TenantQueries.find(tenant.id, in: transaction),
                draft.isSatisfied(by: existing)
            else { throw TenantError.idTaken(tenant.id) }
            return existing
        }
        try await Activity.record(
            "tenant.created",
            object: tenant.id.text,
            tenant: tenant.id,
            details: tenant.json,
            by: stamp,
            in: transaction
        )
        if let email = draft.email {
            try await MemberOperations.add(
                MemberDraft(email: email, role: .owner),
                to: tenant.id,
                by: stamp,
                in: transaction
            )
        }
        return tenant
    }

    /// Changes what is named, and nothing else.
    @discardableResult
    package static func update(
        _ id: TenantID,
        _ changes: TenantChanges,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        let old = try await TenantQueries.lock(id, in: transaction)
        let new = try changes.applied(to: old)
        guard new != old else { return old }
        try await transaction.execute(TenantQueries.update(new))
        if new.name != old.name || new.email != old.email || new.timeZone != old.timeZone {
            try await transaction.execute(TenantQueries.keep(old, by: stamp))
        }
        try await Activity.record(
            "tenant.updated",
            object: id.text,
            tenant: id,
            details: difference(old, new),
            by: stamp,
            in: transaction
        )
        return new
    }

    /// Stops what uses or costs; the tenant still reads and pays.
    @discardableResult
    package static func suspend(
        _ id: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        try await setStatus(.suspended, of: id, verb: "tenant.suspended", by: stamp, in: transaction)
    }

    /// Takes a suspension back.
    @discardableResult
    package static func resume(
        _ id: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        try await setStatus(.active, of: id, verb: "tenant.resumed", by: stamp, in: transaction)
    }

    /// Ends the account for good: its keys are refused from the next request on.
    @discardableResult
    package static func close(
        _ id: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        try await setStatus(.closed, of: id, verb: "tenant.closed", by: stamp, in: transaction)
    }

    /// Sets what a month's usage may cost at most; nil is no limit.
    @discardableResult
    package static func setSpendLimit(
        _ limit: Money?,
        of id: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        var changes = TenantChanges()
        changes.spendLimit = limit.map(FieldChange.set) ?? .clear
        return try await update(id, changes, by: stamp, in: transaction)
    }

    /// Fixes the currency with the first invoice; the same again is no work.
    ///
    /// Runs in any scope that may write for the tenant.
    ///
    /// - Throws: `TenantError.currencyFixed` if another is fixed.
    package static func fixCurrency(
        _ currency: Currency,
        of id: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let written = try await transaction.execute(
            "UPDATE app.tenants SET currency = \(currency) WHERE tenant_id = \(id) AND currency IS NULL"
        )
        guard written == 0 else {
            try await Activity.record(
                "tenant.currency_fixed",
                object: id.text,
                tenant: id,
                details: ["currency": .string(currency.code)],
                by: stamp,
                in: transaction
            )
            return
        }
        guard let tenant = try await TenantQueries.find(id, in: transaction) else { throw TenantError.notFound(id) }
        guard let fixed = tenant.currency, fixed == currency else {
            throw TenantError.currencyFixed(id, is: tenant.currency ?? currency, asked: currency)
        }
    }

    private static func setStatus(
        _ status: TenantStatus,
        of id: TenantID,
        verb: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        let old = try await TenantQueries.lock(id, in: transaction)
        guard old.status != status else { return old }
        guard old.status.canBecome(status) else { throw TenantError.notChangeable(id, status: old.status) }
        try await transaction.execute(
            "UPDATE app.tenants SET status = \(status.rawValue) WHERE tenant_id = \(id)"
        )
        try await Activity.record(
            verb,
            object: id.text,
            tenant: id,
            details: ["from": .string(old.status.rawValue)],
            by: stamp,
            in: transaction
        )
        return try await TenantQueries.lock(id, in: transaction)
    }

    private static func clock(_ id: ClockID?, in transaction: borrowing Transaction) async throws -> TestClock? {
        guard let id else { return nil }
        guard let clock = try await ClockOperations.find(id, in: transaction) else {
            throw Problem.invalid("test_clock", "there is no clock \(id)")
        }
        return clock
    }

    private static func entity(
        _ id: EntityID?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> EntityID {
        guard let id else { return try await LegalEntityOperations.ensureDefault(by: stamp, in: transaction).id }
        guard try await LegalEntityQueries.find(id, in: transaction) != nil else {
            throw TenantError.entityNotFound(id)
        }
        return id
    }

    /// What changed, with the values before and after.
    private static func difference(_ old: Tenant, _ new: Tenant) -> JSONValue {
        var changes = JSONObject()
        for (key, value) in new.json.object ?? JSONObject() {
            let before = old.json[key] ?? .null
            if before != value { changes[key] = ["from": before, "to": value] }
        }
        return .object(changes)
    }
}
