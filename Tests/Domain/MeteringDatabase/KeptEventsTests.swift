import Metering
import Postgres
import TestSupport
import Testing
import Values

/// Events whose meter is not known yet.
@Suite struct KeptEventsTests {
    private static func put(_ code: String, in database: Database) async throws {
        _ = try await database.transaction(as: .admin) { transaction in
            try await MeterOperations.put(
                Meter(code: code, rule: AggregationRule(.sum)),
                by: UsageFixture.stamp,
                in: transaction
            )
        }
    }

    private static func replay(_ meter: String? = nil, in database: Database) async throws -> UsageKeptOperations.Replay
    {
        var replay = UsageKeptOperations.Replay()
        repeat {
            replay.add(
                try await database.transaction(as: .system) { transaction in
                    try await UsageKeptOperations.replay(meter: meter, by: UsageFixture.stamp, in: transaction)
                }
            )
        } while replay.hasMore
        return replay
    }

    @Test func `they are refused and kept, and count once the meter is there`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(2)
            let events = try (0..<3).map { number in
                try UsageFixture.event("e\(number)", meter: "later", value: 2, properties: ["n": .int(number)])
            }
            for tenant in tenants {
                let known = try UsageFixture.event("known")
                let outcomes = try await UsageFixture.ingest(events + [known], for: tenant, in: database)
                #expect(outcomes.map(\.kind) == [.rejected, .rejected, .rejected, .accepted])
                #expect(outcomes[0].json["code"] == "unknown_meter" && outcomes[0].json["kept"] == true)
                #expect(outcomes[0].errors.first?.field == "meter")
            }
            // The same again is kept once.
            try await UsageFixture.ingest([events[0]], for: tenants[0], in: database)
            #expect(try await Self.replay(in: database).total == 0)
            try await Self.put("later", in: database)
            let jobs: [String] = try await database.transaction(as: .system) { transaction in
                try await transaction.query("SELECT kind FROM app.jobs WHERE payload ->> 'meter' = 'later'") { row in
                    try row.next()
                }
            }
            #expect(jobs == ["metering.replay"])
            // Sent again before they are replayed: each counts once.
            let sent = try await UsageFixture.ingest([events[0]], for: tenants[0], in: database)
            #expect(sent.map(\.kind) == [.accepted])
            let replay = try await Self.replay("later", in: database)
            #expect(replay.counts == [.accepted: 5, .duplicate: 1])
            #expect(try await Self.replay(in: database).total == 0)
            for tenant in tenants {
                let totals = try await UsageFixture.totals(tenant, meter: "later", to: 900, in: database)
                #expect(totals.count == 3 && totals.sum == 6)
                let again = try await UsageFixture.ingest(events, for: tenant, in: database)
                #expect(again.map(\.kind) == [.duplicate, .duplicate, .duplicate])
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `an id that was sent with a known meter meanwhile is not stored twice`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest([UsageFixture.event("e", meter: "tokens.outptu")], for: tenant, in: database)
            let right = try await UsageFixture.ingest([UsageFixture.event("e")], for: tenant, in: database)
            #expect(right.map(\.kind) == [.accepted])
            try await Self.put("tokens.outptu", in: database)
            #expect(try await Self.replay(in: database).counts == [.conflict: 1])
            let totals = try await UsageFixture.totals(tenant, meter: "tokens.outptu", to: 900, in: database)
            #expect(totals == .empty)
        }
    }

    @Test func `replays at once store each event once`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenants = UsageFixture.tenants(3)
            for tenant in tenants {
                let events = try (0..<60).map { try UsageFixture.event("e\($0)", meter: "later") }
                try await UsageFixture.ingest(events, for: tenant, in: database)
            }
            try await Self.put("later", in: database)
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await Self.replay(in: database).total } }
                return try await group.reduce(0, +)
            }
            #expect(total == 180)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }
}
