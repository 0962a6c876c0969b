import Jobs
import Postgres
import Tenants
import Values

/// What an endpoint's closure is given besides its transaction.
struct Authorized: Sendable {
    let caller: Caller
    /// The tenant it acts on: the key's own, or the one that staff named.
    let tenant: TenantID?
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
    /// - Parameter staffScope: the scope for staff; nil is the tenant they named.
    func transaction<Value>(
        staffScope: Scope? = nil, isolation: Isolation = .readCommitted,
        _ body: (Authorized, borrowing Transaction) async throws -> Value
    ) async throws -> Value {
        let secret = try secret()
        let now = services.time.now()
        let first: (caller: Caller, value: Value?) = try await services.database.request(isolation: isolation) {
            transaction in
            guard let caller = try await Authentication.begin(secret: secret, at: now, in: transaction) else {
                throw Problem(
                    .unauthenticated, code: "invalid_api_key", "the key is not known, has expired or was revoked")
            }
            try authorize(caller)
            guard caller.staff == nil else { return (caller, nil) }
            let authorized = Authorized(caller: caller, tenant: caller.tenant, stamp: stamp(caller))
            return (caller, try await body(authorized, transaction))
        }
        services.keyUse.record(first.caller.key, at: now)
        if let value = first.value { return value }
        let named = try namedTenant()
        let authorized = Authorized(caller: first.caller, tenant: named, stamp: stamp(first.caller))
        let scope: Scope
        if let staffScope {
            scope = staffScope
        } else {
            let tenant = try authorized.requiredTenant()
            guard try await services.exists(tenant) else { throw Problem.notFound("tenant", tenant.text) }
            scope = .tenant(tenant)
        }
        return try await services.database.transaction(as: scope, isolation: isolation) { transaction in
            try await body(authorized, transaction)
        }
    }

    /// Like `transaction`, for what creates or changes something: obeys `Idempotency-Key`.
    ///
    /// The answer is stored under the key in the same transaction, so a repetition is answered with the same bytes,
    /// for good.
    func write(
        staffScope: Scope? = nil, status: Int = 201,
        _ body: (Authorized, borrowing Transaction) async throws -> JSONValue
    ) async throws -> Reply {
        let key = header("Idempotency-Key")
        if let key, !(1...255).contains(key.utf8.count) {
            throw Problem.invalid("Idempotency-Key", "has \(key.utf8.count) bytes; 1 to 255 are allowed")
        }
        return try await transaction(staffScope: staffScope) { authorized, transaction in
            guard let key else { return .json(status, try await body(authorized, transaction)) }
            let request = IdempotentRequest(
                tenant: authorized.tenant, key: key, route: "\(endpoint.method.rawValue) \(endpoint.path)",
                body: Array((self.request.uri.description).utf8) + self.body)
            if let known = try await request.begin(in: transaction) { return known }
            let value = try await body(authorized, transaction)
            try await request.finish(status: status, value, stamp: authorized.stamp, in: transaction)
            return .json(status, value)
        }
    }

    private func authorize(_ caller: Caller) throws(Problem) {
        switch endpoint.access {
        case .open: return
        case .tenant(let scope, let staff):
            if let role = caller.staff { return try require(role, in: staff) }
            guard caller.scopes.contains(scope) else {
                throw Problem(
                    .forbidden, code: "missing_scope",
                    "this needs the scope \(scope.rawValue); the key has \(Self.list(caller.scopes.map(\.rawValue)))")
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
                .forbidden, code: "missing_role",
                "this is for the roles \(Self.list(roles.map(\.rawValue))); the key's role is \(role.rawValue)")
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.sorted().joined(separator: ", ")
    }
}
