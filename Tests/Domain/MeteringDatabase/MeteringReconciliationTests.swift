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
}
