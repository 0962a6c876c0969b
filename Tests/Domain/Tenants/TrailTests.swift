import Jobs
import Postgres
import Tenants
import TestSupport
import Testing
import Values

/// The trail of every write, and what it and the tables never hold.
@Suite struct TrailTests {
    private static let stamp = Stamp(now: testNow, author: .system("test"), requestID: "req-1")

    @Test func `every write leaves one line that says who did what to which object`() async throws {
        try await withDatabase { database in
            var fields = try JSONFields(["name": "Renamed"])
            let changes = try TenantChanges(json: &fields)
            let tenant = try await database.transaction(as: .admin) { transaction in
                _ = try await LegalEntityOperations.create(
                    try LegalEntityDraft(name: "Seller"),
                    by: Self.stamp,
                    in: transaction
                )
                let tenant = try await TenantOperations.create(
                    try TenantDraft(name: "Acme"),
                    by: Self.stamp,
                    in: transaction
                )
                _ = try await TenantOperations.update(tenant.id, changes, by: Self.stamp, in: transaction)
                try await TenantOperations.fixCurrency(.eur, of: tenant.id, by: Self.stamp, in: transaction)
                _ = try await TenantOperations.suspend(tenant.id, by: Self.stamp, in: transaction)
                _ = try await TenantOperations.resume(tenant.id, by: Self.stamp, in: transaction)
                return tenant.id
            }
            try await database.transaction(as: .tenant(tenant)) { transaction in
                let member = try await MemberOperations.add(
                    try MemberDraft(email: "ann@example.com", role: .viewer),
                    to: tenant,
                    by: Self.stamp,
                    in: transaction
                )
                _ = try await MemberOperations.setRole(
                    .admin,
                    of: member.id,
                    tenant: tenant,
                    by: Self.stamp,
                    in: transaction
                )
                _ = try await MemberOperations.remove(member.id, tenant: tenant, by: Self.stamp, in: transaction)
                let key = try await KeyOperations.create(try KeyDraft(), for: tenant, by: Self.stamp, in: transaction)
                    .key
                try await KeyOperations.revoke(key.id, of: tenant, by: Self.stamp, in: transaction)
            }
            let entries: [Activity.Entry] = try await database.transaction(as: .finance) { transaction in
                try await Activity.list(tenant: nil, limit: 100, in: transaction)
            }
            #expect(
                entries.map(\.verb).sorted() == [
                    "key.created", "key.revoked", "legal_entity.created", "member.added", "member.removed",
                    "member.role_changed", "tenant.created", "tenant.currency_fixed", "tenant.resumed",
                    "tenant.suspended", "tenant.updated",
                ]
            )
            for entry in entries {
                #expect(entry.author == "system:test" && entry.requestID == "req-1" && entry.at == testNow)
                let isOfTenant = entry.tenant == tenant.uuidText
                #expect(isOfTenant == (entry.verb != "legal_entity.created"), "\(entry.verb)")
            }
        }
    }

    @Test func `what is refused leaves no line`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            func count() async throws -> Int {
                try await database.transaction(as: .finance) { transaction in
                    try await Activity.list(tenant: nil, limit: 100, in: transaction).count
                }
            }
            let before = try await count()
            await #expect(throws: TenantError.self) {
                try await TenantFixture.key(for: tenant, expiresAt: testNow, in: database)
            }
            await #expect(throws: TenantError.self) {
                try await database.transaction(as: .admin) { transaction in
                    _ = try await TenantOperations.suspend(.make(at: testNow), by: Self.stamp, in: transaction)
                }
            }
            #expect(try await count() == before)
        }
    }

    @Test func `a key's secret is nowhere in the database, only its hash`() async throws {
        try await withDatabase { database in
            let tenant = try await TenantFixture.tenant(in: database).id
            let (key, secret) = try await TenantFixture.key(for: tenant, in: database)
            let (_, staff) = try await database.transaction(as: .admin) { transaction in
                try await KeyOperations.createStaff(
                    try KeyDraft(name: "books"),
                    role: .finance,
                    by: TenantFixture.stamp,
                    in: transaction
                )
            }
            let superuser = Database(url: TenantFixture.superuser(of: database), connections: 1)
            defer { superuser.close() }
            try await superuser.transaction(as: .system) { transaction in
                // No role of ours may read hashes.
                try await transaction.execute("RESET ROLE")
                let hashes: [[UInt8]] = try await transaction.query(
                    "SELECT key_hash FROM app.api_keys WHERE key_id = \(key.id)"
                ) { row in try row.bytes() }
                #expect(hashes == [KeySecret.hash(secret)])
                let tables: [String] = try await transaction.query(
                    """
                    SELECT oid::regclass::text FROM pg_class
                    WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1
                    """
                ) { row in try row.next() }
                #expect(tables.contains("app.api_keys") && tables.contains("app.activity"))
                for table in tables {
                    for hidden in [secret.dropFirst(12), staff.dropFirst(12)].map(String.init) {
                        let found: Int? = try await transaction.first(
                            """
                            SELECT count(*) FROM \(unescaped: table) AS t WHERE position(\(hidden)::text in t::text) > 0
                            """
                        ) { row in try row.next() }
                        #expect(found == 0, "\(table)")
                    }
                }
            }
        }
    }
}
