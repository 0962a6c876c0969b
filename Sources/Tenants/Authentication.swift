package import Postgres
package import Values

/// Who a request comes from: a key, and what it may do.
package struct Caller: Hashable, Sendable {
    /// The key.
    package let key: KeyID
    /// The tenant, unless it is a staff key.
    package let tenant: TenantID?
    /// The role, if it is a staff key.
    package let staff: StaffRole?
    /// What a tenant's key may do; empty for staff.
    package let scopes: Set<KeyScope>
    /// The tenant's status; never closed.
    package let tenantStatus: TenantStatus?
    /// Where the tenant's days begin; UTC for staff.
    package let timeZone: Zone
    /// The tenant's currency, once it is fixed.
    package let currency: Currency?
    /// What a month's usage of the tenant may cost at most.
    package let spendLimit: Money?
    /// The time of a tenant in test mode; nil: the machine's.
    package let testTime: Instant?
}

/// Finds out who a request comes from.
package enum Authentication {
    /// Looks the key up and, if it is a tenant's, sets the transaction's tenant; nil: the key is not known, has
    /// expired or was revoked, or the tenant is closed.
    ///
    /// It is meant to be the first statement of `Database.request`: then it costs no round trip of its own.
    package static func begin(
        secret: String,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Caller? {
        guard KeySecret.isWellFormed(secret) else { return nil }
        return try await transaction.first(
            """
            SELECT key_id, tenant_id, staff_role, scopes, tenant_status, currency, time_zone, spend_limit_minor,
                   clock_at
            FROM app.begin_request(\(KeySecret.hash(secret))::bytea, \(now)::timestamptz)
            """,
            caller
        )
    }

    static func caller(_ row: inout RowReader) throws -> Caller {
        let key: KeyID = try row.next()
        let tenant: TenantID? = try row.next()
        let role: String? = try row.next()
        let scopes: [String] = try row.next()
        let status: String? = try row.next()
        let currency: Currency? = try row.next()
        let zoneName: String? = try row.next()
        let limit: Int64? = try row.next()
        var zone = Zone.utc
        if let zoneName {
            guard let known = Zone(zoneName) else { throw TenantError.unknownZone(zoneName) }
            zone = known
        }
        return Caller(
            key: key,
            tenant: tenant,
            staff: role.flatMap(StaffRole.init(rawValue:)),
            scopes: Set(scopes.compactMap(KeyScope.init(rawValue:))),
            tenantStatus: status.flatMap(TenantStatus.init(rawValue:)),
            timeZone: zone,
            currency: currency,
            spendLimit: limit.flatMap { minor in currency.map { Money(minor: minor, currency: $0) } },
            testTime: try row.next()
        )
    }
}
