package import Postgres
package import Values

/// Reading payment methods, and what gateways call tenants.
package enum PaymentMethodQueries {
    /// What a tenant's invoices are collected with; nil if it has no default.
    package static func `default`(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentMethod? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.payment_methods
            WHERE tenant_id = \(tenant) AND is_default
            """,
            method
        )
    }

    /// One of a tenant's methods, also a removed one.
    package static func find(
        _ id: PaymentMethodID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentMethod? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.payment_methods WHERE tenant_id = \(tenant) AND id = \(id)",
            method
        )
    }

    /// Methods in the order of their ids, without those removed.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    package static func list(
        of tenant: TenantID?,
        limit: Int,
        after: PaymentMethodID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PaymentMethod] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.payment_methods
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) AND removed_at IS NULL
              AND (\(after)::uuid IS NULL OR id > \(after))
            ORDER BY id LIMIT \(limit)
            """,
            method
        )
    }

    /// The tenant whose method this is; for `.finance`.
    package static func tenant(
        of id: PaymentMethodID,
        in transaction: borrowing Transaction
    ) async throws -> TenantID {
        let found: TenantID? = try await transaction.first(
            "SELECT tenant_id FROM app.payment_methods WHERE id = \(id)"
        ) { row in try row.next() }
        guard let found else { throw PaymentMethodError.notFound(id) }
        return found
    }

    /// The method a tenant has saved under a gateway's reference, which was not removed.
    static func find(
        _ reference: String,
        at gateway: GatewayName,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentMethod? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.payment_methods
            WHERE tenant_id = \(tenant) AND gateway = \(gateway.rawValue) AND reference = \(reference)
              AND removed_at IS NULL
            """,
            method
        )
    }

    /// How many methods a tenant has.
    static func count(of tenant: TenantID, in transaction: borrowing Transaction) async throws -> Int {
        let count: Int? = try await transaction.first(
            "SELECT count(*) FROM app.payment_methods WHERE tenant_id = \(tenant) AND removed_at IS NULL"
        ) { row in try row.next() }
        return count ?? 0
    }

    /// What a gateway calls a tenant.
    static func customer(
        of tenant: TenantID,
        at gateway: GatewayName,
        in transaction: borrowing Transaction
    ) async throws -> String? {
        try await transaction.first(
            """
            SELECT customer FROM app.gateway_customers WHERE tenant_id = \(tenant) AND gateway = \(gateway.rawValue)
            """
        ) { row in try row.next() }
    }

    static func insertCustomer(_ customer: String, of tenant: TenantID, at gateway: GatewayName, now: Instant) -> SQL {
        """
        INSERT INTO app.gateway_customers (tenant_id, gateway, customer, recorded_at)
        VALUES (\(tenant), \(gateway.rawValue), \(customer), \(now)) ON CONFLICT DO NOTHING
        """
    }

    static func insert(_ method: PaymentMethod, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.payment_methods (tenant_id, id, gateway, customer, reference, kind, brand, last4, expires_month,
                                         expires_year, is_default, created_at, removed_at, recorded_at, author)
        VALUES (\(method.tenant), \(method.id), \(method.gateway), \(method.customer), \(method.reference),
                \(method.details.kind), \(method.details.brand), \(method.details.last4),
                \(method.details.expiry?.month), \(method.details.expiry?.year), \(method.isDefault),
                \(method.createdAt), NULL, \(stamp.recordedAt), \(stamp.author))
        """
    }

    static func clearDefault(of tenant: TenantID) -> SQL {
        "UPDATE app.payment_methods SET is_default = false WHERE tenant_id = \(tenant) AND is_default"
    }

    static func makeDefault(_ id: PaymentMethodID, of tenant: TenantID) -> SQL {
        "UPDATE app.payment_methods SET is_default = true WHERE tenant_id = \(tenant) AND id = \(id)"
    }

    static func remove(_ id: PaymentMethodID, of tenant: TenantID, at instant: Instant) -> SQL {
        """
        UPDATE app.payment_methods SET removed_at = \(instant), is_default = false
        WHERE tenant_id = \(tenant) AND id = \(id) AND removed_at IS NULL
        """
    }

    private static let columns: SQL =
        """
        id, tenant_id, gateway, customer, reference, kind, brand, last4, expires_month, expires_year, is_default,
        created_at, removed_at
        """

    private static func method(_ row: inout RowReader) throws -> PaymentMethod {
        let id: PaymentMethodID = try row.next()
        let tenant: TenantID = try row.next()
        let gateway: String = try row.next()
        let customer: String? = try row.next()
        let reference: String = try row.next()
        let kind: String = try row.next()
        let brand: String? = try row.next()
        let last4: String? = try row.next()
        let month: Int? = try row.next()
        let year: Int? = try row.next()
        var expiry: PaymentMethodDetails.Expiry?
        if let year, let month { expiry = PaymentMethodDetails.Expiry(year: year, month: month) }
        return PaymentMethod(
            id: id,
            tenant: tenant,
            gateway: gateway,
            details: PaymentMethodDetails(
                customer: customer,
                reference: reference,
                kind: kind,
                brand: brand,
                last4: last4,
                expiry: expiry
            ),
            isDefault: try row.next(),
            createdAt: try row.next(),
            removedAt: try row.next()
        )
    }
}
