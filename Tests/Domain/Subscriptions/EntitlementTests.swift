import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

@Suite struct EntitlementTests {
    private static func all(
        _ tenant: TenantID,
        at instant: String = "2026-03-02T00:00:00Z",
        in database: Database
    ) async throws -> [Entitlement] {
        let at = try Fixture.instant(instant)
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await EntitlementQueries.all(of: tenant, at: at, in: transaction)
        }
    }

    @Test func `switches, fixed values and allowances of all subscriptions in force are listed`() async throws {
        try await withDatabase { database in
            try await Fixture.publish(
                """
                {"code": "one", "currency": "USD", "interval": {"unit": "month"}, "prices": [], "features": {
                    "sso": false, "support": "mail", "projects": 3,
                    "chat": {"meter": "tokens.output", "limit": "1000", "hard": true}}}
                """,
                in: database
            )
            try await Fixture.publish(
                """
                {"code": "two", "currency": "USD", "interval": {"unit": "month"}, "prices": [], "features": {
                    "sso": true, "support": "phone", "projects": 10}}
                """,
                in: database
            )
            let tenant = try await Fixture.tenant(in: database)
            #expect(try await Self.all(tenant, in: database).isEmpty)
            let one = try await Fixture.create(SubscriptionDraft(plan: "one"), for: tenant, in: database)
            #expect(
                try await Self.all(tenant, in: database).map { $0.json["value"] } == [.null, 3, false, "mail"]
            )
            let two = try await Fixture.create(
                SubscriptionDraft(plan: "two"),
                for: tenant,
                at: "2026-03-01T01:00:00Z",
                in: database
            )
            let both = try await Self.all(tenant, in: database)
            #expect(both.map(\.feature) == ["chat", "projects", "sso", "support"])
            #expect(both.map { $0.json["kind"] } == ["metered", "static", "boolean", "static"])
            #expect(both.map { $0.json["value"] } == [.null, 10, true, "mail"])
            #expect(both.first?.json["limit"] == "1000")
            #expect(both.first?.json["remaining"] == "1000")
            #expect(both.first?.sources == [one.id.text])
            #expect(both.last?.sources == [one.id.text, two.id.text])
            try await Fixture.cancel(one, when: .immediately, at: "2026-03-03T00:00:00Z", in: database)
            let left = try await Self.all(tenant, at: "2026-03-04T00:00:00Z", in: database)
            #expect(left.map { $0.json["value"] } == [10, true, "phone"])
        }
    }

    @Test func `what a period of a plan leaves is had in the next, as its feature says`() async throws {
        try await withDatabase { database in
            let version = try await Fixture.publish(
                """
                {"code": "one", "currency": "USD", "interval": {"unit": "month"}, "prices": [], "features": {
                    "all": {"meter": "tokens.output", "limit": "1000", "rollover": true},
                    "some": {"meter": "tokens.output", "limit": "1000", "rollover": {"max": "300"}},
                    "none": {"meter": "tokens.output", "limit": "1000", "rollover": false}}}
                """,
                in: database
            )
            #expect(version.features.json["some"]?["rollover"]?["max"] == "300")
            #expect(version.features.json["none"]?["rollover"] == nil)
            let tenant = try await Fixture.tenant(in: database)
            let subscription = try await Fixture.create(SubscriptionDraft(plan: "one"), for: tenant, in: database)
            try await Fixture.advance(subscription, until: "2026-04-02T00:00:00Z", in: database)
            let april = try await Self.all(tenant, at: "2026-04-02T00:00:00Z", in: database)
            #expect(april.map { $0.json["remaining"] } == ["2000", "1000", "1300"])
            try await Fixture.advance(subscription, until: "2026-05-02T00:00:00Z", in: database)
            let may = try await Self.all(tenant, at: "2026-05-02T00:00:00Z", in: database)
            #expect(may.map { $0.json["remaining"] } == ["2000", "1000", "1300"])
        }
    }

    @Test(arguments: ["\"yes\"", "{\"max\": -1}", "{}"])
    func `a rollover that is none is refused by its field`(_ rollover: String) async throws {
        try await withDatabase { database in
            let problem = await #expect(throws: Problem.self) {
                try await Fixture.publish(
                    """
                    {"code": "one", "currency": "USD", "interval": {"unit": "month"}, "prices": [], "features": {
                        "x": {"meter": "tokens.output", "limit": "1", "rollover": \(rollover)}}}
                    """,
                    in: database
                )
            }
            #expect(problem?.errors.first?.field.hasPrefix("features.x.rollover") == true)
        }
    }
}
