import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct VoidTests {
    @Test func `an event that is taken back counts no more, once`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let events = try [1, 5, 9].map { (value: Int) in
                try UsageFixture.event("e\(value)", value: Decimal12(value))
            }
            try await UsageFixture.ingest(events, for: tenant, in: database)
            func void(_ id: String) async throws -> StoredEvent {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    try await MeteringOperations.void(
                        id,
                        of: tenant,
                        reason: "sent by mistake",
                        by: UsageFixture.stamp,
                        in: transaction
                    )
                }
            }
            func totals() async throws -> UsageTotals { try await UsageFixture.totals(tenant, to: 900, in: database) }
            #expect(try await void("e5").voidedAt == testNow)
            #expect(try await totals() == UsageTotals(count: 2, sum: 10, min: 1, max: 9))
            _ = try await void("e5")
            _ = try await void("e9")
            #expect(try await totals() == UsageTotals(count: 1, sum: 1, min: 1, max: 1))
            _ = try await void("e1")
            #expect(try await totals() == .empty)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
            let again = try await UsageFixture.ingest([events[0]], for: tenant, in: database)
            #expect(again.map(\.kind) == [.duplicate])
            await #expect(throws: MeteringError.eventNotFound("none")) { try await void("none") }
        }
    }

    @Test func `a tenant cannot take back another's event`() async throws {
        try await withDatabase { database in
            let tenants = UsageFixture.tenants(2)
            try await UsageFixture.ingest([UsageFixture.event("e1")], for: tenants[0], in: database)
            for named in tenants {
                await #expect(throws: MeteringError.eventNotFound("e1")) {
                    try await database.transaction(as: .tenant(tenants[1])) { transaction in
                        _ = try await MeteringOperations.void(
                            "e1",
                            of: named,
                            by: UsageFixture.stamp,
                            in: transaction
                        )
                    }
                }
            }
        }
    }

    @Test func `taking back while others store in the same quarter loses nothing`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenant = UsageFixture.tenants(1)[0]
            let first = try (0..<40).map { try UsageFixture.event("a\($0)", value: Decimal12($0)) }
            try await UsageFixture.ingest(first, for: tenant, in: database)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<3 {
                    group.addTask {
                        for number in stride(from: part, to: 40, by: 4) {
                            try await database.transaction(as: .tenant(tenant)) { transaction in
                                _ = try await MeteringOperations.void(
                                    "a\(number)",
                                    of: tenant,
                                    by: UsageFixture.stamp,
                                    in: transaction
                                )
                            }
                        }
                    }
                    group.addTask {
                        for number in 0..<10 {
                            try await UsageFixture.ingest(
                                [UsageFixture.event("b\(part)-\(number)", value: 50)],
                                for: tenant,
                                in: database
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
            let totals = try await UsageFixture.totals(tenant, to: 900, in: database)
            #expect(totals.count == 10 + 30)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }
}
