import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct IngestSumTests {
    @Test func `values whose sum is wider than one of them are added up exactly`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let widest = try #require(Decimal12("99999999999999999999999999.999999999999"))
            let events = try (0..<50).map { number in
                try UsageFixture.event("e\(number)", after: Int64(number), value: number % 10 == 0 ? -widest : widest)
            }
            let outcomes = try await UsageFixture.ingest(events, for: tenant, in: database)
            #expect(outcomes.allSatisfy { $0.kind == .accepted })
            let totals = try await UsageFixture.totals(tenant, to: 900, in: database)
            #expect(totals == UsageTotals(count: 50, sum: widest.exact * 40, min: -widest, max: widest))
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `a batch is added up by tenant, meter, quarter of an hour and subscription`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(2)
            let subscription = SubscriptionID.make(at: testNow)
            var random = Sampler(seed: 5)
            var sums: [String: Exact] = [:]
            var batch: [(tenant: TenantID, event: UsageEvent)] = []
            for number in 0..<400 {
                let tenant = tenants[number % 2]
                let meter = number % 3 == 0 ? "requests" : "tokens.output"
                let second = Int64.random(in: 0..<7_200, using: &random)
                let value = Decimal12(Int.random(in: -50...4_000, using: &random))
                let event = try UsageFixture.event(
                    "e\(number)",
                    meter: meter,
                    after: second,
                    value: value,
                    subscription: number % 5 == 0 ? subscription : nil
                )
                batch.append((tenant, event))
                sums["\(tenant) \(meter) \(second / 900)", default: .zero] =
                    sums[
                        "\(tenant) \(meter) \(second / 900)",
                        default: .zero
                    ] + value.exact
            }
            let sent = batch
            try await database.transaction(as: .ingest) { transaction in
                _ = try await MeteringOperations.ingest(sent, recordedAt: testNow, in: transaction)
            }
            for tenant in tenants {
                for meter in ["requests", "tokens.output"] {
                    for quarter in Int64(0)..<8 {
                        let totals = try await UsageFixture.totals(
                            tenant,
                            meter: meter,
                            from: quarter * 900,
                            to: (quarter + 1) * 900,
                            in: database
                        )
                        #expect(totals.sum == sums["\(tenant) \(meter) \(quarter)"] ?? .zero)
                    }
                }
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }
}
