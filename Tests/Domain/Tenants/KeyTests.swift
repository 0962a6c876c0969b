import Postgres
import Tenants
import TestSupport
import Testing
import Values

@Suite struct KeyTests {
    @Test func `a secret says who comes, and sets the tenant`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant("Acme", currency: .usd, in: database)
            try await TenantFixture.tenant("Other", in: database)
            let (key, secret) = try await TenantFixture.key(for: tenant.id, scopes: [.keys, .usageRead], in: database)
            #expect(KeySecret.isWellFormed(secret))
            #expect(secret.hasPrefix(key.prefix))
            try await database.request { transaction in
                let caller = try #require(
                    try await Authentication.begin(secret: secret, at: testNow, in: transaction)
                )
                #expect(caller.key == key.id)
                #expect(caller.tenant == tenant.id)
                #expect(caller.staff == nil)
                #expect(caller.scopes == [.keys, .usageRead])
                #expect(caller.tenantStatus == .active)
                #expect(caller.currency == .usd)
                let visible = try await TenantQueries.list(limit: 10, in: transaction)
                #expect(visible.map(\.id) == [tenant.id])
            }
        }
    }

    @Test func `a revoked key is refused from the next request on`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            let (key, secret) = try await TenantFixture.key(for: tenant, in: database)
            #expect(try await TenantFixture.caller(secret, in: database) != nil)
            let revoked: APIKey = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await KeyOperations.revoke(key.id, of: tenant, by: TenantFixture.stamp(after: 5), in: transaction)
            }
            #expect(revoked.revokedAt == testNow.adding(seconds: 5))
            #expect(try await TenantFixture.caller(secret, in: database) == nil)
            let again: APIKey = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await KeyOperations.revoke(key.id, of: tenant, by: TenantFixture.stamp(after: 9), in: transaction)
            }
            #expect(again.revokedAt == revoked.revokedAt)
        }
    }

    @Test func `an expired key is refused, from the instant of its expiry`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            let end = testNow.adding(seconds: 60)
            let (_, secret) = try await TenantFixture.key(for: tenant, expiresAt: end, in: database)
            #expect(try await TenantFixture.caller(secret, at: end.adding(microseconds: -1), in: database) != nil)
            #expect(try await TenantFixture.caller(secret, at: end, in: database) == nil)
            await #expect(throws: TenantError.expiresInPast(testNow)) {
                try await TenantFixture.key(for: tenant, expiresAt: testNow, in: database)
            }
        }
    }

    @Test func `a suspended tenant's key says so, a closed one's is refused`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            let (_, secret) = try await TenantFixture.key(for: tenant, in: database)
            try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.suspend(tenant, by: TenantFixture.stamp, in: transaction)
            }
            #expect(try await TenantFixture.caller(secret, in: database)?.tenantStatus == .suspended)
            try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.close(tenant, by: TenantFixture.stamp, in: transaction)
            }
            #expect(try await TenantFixture.caller(secret, in: database) == nil)
        }
    }

    @Test func `a staff key has a role and no tenant`() async throws {
        try await withDatabase { database in
            let (_, secret) = try await database.transaction(as: .admin) { transaction in
                try await KeyOperations.createStaff(
                    try KeyDraft(name: "books"),
                    role: .finance,
                    by: TenantFixture.stamp,
                    in: transaction
                )
            }
            let caller = try #require(try await TenantFixture.caller(secret, in: database))
            #expect(caller.staff == .finance)
            #expect(caller.tenant == nil)
            #expect(caller.scopes.isEmpty)
            // No tenant is set, so tenant tables refuse.
            let error = await #expect(throws: PostgresError.self) {
                try await database.request { transaction in
                    _ = try await Authentication.begin(secret: secret, at: testNow, in: transaction)
                    _ = try await TenantQueries.list(limit: 1, in: transaction)
                }
            }
            #expect(error?.isTenantMissing == true)
        }
    }

    @Test(arguments: ["", "abk_", "nonsense", "abk_" + String(repeating: "a", count: 43)])
    func `an unknown secret is nobody`(_ secret: String) async throws {
        try await withDatabase { database in
            let caller = try await TenantFixture.caller(secret, in: database)
            #expect(caller == nil)
        }
    }

    @Test func `a key gives no scope that it has not itself`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            await #expect(throws: TenantError.scopeNotHeld(.billingWrite)) {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    _ = try await KeyOperations.create(
                        try KeyDraft(scopes: [.keys, .billingWrite]),
                        for: tenant,
                        within: [.keys],
                        by: TenantFixture.stamp,
                        in: transaction
                    )
                }
            }
        }
    }

    @Test func `nobody reads a hash, and no tenant makes a staff key`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            _ = try await TenantFixture.key(for: tenant, in: database)
            for scope in [Scope.tenant(tenant), .finance, .ingest, .system, .admin] {
                let error = await #expect(throws: PostgresError.self, "\(scope)") {
                    try await database.transaction(as: scope) { transaction in
                        _ = try await transaction.execute("SELECT key_hash FROM app.api_keys")
                    }
                }
                #expect(error?.isPermissionDenied == true)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    _ = try await KeyOperations.createStaff(
                        try KeyDraft(),
                        role: .admin,
                        by: TenantFixture.stamp,
                        in: transaction
                    )
                }
            }
            #expect(error?.isPermissionDenied == true)
        }
    }

    @Test func `a tenant cannot revoke another's key, or even see it`() async throws {
        try await withDatabase { database in
            let own = try await TenantFixture.tenant("Own", in: database).id
            let other = try await TenantFixture.tenant("Other", in: database).id
            let (key, secret) = try await TenantFixture.key(for: other, in: database)
            await #expect(throws: TenantError.keyNotFound(key.id)) {
                try await database.transaction(as: .tenant(own)) { transaction in
                    _ = try await KeyOperations.revoke(key.id, of: own, by: TenantFixture.stamp, in: transaction)
                }
            }
            #expect(try await TenantFixture.caller(secret, in: database) != nil)
        }
    }

    @Test func `the last use only moves forward`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            let key = try await TenantFixture.key(for: tenant, in: database).key
            func used(_ seconds: [Int64]) async throws -> Instant? {
                try await database.transaction(as: .system) { transaction in
                    try await KeyOperations.recordUse(
                        seconds.map { (key: key.id, at: testNow.adding(seconds: $0)) },
                        in: transaction
                    )
                    return try await KeyQueries.find(key.id, in: transaction)?.lastUsedAt
                }
            }
            #expect(try await used([]) == nil)
            #expect(try await used([3, 7, 5]) == testNow.adding(seconds: 7))
            #expect(try await used([6]) == testNow.adding(seconds: 7))
        }
    }

    @Test(arguments: [
        (#"{"scopes": []}"#, "scopes"), (#"{"scopes": ["all"]}"#, "scopes[0]"), (#"{"scopes": "keys"}"#, "scopes"),
        (#"{"name": ""}"#, "name"), (#"{"expires_at": "soon"}"#, "expires_at"), (#"{"role": "admin"}"#, "role"),
    ])
    func `a bad draft names its field`(_ text: String, _ field: String) throws {
        let error = #expect(throws: Problem.self) {
            var fields = try JSONFields(JSONValue(parsing: text))
            _ = try KeyDraft(json: &fields)
        }
        #expect(error?.errors.map(\.field) == [field])
    }
}
