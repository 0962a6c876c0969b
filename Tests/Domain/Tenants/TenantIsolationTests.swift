import Postgres
import Tenants
import TestSupport
import Testing
import Values

@Suite struct TenantIsolationTests {
    private static let tables = ["tenants", "members", "api_keys"]

    @Test func `a tenant sees its own rows only, and without a tenant nothing is seen`() async throws {
        try await withDatabase { database in
            let own = try await TenantFixture.tenant("Own", email: "own@example.com", in: database).id
            let other = try await TenantFixture.tenant("Other", email: "other@example.com", in: database).id
            for tenant in [own, other] { _ = try await TenantFixture.key(for: tenant, in: database) }
            for table in Self.tables {
                let statement: SQL = "SELECT tenant_id FROM app.\(unescaped: table)"
                let visible: [TenantID] = try await database.transaction(as: .tenant(own)) { transaction in
                    try await transaction.query(statement) { row in try row.next() }
                }
                #expect(Set(visible) == [own], "\(table)")
                let all: [TenantID] = try await database.transaction(as: .finance) { transaction in
                    try await transaction.query(statement) { row in try row.next() }
                }
                #expect(Set(all) == [own, other], "\(table)")
                let error = await #expect(throws: PostgresError.self) {
                    try await database.request { transaction in _ = try await transaction.execute(statement) }
                }
                #expect(error?.isTenantMissing == true, "\(table)")
                let denied = await #expect(throws: PostgresError.self) {
                    try await database.transaction(as: .ingest) { transaction in
                        _ = try await transaction.execute(statement)
                    }
                }
                #expect(denied?.isPermissionDenied == true, "\(table)")
            }
        }
    }

    @Test func `a tenant cannot write for another`() async throws {
        try await withDatabase { database in
            let own = try await TenantFixture.tenant("Own", in: database).id
            let other = try await TenantFixture.tenant("Other", in: database).id
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .tenant(own)) { transaction in
                    _ = try await MemberOperations.add(
                        try MemberDraft(email: "eve@example.com", role: .owner),
                        to: other,
                        by: TenantFixture.stamp,
                        in: transaction
                    )
                }
            }
            #expect(error?.isPermissionDenied == true)
            await #expect(throws: TenantError.notFound(other)) {
                try await database.transaction(as: .tenant(own)) { transaction in
                    try await TenantOperations.fixCurrency(
                        .usd,
                        of: other,
                        by: TenantFixture.stamp,
                        in: transaction
                    )
                }
            }
            await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .tenant(own)) { transaction in
                    _ = try await TenantOperations.suspend(own, by: TenantFixture.stamp, in: transaction)
                }
            }
        }
    }
}
