import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct QuotaGrantTests {
    private static let day: Int64 = 86_400

    @Test func `grants burn by priority, then expiry, then age, around what plans allow`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.allow([Self.draft(100)], of: tenant, in: database)
            let last = try await Self.grant(50, of: tenant, in: database)
            let first = try await Self.grant(10, priority: 5, of: tenant, in: database)
            let soon = try await Self.grant(20, expiresAfter: 20 * Self.day, of: tenant, in: database)
            #expect(try await Self.balance(of: tenant, in: database)?.remaining == 180)
            try await Self.use(115, after: 60, of: tenant, in: database)
            let balance = try #require(try await Self.balance(of: tenant, after: 120, in: database))
            #expect(balance.used == 115)
            #expect(balance.allowance == 180)
            #expect(balance.remaining == 65)
            #expect(balance.parts.map(\.source) == [first.id.text, "sub_one", soon.id.text, last.id.text])
            #expect(balance.parts.map(\.left) == [0, 0, 15, 50])
            // What is left of one that has expired is gone; what was used of it stays used.
            let later = try #require(try await Self.balance(of: tenant, after: 21 * Self.day, in: database))
            #expect(later.remaining == 50)
            #expect(later.allowance == 165)
        }
    }

    @Test func `what a period leaves is had in the next, up to the most, once`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.allow(
                [
                    Self.draft(100, rollover: 40), Self.draft(100, from: 30, to: 60, rollover: 40),
                    Self.draft(100, from: 60, to: 90, rollover: 40),
                ],
                of: tenant,
                in: database
            )
            try await Self.use(30, after: 60, of: tenant, in: database)
            #expect(try await Self.balance(of: tenant, in: database)?.remaining == 70)
            let second = try #require(try await Self.balance(of: tenant, after: 31 * Self.day, in: database))
            #expect(second.remaining == 140)
            #expect(second.parts.map(\.kind) == ["rollover", "allowance"])
            // What was carried is used first, and does not go on to the third period.
            try await Self.use(25, after: 32 * Self.day, of: tenant, in: database)
            let third = try #require(try await Self.balance(of: tenant, after: 61 * Self.day, in: database))
            #expect(third.parts.map(\.left) == [40, 100])
            try await Self.use(100, after: 33 * Self.day, of: tenant, in: database)
            #expect(try await Self.balance(of: tenant, after: 61 * Self.day, in: database)?.remaining == 115)
            // Usage that is told late of the first period takes from what it left.
            try await Self.use(60, after: 120, of: tenant, in: database)
            #expect(try await Self.balance(of: tenant, after: 31 * Self.day, in: database)?.remaining == -15)
        }
    }

    @Test func `units of many grants cannot be overspent by many at once`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.allow([Self.draft(3, isHard: true)], of: tenant, in: database)
            _ = try await Self.grant(2, of: tenant, in: database)
            _ = try await Self.grant(2, priority: 1, of: tenant, in: database)
            let accepted = try await Self.consume(14, of: tenant, in: database)
            #expect(accepted == 7)
            let balance = try #require(try await Self.balance(of: tenant, after: 120, in: database))
            #expect(balance.remaining == 0)
            #expect(balance.used == 7)
            #expect(try await UsageFixture.differences(in: database).isEmpty)
        }
    }

    @Test func `grants alone are had without a plan, until they are taken back`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            await #expect(throws: MeteringError.grantNeedsMeter(feature: "output")) {
                _ = try await Self.grant(2, of: tenant, in: database)
            }
            let grant = try await Self.grant(2, meter: "tokens.output", of: tenant, in: database)
            #expect(try await Self.consume(5, of: tenant, in: database) == 2)
            #expect(try await Self.balance(of: tenant, after: 120, in: database)?.remaining == 0)
            let more = try await Self.grant(9, meter: "tokens.output", of: tenant, in: database)
            #expect(try await Self.balance(of: tenant, after: 120, in: database)?.remaining == 9)
            for id in [grant.id, more.id, more.id] {
                try await database.transaction(as: .tenant(tenant)) { transaction in
                    try await QuotaGrantOperations.void(
                        id,
                        of: tenant,
                        by: Stamp(now: testNow.adding(seconds: 200), author: .command),
                        in: transaction
                    )
                }
            }
            #expect(try await Self.balance(of: tenant, after: 201, in: database) == nil)
            await #expect(throws: MeteringError.noQuota(feature: "output")) {
                _ = try await Self.consumeOne("late", after: 300, of: tenant, in: database)
            }
        }
    }

    @Test func `an id of the caller's own grants once`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let id = QuotaGrantID.make(at: testNow)
            for _ in 0..<2 {
                let grant = try await Self.grant(5, meter: "tokens.output", id: id, of: tenant, in: database)
                #expect(grant.id == id)
            }
            #expect(try await Self.balance(of: tenant, in: database)?.remaining == 5)
            await #expect(throws: MeteringError.grantTaken(id.text)) {
                _ = try await Self.grant(6, meter: "tokens.output", id: id, of: tenant, in: database)
            }
        }
    }

    @Test func `a checkpoint changes no balance, and is where it is computed from`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            let windows = (0..<5).map { Self.draft(100, from: Int64($0) * 30, to: Int64($0 + 1) * 30, rollover: 100) }
            try await Self.allow(windows, of: tenant, in: database)
            _ = try await Self.grant(500, of: tenant, in: database)
            try await Self.use(20, after: Self.day, of: tenant, in: database)
            try await Self.use(230, after: 32 * Self.day, of: tenant, in: database)
            try await Self.use(10, after: 70 * Self.day, of: tenant, in: database)
            let now = 125 * Self.day
            let before = try #require(try await Self.balance(of: tenant, after: now, in: database))
            #expect(before.parts.map(\.left) == [100, 100, 450])
            try await database.transaction(as: .system) { transaction in
                _ = try await QuotaCheckpointOperations.advance(at: testNow.adding(seconds: now), in: transaction)
            }
            #expect(try await Self.balance(of: tenant, after: now, in: database) == before)
            // What comes in later for what lies before changes it no more.
            try await Self.use(60, after: 2 * Self.day, of: tenant, in: database)
            #expect(try await Self.balance(of: tenant, after: now, in: database) == before)
            try await Self.use(15, after: 121 * Self.day, of: tenant, in: database)
            #expect(try await Self.balance(of: tenant, after: now, in: database)?.parts.map(\.left) == [85, 100, 450])
        }
    }

    @Test func `a plan that ends leaves what was used before to it, and grants whole`() async throws {
        try await withDatabase { database in
            let tenant = UsageFixture.tenants(1)[0]
            try await Self.allow([Self.draft(100)], of: tenant, in: database)
            _ = try await Self.grant(50, of: tenant, in: database)
            try await Self.use(80, after: 60, of: tenant, in: database)
            try await Self.allow([], after: 10 * Self.day, of: tenant, in: database)
            let balance = try #require(try await Self.balance(of: tenant, after: 11 * Self.day, in: database))
            #expect(balance.remaining == 50)
        }
    }

    // MARK: - What is done

    private static func draft(
        _ allowance: Int,
        from: Int64 = 0,
        to: Int64 = 30,
        isHard: Bool = false,
        rollover: Int = 0
    ) -> QuotaDraft {
        QuotaDraft(
            feature: "output",
            meter: "tokens.output",
            allowance: Decimal12(allowance),
            window: Period(start: testNow.adding(seconds: from * day), end: testNow.adding(seconds: to * day))
                ?? UsageFixture.anyPeriod,
            isHard: isHard,
            rollover: Decimal12(rollover)
        )
    }

    private static func allow(
        _ rows: [QuotaDraft],
        after seconds: Int64 = 0,
        of tenant: TenantID,
        in database: Database
    ) async throws {
        _ = try await database.transaction(as: .tenant(tenant)) { transaction in
            try await QuotaOperations.replace(
                tenant: tenant,
                source: "sub_one",
                rows: rows,
                by: Stamp(now: testNow.adding(seconds: seconds), author: .command),
                in: transaction
            )
        }
    }

    private static func grant(
        _ units: Decimal12,
        meter: String? = nil,
        priority: Int = QuotaGrant.standardPriority,
        expiresAfter seconds: Int64? = nil,
        id: QuotaGrantID? = nil,
        of tenant: TenantID,
        in database: Database
    ) async throws -> QuotaGrant {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await QuotaGrantOperations.grant(
                QuotaGrantDraft(
                    units: units,
                    meter: meter,
                    priority: priority,
                    expiresAt: seconds.map { testNow.adding(seconds: $0) },
                    id: id
                ),
                feature: "output",
                to: tenant,
                by: UsageFixture.stamp,
                in: transaction
            )
        }
    }

    private static func use(
        _ value: Decimal12,
        after seconds: Int64,
        of tenant: TenantID,
        in database: Database
    ) async throws {
        let event = try UsageFixture.event("at \(seconds)", after: seconds, value: value)
        try await UsageFixture.ingest([event], for: tenant, in: database)
    }

    private static func consumeOne(
        _ id: String,
        after seconds: Int64 = 60,
        of tenant: TenantID,
        in database: Database
    ) async throws -> QuotaBalance {
        let event = try UsageFixture.event(id, after: seconds)
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await QuotaOperations.consume(
                feature: "output",
                event: event,
                of: tenant,
                recordedAt: testNow,
                in: transaction
            ).balance
        }
    }

    /// How many of so many that come at once are let through.
    private static func consume(_ count: Int, of tenant: TenantID, in database: Database) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<count {
                group.addTask {
                    do {
                        _ = try await consumeOne("e\(number)", of: tenant, in: database)
                        return true
                    } catch MeteringError.quotaExceeded {
                        return false
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }

    private static func balance(
        of tenant: TenantID,
        after seconds: Int64 = 60,
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
