import Jobs
package import Postgres
package import Tenants
package import Values

/// The catalogue of taxes, and what decides which of them a tenant pays.
///
/// Everything counts from an instant on that lies after the last invoice it could have altered: the function that makes
/// invoices can run over the past again and finds it as it was.
package enum TaxOperations {
    /// Puts a tax into the catalogue, or changes it from an instant on; the same again is no work.
    ///
    /// - Throws: `TaxError.afterInvoices` if invoices were made after that instant, `TaxError.versionTaken`,
    ///   `TenantError.entityNotFound`.
    @discardableResult
    package static func put(
        _ draft: TaxDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tax {
        if let entity = draft.legalEntity, try await LegalEntityQueries.find(entity, in: transaction) == nil {
            throw TenantError.entityNotFound(entity)
        }
        try await transaction.execute("SELECT app.lock_taxes()")
        let versions = try await TaxQueries.history(draft.code, in: transaction)
        if let same = versions.last, draft.isSatisfied(by: same) { return same }
        let entity = versions.isEmpty ? draft.legalEntity : nil
        let last = try await TaxQueries.lastInvoice(by: entity, in: transaction)
        let tax = Tax(
            id: .make(at: stamp.recordedAt),
            code: draft.code,
            name: draft.name ?? versions.last?.name ?? draft.code,
            rate: draft.rate,
            isInclusive: draft.isInclusive,
            country: draft.country,
            legalEntity: draft.legalEntity,
            from: try start(draft.from, after: last, isFirst: versions.isEmpty, at: stamp.at),
            recordedAt: stamp.recordedAt
        )
        return try await add(tax, "tax.put", by: stamp, in: transaction)
    }

    /// Ends a tax: invoices from now on no longer have it; again is no work.
    ///
    /// - Throws: `TaxError.notFound`.
    @discardableResult
    package static func archive(
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tax {
        try await transaction.execute("SELECT app.lock_taxes()")
        let versions = try await TaxQueries.history(code, in: transaction)
        guard let newest = versions.last else { throw TaxError.notFound(code) }
        guard newest.rate != nil else { return newest }
        let last = try await TaxQueries.lastInvoice(by: nil, in: transaction)
        let known = [last, newest.from].compactMap(\.self).max()
        let tax = Tax(
            id: .make(at: stamp.recordedAt),
            code: code,
            name: newest.name,
            rate: nil,
            isInclusive: newest.isInclusive,
            country: newest.country,
            legalEntity: newest.legalEntity,
            from: try start(nil, after: known, isFirst: false, at: stamp.at),
            recordedAt: stamp.recordedAt
        )
        return try await add(tax, "tax.archived", by: stamp, in: transaction)
    }

    /// Changes where a tenant is and under which numbers it is known, or whether it is exempt.
    ///
    /// `isStaff`: exempt is who staff has found to be.
    ///
    /// - Throws: `TaxError.exemptionIsForStaff`, `InvoiceError.tenantNotFound`.
    @discardableResult
    package static func setDetails(
        of tenant: TenantID,
        _ changes: TaxDetailsChanges,
        isStaff: Bool,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> TaxDetails {
        guard isStaff || changes.isExempt == nil else { throw TaxError.exemptionIsForStaff }
        guard changes != TaxDetailsChanges() else { return try await TaxQueries.details(of: tenant, in: transaction) }
        let from = try await start(of: tenant, at: stamp.at, in: transaction)
        let old = try await TaxQueries.details(of: tenant, in: transaction)
        guard changes.applied(to: old, from: old.from) != old else { return old }
        let later = [from, old.from].compactMap(\.self).max()
        let details = changes.applied(to: old, from: later)
        try await transaction.execute(TaxQueries.insert(details, of: tenant, by: stamp))
        try await record("tenant.tax_details_changed", details.json, tenant, by: stamp, in: transaction)
        return details
    }

    /// Assigns a tax to a tenant; while it has any, they take the place of those of its country.
    ///
    /// - Throws: `TaxError.notFound`, `TaxError.assigned`, `InvoiceError.tenantNotFound`.
    package static func assign(
        _ code: String,
        to tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let from = try await start(of: tenant, at: stamp.at, in: transaction)
        guard try await !TaxQueries.history(code, in: transaction).isEmpty else { throw TaxError.notFound(code) }
        let assignment = TaxDetermination.Assignment(code: code, from: from)
        guard try await transaction.execute(TaxQueries.insert(assignment, to: tenant, by: stamp)) == 1 else {
            throw TaxError.assigned(code)
        }
        try await record("tenant.tax_assigned", ["tax": .string(code)], tenant, by: stamp, in: transaction)
    }

    /// Takes an assignment back from now on.
    ///
    /// - Throws: `TaxError.notAssigned`, `InvoiceError.tenantNotFound`.
    package static func withdraw(
        _ code: String,
        from tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let end = try await start(of: tenant, at: stamp.at, in: transaction) ?? stamp.at
        let written = try await transaction.execute(
            """
            UPDATE app.tenant_taxes SET ended_at = \(end)
            WHERE tenant_id = \(tenant) AND tax = \(code) AND ended_at IS NULL
            """
        )
        guard written == 1 else { throw TaxError.notAssigned(code) }
        try await record("tenant.tax_withdrawn", ["tax": .string(code)], tenant, by: stamp, in: transaction)
    }

    /// Changes a legal entity.
    ///
    /// Its country can be said once: another would alter what was invoiced.
    ///
    /// - Throws: `TaxError.countryFixed`, `TenantError.entityNotFound`, `TenantError.entityNameTaken`.
    package static func changeEntity(
        _ id: EntityID,
        _ changes: LegalEntityChanges,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> LegalEntity {
        var from: Instant?
        if let country = changes.country {
            // Whoever bills has read the taxes.
            try await transaction.execute("SELECT app.lock_taxes()")
            let known = try await LegalEntityQueries.find(id, in: transaction)
            if let last = try await TaxQueries.lastInvoice(by: id, in: transaction), country != known?.country {
                if let old = known?.country { throw TaxError.countryFixed(id, country: old) }
                from = max(stamp.at, last.adding(seconds: 1))
            }
        }
        return try await LegalEntityOperations.update(id, changes, countryFrom: from, by: stamp, in: transaction)
    }
}

extension TaxOperations {
    /// From when on something can count that no invoice has seen: nil, always, if it is the first and there is none.
    private static func start(
        _ asked: Instant?,
        after last: Instant?,
        isFirst: Bool,
        at now: Instant
    ) throws(TaxError) -> Instant? {
        if let asked {
            if let last, asked <= last { throw .afterInvoices(from: asked, last: last) }
            return asked
        }
        guard let last else { return isFirst ? nil : now }
        return max(now, last.adding(seconds: 1))
    }

    /// The same for what is the tenant's; it is not billed until the transaction ends.
    private static func start(
        of tenant: TenantID,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        try await TaxQueries.holdBilling(of: tenant, in: transaction)
        guard let last = try await TaxQueries.lastInvoice(of: tenant, in: transaction) else { return nil }
        return max(now, last.adding(seconds: 1))
    }

    private static func add(
        _ tax: Tax,
        _ verb: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Tax {
        guard try await transaction.execute(TaxQueries.insert(tax, by: stamp)) == 1 else {
            throw TaxError.versionTaken(tax.code, from: tax.from ?? stamp.at)
        }
        try await Activity.record(
            verb,
            object: tax.id.text,
            tenant: nil,
            details: tax.json,
            by: stamp,
            in: transaction
        )
        return tax
    }

    private static func record(
        _ verb: String,
        _ details: JSONValue,
        _ tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: tenant.text,
            tenant: tenant,
            details: details,
            by: stamp,
            in: transaction
        )
    }
}

extension TaxDraft {
    /// Whether a version is what this draft asks for.
    fileprivate func isSatisfied(by tax: Tax) -> Bool {
        tax.rate == rate && tax.isInclusive == isInclusive && tax.country == country && tax.legalEntity == legalEntity
            && (name == nil || name == tax.name) && (from == nil || from == tax.from)
    }
}
