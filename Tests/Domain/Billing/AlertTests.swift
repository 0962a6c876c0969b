import Billing
import Jobs
import Metering
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

@Suite struct AlertTests {
    private static let day: Int64 = 86_400

    @Test func `a threshold is told once a month, however often and by however many it is looked at`() async throws {
        try await withDatabase(connections: 6) { database in
            let tenant = try await Fixture.tenant(zone: "America/New_York", in: database)
            let alert = try await Self.create(
                AlertDraft(kind: .usage, meter: "tokens.output", thresholds: ["100", "1000"]),
                of: tenant,
                in: database
            )
            let time = ManualTime(testNow.adding(seconds: 3 * Self.day))
            #expect(try await AlertJobs.run(database: database, time: time) == 0)
            try await Self.use(150, "a", after: 2 * Self.day, of: tenant, in: database)
            let told = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await AlertJobs.run(database: database, time: time) } }
                return try await group.reduce(0, +)
            }
            #expect(told == 1)
            try await Self.use(1_000, "b", after: 2 * Self.day + 1, of: tenant, in: database)
            #expect(try await AlertJobs.run(database: database, time: time) == 1)
            #expect(try await AlertJobs.run(database: database, time: time) == 0)
            let fired = try await Self.fired(tenant, in: database)
            #expect(fired.map { $0["threshold"]?.string } == ["100", "1000"])
            #expect(fired.map { $0["value"]?.string } == ["150", "1150"])
            // The month is that of the tenant's clocks: midnight in New York.
            #expect(fired.first?["period_start"]?.string == "2026-03-01T05:00:00Z")
            // Another month is another period.
            time.set(testNow.adding(seconds: 35 * Self.day))
            try await Self.use(120, "c", after: 34 * Self.day, of: tenant, in: database)
            #expect(try await AlertJobs.run(database: database, time: time) == 1)
            let firings = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await AlertQueries.firings(of: alert.id, tenant: tenant, in: transaction)
            }
            #expect(firings.count == 3)
        }
    }

    @Test func `percentages of an allowance are told by window, and what was removed is not`() async throws {
        try await withDatabase { database in
            try await Fixture.publish(
                """
                {"code": "one", "currency": "USD", "interval": {"unit": "month"}, "prices": [], "features": {
                    "chat": {"meter": "tokens.output", "limit": "1000"}}}
                """,
                in: database
            )
            let tenant = try await Fixture.tenant(in: database)
            try await Fixture.create(SubscriptionDraft(plan: "one"), for: tenant, in: database)
            let draft = try AlertDraft(kind: .entitlement, feature: "chat", thresholds: ["80%", "100%", "2000"])
            let alert = try await Self.create(draft, of: tenant, in: database)
            let removed = try await Self.create(draft, of: tenant, in: database)
            try await database.transaction(as: .tenant(tenant)) { transaction in
                try await AlertOperations.remove(removed.id, of: tenant, by: Self.stamp, in: transaction)
            }
            let time = ManualTime(testNow.adding(seconds: 3 * Self.day))
            try await Self.use(799, "a", after: 60, of: tenant, in: database)
            #expect(try await AlertJobs.run(database: database, time: time) == 0)
            try await Self.use(1, "b", after: 61, of: tenant, in: database)
            #expect(try await AlertJobs.run(database: database, time: time) == 1)
            try await Self.use(200, "c", after: 62, of: tenant, in: database)
            #expect(try await AlertJobs.run(database: database, time: time) == 1)
            let fired = try await Self.fired(tenant, in: database)
            #expect(fired.map { $0["threshold"]?.string } == ["80%", "100%"])
            #expect(fired.allSatisfy { $0["id"]?.string == alert.id.text && $0["whole"]?.string == "1000" })
        }
    }

    @Test(arguments: [
        ("{\"kind\": \"usage\", \"thresholds\": [\"1\"]}", "meter"),
        ("{\"kind\": \"usage\", \"meter\": \"requests\", \"thresholds\": [\"80%\"]}", "thresholds[0]"),
        ("{\"kind\": \"spend\", \"thresholds\": []}", "thresholds"),
        ("{\"kind\": \"spend\", \"thresholds\": [\"1\", \"1.0\"]}", "thresholds[1]"),
        ("{\"kind\": \"credit\", \"feature\": \"x\", \"thresholds\": [\"1\"]}", "feature"),
        ("{\"kind\": \"credit\", \"thresholds\": [\"-1\"]}", "thresholds[0]"),
    ])
    func `what cannot be an alert is refused by its field`(_ text: String, _ field: String) throws {
        var fields = try JSONFields(try JSONValue(parsing: text))
        let problem = #expect(throws: Problem.self) { try AlertDraft(json: &fields) }
        #expect(problem?.errors.map(\.field) == [field])
    }

    private static let stamp = Stamp(now: testNow, author: .command)

    private static func create(_ draft: AlertDraft, of tenant: TenantID, in database: Database) async throws -> Alert {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await AlertOperations.create(draft, for: tenant, by: stamp, in: transaction)
        }
    }

    private static func use(
        _ value: Decimal12,
        _ id: String,
        after seconds: Int64,
        of tenant: TenantID,
        in database: Database
    ) async throws {
        let event = try UsageEvent(
            id: id,
            meter: "tokens.output",
            at: testNow.adding(seconds: seconds),
            value: value,
            properties: [:]
        )
        _ = try await database.transaction(as: .ingest) { transaction in
            try await MeteringOperations.ingest([(tenant: tenant, event: event)], recordedAt: testNow, in: transaction)
        }
    }

    /// The details of what was told, in the order of the figures.
    private static func fired(_ tenant: TenantID, in database: Database) async throws -> [JSONValue] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await Activity.list(tenant: tenant, limit: 100, in: transaction)
        }.filter { $0.verb == "alert.fired" }.map(\.details)
            .sorted { ($0["value"]?.string ?? "").count < ($1["value"]?.string ?? "").count }
    }
}
