import Jobs
package import Postgres
package import Values

/// Saving, choosing and removing what a tenant pays with.
package enum PaymentMethodOperations {
    /// The most methods of a tenant that are not removed.
    package static let limit = 50

    /// Stores a method that its gateway has saved (see `Gateways.save`).
    ///
    /// A tenant's first method becomes its default, another one if the draft says so. One that is there already is
    /// returned as it is, made the default if asked.
    ///
    /// - Throws: `PaymentMethodError.tooMany`; `InvoiceError.tenantNotFound`.
    @discardableResult
    package static func add(
        _ draft: PaymentMethodDraft,
        _ details: PaymentMethodDetails,
        for tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentMethod {
        // One at a time: whoever comes second sees the first one's method and default.
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        let known = try await PaymentMethodQueries.find(
            details.reference,
            at: draft.gateway,
            of: tenant,
            in: transaction
        )
        if let known {
            return draft.isDefault
                ? try await makeDefault(known.id, of: tenant, by: stamp, in: transaction) : known
        }
        let count = try await PaymentMethodQueries.count(of: tenant, in: transaction)
        guard count < limit else { throw PaymentMethodError.tooMany(limit: limit) }
        let method = PaymentMethod(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            gateway: draft.gateway.rawValue,
            details: details,
            isDefault: draft.isDefault || count == 0,
            createdAt: stamp.at,
            removedAt: nil
        )
        if method.isDefault { try await transaction.execute(PaymentMethodQueries.clearDefault(of: tenant)) }
        try await transaction.execute(PaymentMethodQueries.insert(method, by: stamp))
        try await record("added", method, by: stamp, in: transaction)
        return method
    }

    /// Has a tenant's invoices collected with this method from now on.
    ///
    /// - Throws: `PaymentMethodError.notFound`, `.removed`.
    @discardableResult
    package static func makeDefault(
        _ id: PaymentMethodID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentMethod {
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        let method = try await required(id, of: tenant, in: transaction)
        guard method.removedAt == nil else { throw PaymentMethodError.removed(id) }
        guard !method.isDefault else { return method }
        try await transaction.execute(PaymentMethodQueries.clearDefault(of: tenant))
        try await transaction.execute(PaymentMethodQueries.makeDefault(id, of: tenant))
        let changed = try await required(id, of: tenant, in: transaction)
        try await record("default_set", changed, by: stamp, in: transaction)
        return changed
    }

    /// Removes a method; its gateway is told once the transaction has committed.
    ///
    /// Removing it again is no work. The default leaves no default: nothing is collected until another is chosen.
    ///
    /// - Throws: `PaymentMethodError.notFound`.
    @discardableResult
    package static func remove(
        _ id: PaymentMethodID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentMethod {
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        let method = try await required(id, of: tenant, in: transaction)
        guard method.removedAt == nil else { return method }
        try await transaction.execute(PaymentMethodQueries.remove(id, of: tenant, at: stamp.at))
        if method.gateway == GatewayName.stripe.rawValue {
            try await JobOperations.enqueue(
                [GatewayJobs.detachRequest(method, at: stamp.recordedAt)],
                at: stamp.recordedAt,
                in: transaction
            )
        }
        let removed = try await required(id, of: tenant, in: transaction)
        try await record("removed", removed, by: stamp, in: transaction)
        return removed
    }

    private static func required(
        _ id: PaymentMethodID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentMethod {
        guard let method = try await PaymentMethodQueries.find(id, of: tenant, in: transaction) else {
            throw PaymentMethodError.notFound(id)
        }
        return method
    }

    private static func record(
        _ act: String,
        _ method: PaymentMethod,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            "payment_method.\(act)",
            object: method.id.text,
            tenant: method.tenant,
            details: method.json,
            by: stamp,
            in: transaction
        )
    }
}
