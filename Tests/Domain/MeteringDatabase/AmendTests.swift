import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct AmendTests {
    private static func amend(
        _ id: String,
        _ json: JSONValue,
        of tenant: TenantID,
        in database: Database
    ) async throws -> StoredEvent {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await MeteringOperations.amend(
                id,
                of: tenant,
                with: UsageAmendment(json: json),
                by: UsageFixture.stamp,
                in: transaction
            )
        }
    }

    @Test func `an amended event counts as it says now, and what it said stays`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let events = try [1, 5, 9].map { (value: Int) in
                try UsageFixture.event("e\(value)", value: Decimal12(value), properties: ["model": "small"])
            }
            try await UsageFixture.ingest(events, for: tenant, in: database)
            func totals() async throws -> UsageTotals { try await UsageFixture.totals(tenant, to: 900, in: database) }
            let amended = try await Self.amend("e5", ["value": "20", "reason": "typo"], of: tenant, in: database)
            #expect(amended.event.value == 20 && amended.event.properties == ["model": "small"])
            #expect(amended.voidedAt == nil && amended.latest.number == 1)
            #expect(try await totals() == UsageTotals(count: 3, sum: 30, min: 1, max: 20))
            // From the greatest to the least, and to another property.
            let again = try await Self.amend(
                "e5",
                ["value": "-2", "properties": ["model": "large"]],
                of: tenant,
                in: database
            )
            #expect(try await totals() == UsageTotals(count: 3, sum: 8, min: -2, max: 9))
            #expect(again.revisions.map(\.event.value) == [5, 20, -2])
            let history = try #require(again.json["history"]?.array)
            #expect(history.map { $0["value"] } == ["5", "20"])
            #expect(history.map { $0["reason"] } == ["typo", ""])
            #expect(history[0]["author"] == "command" && history[0]["amended_at"] == .string(testNow.text))
            #expect(again.json["revision"] == 2 && again.json["value"] == "-2")
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `an event may be moved to another time, month and subscription`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let subscription = SubscriptionID.make(at: testNow)
            try await UsageFixture.ingest([UsageFixture.event("e", value: 7)], for: tenant, in: database)
            _ = try await Self.amend(
                "e",
                ["at": "2026-07-02T10:00:00Z", "subscription": .string(subscription.text)],
                of: tenant,
                in: database
            )
            let old = try await UsageFixture.totals(tenant, to: 900, in: database)
            #expect(old == .empty)
            let new = try await UsageFixture.totals(
                tenant,
                subscription: subscription,
                to: 200 * 86_400,
                in: database
            )
            #expect(new == UsageTotals(count: 1, sum: 7, min: 7, max: 7))
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `the same amendment again, and both contents sent again, are duplicates`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let original = try UsageFixture.event("e", value: 7)
            try await UsageFixture.ingest([original], for: tenant, in: database)
            for _ in 0..<2 {
                let stored = try await Self.amend("e", ["value": "8.0"], of: tenant, in: database)
                #expect(stored.latest.number == 1)
            }
            let outcomes = try await UsageFixture.ingest(
                [original, UsageFixture.event("e", value: 8), UsageFixture.event("e", value: 9)],
                for: tenant,
                in: database
            )
            #expect(outcomes.map(\.kind) == [.duplicate, .duplicate, .conflict])
            let single = try await UsageFixture.ingest([UsageFixture.event("e", value: 8)], for: tenant, in: database)
            #expect(single.map(\.kind) == [.duplicate])
            #expect(try await UsageFixture.totals(tenant, to: 900, in: database).sum == 8)
        }
    }

    @Test func `what was taken back stays so; an amended event can be taken back as a whole`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest(
                [UsageFixture.event("a"), UsageFixture.event("b", value: 3)],
                for: tenant,
                in: database
            )
            _ = try await Self.amend("a", ["value": "4"], of: tenant, in: database)
            let stored = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await MeteringOperations.void("a", of: tenant, by: UsageFixture.stamp, in: transaction)
            }
            #expect(stored.voidedAt == testNow && stored.event.value == 4)
            #expect(try await UsageFixture.totals(tenant, to: 900, in: database).sum == 3)
            await #expect(throws: MeteringError.eventVoided("a")) {
                try await Self.amend("a", ["value": "5"], of: tenant, in: database)
            }
            await #expect(throws: MeteringError.eventNotFound("none")) {
                try await Self.amend("none", ["value": "5"], of: tenant, in: database)
            }
            let other = UsageFixture.tenants(1)[0]
            await #expect(throws: MeteringError.eventNotFound("b")) {
                try await Self.amend("b", ["value": "5"], of: other, in: database)
            }
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test(
        arguments: [
            (["reason": "nothing else"], "value"), (["value": 5], "value"), (["meter": "requests"], "meter"),
            (["properties": 7], "properties"), (["at": "tomorrow"], "at"), (["at": "1999-01-01"], "at"),
        ] as [(JSONValue, String)]
    )
    func `an amendment that cannot be stored names its field`(_ json: JSONValue, _ field: String) async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await UsageFixture.ingest([UsageFixture.event("e")], for: tenant, in: database)
            let problem = await #expect(throws: Problem.self) {
                try await Self.amend("e", json, of: tenant, in: database)
            }
            #expect(problem?.errors.map(\.field) == [field])
        }
    }

    @Test func `amending, taking back and storing at once lose nothing`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenant = UsageFixture.tenants(1)[0]
            let first = try (0..<20).map { try UsageFixture.event("a\($0)", value: Decimal12($0)) }
            try await UsageFixture.ingest(first, for: tenant, in: database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<3 {
                    group.addTask {
                        for number in 0..<20 {
                            _ = try await Self.amend(
                                "a\(number)",
                                ["value": .string("\(100 * (part + 1) + number)")],
                                of: tenant,
                                in: database
                            )
                        }
                    }
                }
                group.addTask {
                    for number in 0..<20 {
                        try await UsageFixture.ingest([UsageFixture.event("b\(number)")], for: tenant, in: database)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await UsageFixture.totals(tenant, to: 900, in: database).count == 40)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }
}
