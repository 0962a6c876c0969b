package import Jobs
package import Postgres
package import Values

/// Reading tenants.
package enum TenantQueries {
    /// One tenant; nil if there is none, or the scope may not see it.
    package static func find(_ id: TenantID, in transaction: borrowing Transaction) async throws -> Tenant? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.tenants WHERE tenant_id = \(id)",
            tenant
        )
    }

    /// All tenants in the order of their ids: for staff.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        status: TenantStatus? = nil,
        limit: Int,
        after: TenantID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Tenant] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.tenants
            WHERE (\(after)::uuid IS NULL OR tenant_id > \(after))
              AND (\(status?.rawValue)::text IS NULL OR status = \(status?.rawValue))
            ORDER BY tenant_id LIMIT \(limit)
            """,
            tenant
        )
    }

    /// The tenant, held until the transaction ends.
    @discardableResult
    package static func lock(_ id: TenantID, in transaction: borrowing Transaction) async throws -> Tenant {
        let found = try await transaction.first(
            "SELECT \(fragment: columns) FROM app.tenants WHERE tenant_id = \(id) FOR UPDATE",
            tenant
        )
        guard let found else { throw TenantError.notFound(id) }
        return found
    }

    static let columns: SQL =
        """
        tenant_id, name, email, time_zone, currency, status, legal_entity_id, spend_limit_minor, metadata, created_at,
        clock_id, (SELECT c.at FROM app.test_clocks c WHERE c.clock_id = tenants.clock_id)
        """

    /// The condition that a tenant lives by the machine's clock: what runs by that leaves the others alone.
    ///
    /// `column`: the tenant's id in the statement.
    package static func onMachineTime(_ column: SQL) -> SQL {
        "\(fragment: column) NOT IN (SELECT t.tenant_id FROM app.tenants t WHERE t.clock_id IS NOT NULL)"
    }

    /// The tenants that live by a test clock, in the order of their ids.
    package static func on(_ clock: ClockID, in transaction: borrowing Transaction) async throws -> [TenantID] {
        try await transaction.query("SELECT tenant_id FROM app.tenants WHERE clock_id = \(clock) ORDER BY tenant_id") {
            row in try row.next()
        }
    }

    static func insert(_ tenant: Tenant, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.tenants (tenant_id, name, email, time_zone, currency, status, legal_entity_id,
                                 spend_limit_minor, metadata, created_at, clock_id, recorded_at)
        VALUES (\(tenant.id), \(tenant.name), \(tenant.email), \(tenant.timeZone.name), \(tenant.currency),
                \(tenant.status.rawValue), \(tenant.legalEntity), \(tenant.spendLimit?.minor), \(tenant.metadata),
                \(tenant.createdAt), \(tenant.testClock), \(recordedAt))
        ON CONFLICT (tenant_id) DO NOTHING
        """
    }

    static func update(_ tenant: Tenant) -> SQL {
        """
        UPDATE app.tenants SET name = \(tenant.name), email = \(tenant.email), time_zone = \(tenant.timeZone.name),
            currency = \(tenant.currency), status = \(tenant.status.rawValue),
            spend_limit_minor = \(tenant.spendLimit?.minor), metadata = \(tenant.metadata)
        WHERE tenant_id = \(tenant.id)
        """
    }

    /// Keeps what a tenant was called before a change, for the documents from before: of several changes at one instant
    /// what was before the first.
    static func keep(_ tenant: Tenant, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.former_tenants (tenant_id, replaced_at, name, email, time_zone, author)
        VALUES (\(tenant.id), \(stamp.recordedAt), \(tenant.name), \(tenant.email), \(tenant.timeZone.name),
                \(stamp.author))
        ON CONFLICT (tenant_id, replaced_at) DO NOTHING
        """
    }

    static func tenant(_ row: inout RowReader) throws -> Tenant {
        let id: TenantID = try row.next()
        let name: String = try row.next()
        let email: String? = try row.next()
        let zoneName: String = try row.next()
        let currency: Currency? = try row.next()
        let status: String = try row.next()
        let legalEntity: EntityID = try row.next()
        let limit: Int64? = try row.next()
        guard let timeZone = Zone(zoneName) else { throw TenantError.unknownZone(zoneName) }
        return Tenant(
            id: id,
            name: name,
            email: email,
            timeZone: timeZone,
            currency: currency,
            // The table's CHECK has no other words.
            status: TenantStatus(rawValue: status) ?? .closed,
            legalEntity: legalEntity,
            spendLimit: limit.flatMap { minor in currency.map { Money(minor: minor, currency: $0) } },
            metadata: try row.next(),
            createdAt: try row.next(),
            testClock: try row.next(),
            testTime: try row.next()
        )
    }
}
