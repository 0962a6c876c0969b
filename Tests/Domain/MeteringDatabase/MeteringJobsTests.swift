import Jobs
import Logging
import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct MeteringJobsTests {
    @Test func `what a new meter counts is computed, and what was kept for it is stored, in the background`()
        async throws
    {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let events = try [
                UsageFixture.event("a", value: 5, properties: ["model": "large"]),
                UsageFixture.event("b", value: 3), UsageFixture.event("c", meter: "later", value: 7),
            ]
            try await UsageFixture.ingest(events, for: tenant, in: database)
            try await database.transaction(as: .admin) { transaction in
                for json: JSONValue in [
                    ["code": "later", "aggregation": "sum"],
                    [
                        "code": "large", "aggregation": "sum", "source": "tokens.output",
                        "filter": ["model": ["large"]],
                    ],
                ] {
                    _ = try await MeterOperations.put(Meter(definition: json), by: UsageFixture.stamp, in: transaction)
                }
            }
            let time = ManualTime(testNow)
            let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: Logger(label: "test"))
            try await keeper.register()
            let worker = JobWorker(database: database, keeper: keeper, time: time, logger: Logger(label: "test"))
            try MeteringJobs.install(on: worker)
            for second in 1...600 {
                _ = await worker.work()
                let isComputed = try await database.transaction(as: .finance) { transaction in
                    try await MeterQueries.require("large", in: transaction).isComputed
                }
                if isComputed { break }
                // Meanwhile others of the cluster come to their end.
                time.set(testNow.adding(seconds: Int64(second)))
                try await Task.sleep(for: .milliseconds(30))
            }
            #expect(try await UsageFixture.totals(tenant, meter: "later", to: 900, in: database).sum == 7)
            #expect(try await UsageFixture.totals(tenant, meter: "large", to: 900, in: database).sum == 5)
            let isComputed = try await database.transaction(as: .finance) { transaction in
                try await MeterQueries.require("large", in: transaction).isComputed
            }
            #expect(isComputed)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }
}
