import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct MeteringIsolationTests {
    private static let tables = [
        "usage_keys", "usage_events", "usage_voids", "usage_amendments", "usage_kept", "usage_imports", "usage_rollups",
        "quotas",
    ]

    @Test func `a tenant sees its own rows only, and without a tenant nothing is seen`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(2)
            for tenant in tenants { try await Self.fill(tenant, in: database) }
            for table in Self.tables {
                let statement: SQL = "SELECT tenant_id FROM app.\(unescaped: table)"
                let visible: [TenantID] = try await database.transaction(as: .tenant(tenants[0])) { transaction in
                    try await transaction.query(statement) { row in try row.next() }
                }
                #expect(Set(visible) == [tenants[0]], "\(table)")
                let all: [TenantID] = try await database.transaction(as: .finance) { transaction in
                    try await transaction.query(statement) { row in try row.next() }
                }
                #expect(Set(all) == Set(tenants), "\(table)")
                let error = await #expect(throws: PostgresError.self) {
                    try await database.request { transaction in _ = try await transaction.execute(statement) }
                }
                #expect(error?.isTenantMissing == true, "\(table)")
            }
        }
    }

    @Test func `a tenant cannot store for another, and reporting cannot store at all`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(2)
            let event = try UsageFixture.event("e")
            for scope in [Scope.tenant(tenants[1]), .finance, .admin] {
                let error = await #expect(throws: PostgresError.self) {
                    try await UsageFixture.ingest([event], for: tenants[0], as: scope, in: database)
                }
                #expect(error?.isPermissionDenied == true)
            }
        }
    }

    @Test func `ingest reaches usage and nothing else`() async throws {
        try await withDatabase { database in
            for table in ["tenants", "members", "api_keys", "activity", "quotas"] {
                let error = await #expect(throws: PostgresError.self, "\(table)") {
                    try await database.transaction(as: .ingest) { transaction in
                        _ = try await transaction.execute("SELECT tenant_id FROM app.\(unescaped: table)")
                    }
                }
                #expect(error?.isPermissionDenied == true)
            }
            for statement in ["UPDATE app.usage_events SET value = 0", "DELETE FROM app.usage_keys"] as [SQL] {
                let error = await #expect(throws: PostgresError.self) {
                    try await database.transaction(as: .ingest) { transaction in
                        _ = try await transaction.execute(statement)
                    }
                }
                #expect(error?.isPermissionDenied == true)
            }
        }
    }

    private static func fill(_ tenant: TenantID, in database: Database) async throws {
        let events = try [
            UsageFixture.event("e1"), UsageFixture.event("e2"), UsageFixture.event("e3", meter: "not there"),
        ]
        try await UsageFixture.ingest(events, for: tenant, in: database)
        try await database.transaction(as: .tenant(tenant)) { transaction in
            _ = try await MeteringOperations.void("e1", of: tenant, by: UsageFixture.stamp, in: transaction)
            _ = try await MeteringOperations.amend(
                "e2",
                of: tenant,
                with: UsageAmendment(json: ["value": "2"]),
                by: UsageFixture.stamp,
                in: transaction
            )
            try await UsageImportOperations.keep(
                UsageImport(),
                Array(repeating: 7, count: 32),
                of: tenant,
                finished: false,
                at: testNow,
                in: transaction
            )
            _ = try await QuotaOperations.replace(
                tenant: tenant,
                source: "sub_one",
                rows: [
                    QuotaDraft(
                        feature: "output",
                        meter: "tokens.output",
                        allowance: 5,
                        window: UsageFixture.anyPeriod,
                        isHard: true
                    )
                ],
                by: UsageFixture.stamp,
                in: transaction
            )
        }
    }
}
