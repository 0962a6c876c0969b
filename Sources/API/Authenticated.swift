import HTTPTypes
import Hummingbird
import Jobs
import Postgres
import Tenants
import Values

/// What an endpoint's closure is given besides its transaction.
struct Authorized: Sendable {
    let caller: Caller
    /// The tenant it acts on: the key's own, or the one that staff named.
    let tenant: TenantID?
    /// Where that tenant's days begin; UTC where there is none.
    let zone: Zone
    let stamp: Stamp

    /// The tenant, which endpoints open to tenants always have.
    func requiredTenant() throws(Problem) -> TenantID {
        guard let tenant else {
            throw .invalid("Abono-Tenant", "is missing; a staff key names the tenant it acts for, ten_…")
        }
        return tenant
    }
}

extension Call {
    /// Authenticates and runs a closure in one transaction.
    ///
    /// A tenant's key is looked up in the round trip that opens the transaction, so a revoked key is refused at once
    /// and nothing is cached. Staff run in the scope given, after their role was checked.
    ///
    /// `staffScope`: the scope for staff; nil is the tenant they named.
    func transaction<Value>(
        staffScope: Scope? = nil,
        isolation: Isolation = .readCommitted,
        _ body: (Authorized, borrowing Transaction) async throws -> Value
    ) async throws -> Value {
        let secret = try secret()
        let now = services.time.now()
        let first: (caller: Caller, value: Value?) = try await services.database.request(isolation: isolation) {
            transaction in
            guard let caller = try await Authentication.begin(secret: secret, at: now, in: transaction) else {
                throw Problem(
                    .unauthenticated,
                    code: "invalid_api_key",
                    "the key is not known, has expired or was revoked"
                )
            }
            try authorize(caller)
            guard caller.staff == nil else { return (caller, nil) }
            try requireActive(caller.tenantStatus)
            let authorized = Authorized(
                caller: caller,
                tenant: caller.tenant,
                zone: caller.timeZone,
                stamp: stamp(caller, testTime: caller.testTime)
            )
            return (caller, try await body(authorized, transaction))
        }
        services.keyUse.record(first.caller.key, at: now)
        if let value = first.value { return value }
        let (authorized, scope) = try await staff(first.caller, scope: staffScope)
        return try await services.database.transaction(as: scope, isolation: isolation) { transaction in
            try await body(authorized, transaction)
        }
    }

    /// Authenticates only: for what is done outside the request's own transaction.
    func authenticate() async throws -> Authorized {
        try await transaction { authorized, _ in authorized }
    }

    /// What staff act on and as whom.
    private func staff(_ caller: Caller, scope: Scope?) async throws -> (Authorized, Scope) {
        guard let named = try namedTenant() else {
            let authorized = Authorized(caller: caller, tenant: nil, zone: .utc, stamp: stamp(caller, testTime: nil))
            guard let scope else { return (authorized, .tenant(try authorized.requiredTenant())) }
            return (authorized, scope)
        }
        guard let tenant = try await services.tenant(named) else { throw Problem.notFound("tenant", named.text) }
        try requireActive(tenant.status)
        let authorized = Authorized(
            caller: caller,
            tenant: named,
            zone: tenant.timeZone,
            stamp: stamp(caller, testTime: tenant.testTime)
        )
        return (authorized, scope ?? .tenant(named))
    }

    /// A suspended tenant reads and pays; what uses or costs is refused.
    func requireActive(_ status: TenantStatus?) throws(Problem) {
        guard endpoint.needsActiveTenant, let status, status != .active else { return }
        throw Problem(
            .forbidden,
            code: "tenant_\(status.rawValue)",
            "the account is \(status.rawValue): it can read and pay, but not use or order anything"
        )
    }

    /// Like `transaction`, for what creates or changes something: obeys `Idempotency-Key`.
    ///
    /// The answer is stored under the key in the same transaction, so a repetition is answered with the same bytes,
    /// for good.
    ///
    /// `kept`: what of the answer is stored for repetitions; all of it unless it holds a secret.
    func write(
        staffScope: Scope? = nil,
        status: Int = 201,
        kept: (JSONValue) -> JSONValue = { $0 },
        _ body: (Authorized, borrowing Transaction) async throws -> JSONValue
    ) async throws -> Reply {
        let key = try idempotencyKey()
        return try await transaction(staffScope: staffScope) { authorized, transaction in
            guard let key else { return .json(status, try await body(authorized, transaction)) }
            let request = idempotentRequest(key, of: authorized)
            if let known = try await request.begin(in: transaction) { return known }
            let value = try await body(authorized, transaction)
            try await request.finish(status: status, kept(value), stamp: authorized.stamp, in: transaction)
            return .json(status, value)
        }
    }

    /// Authenticates, and finds the stored answer of an earlier run: for what asks others outside before it writes.
    func begin() async throws -> (authorized: Authorized, known: Reply?) {
        let key = try idempotencyKey()
        return try await transaction { authorized, transaction in
            guard let key else { return (authorized, nil) }
            return (authorized, try await idempotentRequest(key, of: authorized).begin(in: transaction))
        }
    }

    private func idempotencyKey() throws(Problem) -> String? {
        let key = header("Idempotency-Key")
        if let key, !(1...255).contains(key.utf8.count) {
            throw Problem.invalid("Idempotency-Key", "has \(key.utf8.count) bytes; 1 to 255 are allowed")
        }
        return key
    }

    private func idempotentRequest(_ key: String, of authorized: Authorized) -> IdempotentRequest {
        IdempotentRequest(
            tenant: authorized.tenant,
            key: key,
            route: "\(endpoint.method.rawValue) \(endpoint.path)",
            body: Array((request.uri.description).utf8) + body
        )
    }

    func authorize(_ caller: Caller) throws(Problem) {
        switch endpoint.access {
        case .open: return
        case .tenant(let scope, let staff):
            if let role = caller.staff { return try require(role, in: staff) }
            guard caller.scopes.contains(scope) else {
                throw Problem(
                    .forbidden,
                    code: "missing_scope",
                    "this needs the scope \(scope.rawValue); the key has \(Self.list(caller.scopes.map(\.rawValue)))"
                )
            }
        case .anyTenant(let staff):
            if let role = caller.staff { try require(role, in: staff) }
        case .staff(let roles):
            guard let role = caller.staff else {
                throw Problem(.forbidden, code: "staff_only", "this is for staff keys; the key is a tenant's")
            }
            try require(role, in: roles)
        }
    }

    private func require(_ role: StaffRole, in roles: Set<StaffRole>) throws(Problem) {
        guard roles.contains(role) else {
            throw Problem(
                .forbidden,
                code: "missing_role",
                "this is for the roles \(Self.list(roles.map(\.rawValue))); the key's role is \(role.rawValue)"
            )
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.sorted().joined(separator: ", ")
    }
}
