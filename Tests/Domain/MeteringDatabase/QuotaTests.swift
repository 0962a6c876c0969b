import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct QuotaTests {
    private static let day: Int64 = 86_400

    @Test func `a balance is the allowance less the usage of its window`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.replace([Self.draft(allowance: 100)], of: tenant, in: database)
            let events = try [
                UsageFixture.event("before", after: -1, value: 50), UsageFixture.event("in", after: 10, value: 30),
                UsageFixture.event("other", meter: "tokens.input", after: 10, value: 7),
            ]
            try await UsageFixture.ingest(events, for: tenant, in: database)
            let balance = try #require(try await Self.balance(of: tenant, in: database))
            #expect(balance.allowance == 100)
            #expect(balance.used == 30)
            #expect(balance.remaining == 70)
            #expect(balance.json["remaining"] == "70")
            let after = try await Self.balance(of: tenant, at: 40 * Self.day, in: database)
            #expect(after == nil)
        }
    }

    @Test func `what is granted anew takes the place of what was, and history stays`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let first = Self.draft(allowance: 100)
            let second = Self.draft(allowance: 100, from: 30, to: 60)
            let isNew = try await Self.replace([first, second], of: tenant, in: database)
            #expect(isNew)
            #expect(try await Self.replace([first, second], of: tenant, in: database) == false)
            let larger = Self.draft(allowance: 500)
            #expect(try await Self.replace([larger, second], of: tenant, in: database))
            #expect(try await Self.balance(of: tenant, in: database)?.allowance == 500)
            #expect(try await Self.balance(of: tenant, at: 31 * Self.day, in: database)?.allowance == 100)
            // A month later only the second window is told again: the first stays what it was.
            #expect(try await Self.replace([second], of: tenant, at: 31 * Self.day, in: database) == false)
            #expect(try await Self.replace([], of: tenant, at: 31 * Self.day, in: database))
            #expect(try await Self.balance(of: tenant, in: database)?.allowance == 500)
            #expect(try await Self.balance(of: tenant, at: 31 * Self.day, in: database) == nil)
        }
    }

    @Test func `quotas of two sources add up`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.replace([Self.draft(allowance: 100)], of: tenant, in: database)
            try await Self.replace([Self.draft(allowance: 20)], of: tenant, source: "sub_two", in: database)
            try await UsageFixture.ingest([UsageFixture.event("e", value: 15)], for: tenant, in: database)
            let balance = try #require(try await Self.balance(of: tenant, in: database))
            #expect(balance.remaining == 105)
            #expect(balance.sources == ["sub_one", "sub_two"])
        }
    }

    @Test func `windows of one source that overlap are refused`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let rows = [Self.draft(allowance: 1), Self.draft(allowance: 1, from: 29, to: 60)]
            await #expect(throws: MeteringError.overlappingQuotas(feature: "output")) {
                try await Self.replace(rows, of: tenant, in: database)
            }
        }
    }

    @Test func `a hard quota cannot be overspent by many at once`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.replace([Self.draft(allowance: 5, isHard: true)], of: tenant, in: database)
            let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        let event = try UsageFixture.event("e\(number)", after: 60)
                        do {
                            try await database.transaction(as: .tenant(tenant)) { transaction in
                                _ = try await QuotaOperations.consume(
                                    feature: "output",
                                    event: event,
                                    of: tenant,
                                    recordedAt: testNow,
                                    in: transaction
                                )
                            }
                            return true
                        } catch MeteringError.quotaExceeded {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(accepted == 5)
            #expect(try await Self.balance(of: tenant, in: database)?.remaining == 0)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `who uses a feature while it is granted anew waits, and is not refused`() async throws {
        try await withDatabase(connections: 3) { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.replace([Self.draft(allowance: 5, isHard: true)], of: tenant, in: database)
            let event = try UsageFixture.event("e", after: 60)
            let (granting, granted) = AsyncStream.makeStream(of: Void.self)
            let remaining = try await withThrowingTaskGroup(of: Exact?.self) { group in
                group.addTask {
                    try await database.transaction(as: .tenant(tenant)) { transaction in
                        try await QuotaOperations.replace(
                            tenant: tenant,
                            source: "sub_one",
                            rows: [Self.draft(allowance: 9, isHard: true)],
                            by: UsageFixture.stamp,
                            in: transaction
                        )
                        granted.finish()
                        // The other comes to the old row meanwhile, and waits for it.
                        try await Task.sleep(for: .milliseconds(300))
                    }
                    return nil
                }
                group.addTask {
                    for await _ in granting {}
                    return try await database.transaction(as: .tenant(tenant)) { transaction in
                        try await QuotaOperations.consume(
                            feature: "output",
                            event: event,
                            of: tenant,
                            recordedAt: testNow,
                            in: transaction
                        ).balance.remaining
                    }
                }
                return try await group.reduce(into: [Exact]()) { $0 += [$1].compactMap(\.self) }
            }
            #expect(remaining == [8])
        }
    }

    @Test func `a soft quota reports what is over it, and nothing is refused`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.replace([Self.draft(allowance: 5)], of: tenant, in: database)
            let event = try UsageFixture.event("e", after: 60, value: 8)
            func consume() async throws -> (outcome: IngestOutcome, balance: QuotaBalance) {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    try await QuotaOperations.consume(
                        feature: "output",
                        event: event,
                        of: tenant,
                        recordedAt: testNow,
                        in: transaction
                    )
                }
            }
            let first = try await consume()
            #expect(first.outcome.kind == .accepted)
            #expect(first.balance.remaining == -3)
            let again = try await consume()
            #expect(again.outcome.kind == .duplicate)
            #expect(again.balance == first.balance)
            await #expect(throws: MeteringError.noQuota(feature: "input")) {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    _ = try await QuotaOperations.consume(
                        feature: "input",
                        event: event,
                        of: tenant,
                        recordedAt: testNow,
                        in: transaction
                    )
                }
            }
        }
    }

    private static func draft(
        allowance: Int,
        from: Int64 = 0,
        to: Int64 = 30,
        isHard: Bool = false
    ) -> QuotaDraft {
        QuotaDraft(
            feature: "output",
            meter: "tokens.output",
            allowance: Decimal12(allowance),
            window: Period(start: testNow.adding(seconds: from * day), end: testNow.adding(seconds: to * day))
                ?? UsageFixture.anyPeriod,
            isHard: isHard
        )
    }

    @discardableResult
    private static func replace(
        _ rows: [QuotaDraft],
        of tenant: TenantID,
        source: String = "sub_one",
        at seconds: Int64 = 0,
        in database: Database
    ) async throws -> Bool {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await QuotaOperations.replace(
                tenant: tenant,
                source: source,
                rows: rows,
                by: Stamp(now: testNow.adding(seconds: seconds), author: .command),
                in: transaction
            )
        }
    }

    private static func balance(
        of tenant: TenantID,
        at seconds: Int64 = 60,
        in database: Database
    ) async throws -> QuotaBalance? {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await QuotaQueries.balance(
                of: tenant,
                feature: "output",
                at: testNow.adding(seconds: seconds),
                in: transaction
            )
        }
    }
}
