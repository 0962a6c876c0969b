import Metering
import Postgres
import TestSupport
import Testing
import Values

/// Random stories of usage, told to the database and to a list in memory; both must say the same.
@Suite struct UsageStoryTests {
    /// What the list in memory knows of an event.
    private struct Told {
        let tenant: Int
        let event: UsageEvent
        var isVoid = false
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `rollups and edges say what the events say`(_ seed: UInt64) async throws {
        try await withDatabase { database in
            var random = Sampler(seed: seed)
            let tenants = UsageFixture.tenants(2)
            let subscriptions = (0..<2).map { _ in SubscriptionID.make(at: testNow) }
            var told: [String: Told] = [:]
            for _ in 0..<12 {
                let batch = try (0..<40).map { _ in
                    try Self.event(subscriptions: subscriptions, &random)
                }.map { (tenant: Int.random(in: 0...1, using: &random), event: $0) }
                let outcomes = try await database.transaction(as: .ingest) { transaction in
                    try await MeteringOperations.ingest(
                        batch.map { (tenant: tenants[$0.tenant], event: $0.event) },
                        recordedAt: testNow,
                        in: transaction
                    )
                }
                for (sent, outcome) in zip(batch, outcomes) {
                    let key = "\(sent.tenant) \(sent.event.id)"
                    let stored = told[key]?.event
                    let expected: IngestOutcome.Kind =
                        stored.map { $0 == sent.event ? .duplicate : .conflict } ?? .accepted
                    #expect(outcome.kind == expected)
                    if stored == nil { told[key] = Told(tenant: sent.tenant, event: sent.event) }
                }
                for key in told.keys.sorted().shuffled(using: &random).prefix(5) {
                    guard let event = told[key] else { continue }
                    told[key]?.isVoid = true
                    try await database.transaction(as: .system) { transaction in
                        _ = try await MeteringOperations.void(
                            event.event.id,
                            of: tenants[event.tenant],
                            by: UsageFixture.stamp,
                            in: transaction
                        )
                    }
                }
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            for _ in 0..<60 {
                try await Self.compare(told, tenants, subscriptions, &random, in: database)
            }
        }
    }

    private static func compare(
        _ told: [String: Told],
        _ tenants: [TenantID],
        _ subscriptions: [SubscriptionID],
        _ random: inout Sampler,
        in database: Database
    ) async throws {
        let tenant = Int.random(in: 0...1, using: &random)
        let subscription = Bool.random(using: &random) ? subscriptions.randomElement(using: &random) : nil
        let from = Int64.random(in: 0..<6_000, using: &random)
        let to = from + Int64.random(in: 1..<6_000, using: &random)
        let (start, end) = (testNow.adding(seconds: from), testNow.adding(seconds: to))
        let counted = told.values.filter { told in
            told.tenant == tenant && !told.isVoid && told.event.at >= start && told.event.at < end
                && (subscription == nil || told.event.subscription == subscription)
        }
        let values = counted.map(\.event.value)
        let expected = UsageTotals(
            count: values.count,
            sum: values.reduce(.zero) { $0 + $1.exact },
            min: values.min(),
            max: values.max()
        )
        let totals = try await UsageFixture.totals(
            tenants[tenant],
            subscription: subscription,
            from: from,
            to: to,
            in: database
        )
        #expect(totals == expected, "from \(start) to \(end)")
    }

    /// An event whose id may have come before, at the bounds of quarters more often than chance would have it.
    private static func event(subscriptions: [SubscriptionID], _ random: inout Sampler) throws -> UsageEvent {
        let seconds =
            Bool.random(using: &random)
            ? Int64.random(in: 0..<9_000, using: &random) : 900 * Int64.random(in: 0..<10, using: &random)
        let subscription = Bool.random(using: &random) ? subscriptions.randomElement(using: &random) : nil
        return try UsageFixture.event(
            "e\(Int.random(in: 0..<400, using: &random))",
            after: seconds,
            value: try #require(Decimal12("\(Int.random(in: -50...50, using: &random)).25")),
            subscription: subscription
        )
    }
}
