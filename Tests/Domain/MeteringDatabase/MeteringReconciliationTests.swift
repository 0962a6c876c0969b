import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct MeteringReconciliationTests {
    @Test(arguments: [
        ("UPDATE app.usage_rollups SET sum = sum + 1", MeteringDifference.Kind.rollup),
        ("DELETE FROM app.usage_rollups", .rollup),
        ("DELETE FROM app.usage_events", .keyWithoutEvent),
        ("DELETE FROM app.usage_keys", .eventWithoutKey),
        ("INSERT INTO app.usage_events SELECT * FROM app.usage_events", .eventTwice),
    ])
    func `what does not agree is found, with its ids`(_ damage: String, _ kind: MeteringDifference.Kind) async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest([UsageFixture.event("e1", value: 5)], for: tenant, in: database)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            try await Administration.run(damage, url: UsageFixture.superuser(of: database))
            let found = try await UsageFixture.differences(in: database)
            let difference = try #require(found.first { $0.kind == kind })
            #expect(difference.tenant == tenant)
            switch kind {
            case .rollup: #expect(difference.json["bucket"] == .string(testNow.text))
            default: #expect(difference.json["event"] == "e1")
            }
        }
    }

    @Test(arguments: [
        ("DELETE FROM app.usage_events WHERE revision = 1", MeteringDifference.Kind.keyWithoutEvent),
        ("DELETE FROM app.usage_amendments", .eventWithoutKey), ("DELETE FROM app.usage_voids", .rollup),
    ])
    func `amended events are looked at revision by revision`(
        _ damage: String,
        _ kind: MeteringDifference.Kind
    ) async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest([UsageFixture.event("e1", value: 5)], for: tenant, in: database)
            _ = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await MeteringOperations.amend(
                    "e1",
                    of: tenant,
                    with: UsageAmendment(json: ["value": "6"]),
                    by: UsageFixture.stamp,
                    in: transaction
                )
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            try await Administration.run(damage, url: UsageFixture.superuser(of: database))
            let found = try await UsageFixture.differences(in: database)
            #expect(found.contains { $0.kind == kind })
        }
    }
}
