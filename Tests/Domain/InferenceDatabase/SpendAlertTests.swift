import Billing
import Inference
import Jobs
import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct SpendAlertTests {
    @Test func `spend is told at what the limit counts, credit at what is left of it`() async throws {
        try await withDatabase { database in
            let tenant = try await InferenceWorld.makeTenant(spendLimit: "10.00", in: database)
            try await InferenceWorld.subscribe(
                tenant,
                prices: [("tokens.output", "0.10")],
                features: ["inference": [:]],
                in: database
            )
            try await database.transaction(as: .tenant(tenant)) { transaction in
                for draft in [
                    try AlertDraft(kind: .spend, thresholds: ["50%", "8"]),
                    try AlertDraft(kind: .credit, thresholds: ["15"]),
                ] {
                    _ = try await AlertOperations.create(draft, for: tenant, by: InferenceWorld.stamp, in: transaction)
                }
                _ = try await CreditOperations.grant(
                    CreditGrantDraft(amount: Money(minor: 2_000, currency: .usd), kind: .promotional),
                    to: tenant,
                    by: InferenceWorld.stamp,
                    in: transaction
                )
            }
            let time = ManualTime(testNow.adding(seconds: 7_200))
            #expect(try await SpendAlertJobs.run(database: database, time: time) == 0)
            try await Self.use(49, "a", of: tenant, in: database)
            #expect(try await SpendAlertJobs.run(database: database, time: time) == 0)
            // 5.00 is half of the limit, and leaves 15.00.
            try await Self.use(1, "b", of: tenant, in: database)
            #expect(try await SpendAlertJobs.run(database: database, time: time) == 2)
            try await Self.use(30, "c", of: tenant, in: database)
            #expect(try await SpendAlertJobs.run(database: database, time: time) == 1)
            #expect(try await SpendAlertJobs.run(database: database, time: time) == 0)
        }
    }

    private static func use(_ value: Decimal12, _ id: String, of tenant: TenantID, in database: Database) async throws {
        let event = try UsageEvent(
            id: id,
            meter: "tokens.output",
            at: testNow.adding(seconds: 3_600),
            value: value,
            properties: [:]
        )
        _ = try await database.transaction(as: .ingest) { transaction in
            try await MeteringOperations.ingest([(tenant: tenant, event: event)], recordedAt: testNow, in: transaction)
        }
    }
}
