import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

@Suite struct PlanMigrationTests {
    private static func publish(_ amount: String, currency: String = "USD", in database: Database) async throws {
        try await Fixture.publish(
            """
            {"code": "pro", "currency": "\(currency)", "interval": {"unit": "month"}, "prices": [
                {"code": "base", "model": "flat", "amount": "\(amount)"},
                {"code": "seats", "model": "per_unit", "unit_amount": "5", "quantity": "seats"}]}
            """,
            in: database
        )
    }

    private static func subscribe(
        _ name: String,
        currency: Currency = .usd,
        overrides: PriceOverrides = .none,
        in database: Database
    ) async throws -> Subscription {
        try await Fixture.create(
            SubscriptionDraft(plan: "pro", quantities: ["seats": 1], overrides: overrides),
            for: Fixture.tenant(name, currency: currency, in: database),
            in: database
        )
    }

    private static func candidates(
        _ migration: PlanMigration,
        in database: Database
    ) async throws -> [PlanMigration.Candidate] {
        try await database.transaction(as: .finance) { transaction in
            try await PlanMigrationOperations.candidates(of: migration, limit: 100, in: transaction)
        }
    }

    private static func migrate(
        _ migration: PlanMigration,
        in database: Database
    ) async throws -> [SubscriptionID: PlanMigration.Outcome] {
        let stamp = try Fixture.stamp("2026-03-10T00:00:00Z")
        var outcomes: [SubscriptionID: PlanMigration.Outcome] = [:]
        for candidate in try await candidates(migration, in: database) {
            outcomes[candidate.subscription] = try await database.transaction(as: .tenant(candidate.tenant)) {
                transaction in
                try await PlanMigrationOperations.migrate(candidate, migration, by: stamp, in: transaction)
            }
        }
        return outcomes
    }

    @Test func `each subscription gets what is current in its currency, once, and keeps its own prices`() async throws {
        try await withDatabase { database in
            try await Self.publish("20", in: database)
            try await Self.publish("18", currency: "EUR", in: database)
            let own = try PriceOverrides(json: [["code": "base", "model": "flat", "amount": "15"]])
            let dollars = try await Self.subscribe("Dollars", overrides: own, in: database)
            let euros = try await Self.subscribe("Euros", currency: .eur, in: database)
            try await Self.publish("22", in: database)
            let late = try await Self.subscribe("Late", in: database)
            #expect(late.planVersionNumber == 3)
            let migration = PlanMigration(plan: "pro", timing: .immediately)
            let found = try await Self.candidates(migration, in: database)
            #expect(found.map(\.subscription) == [dollars.id])
            #expect(try await Self.migrate(migration, in: database) == [dollars.id: .moved(to: 3)])
            let moved = try #require(try await Fixture.find(dollars, in: database))
            #expect(moved.planVersionNumber == 3)
            #expect(moved.overrides == own)
            #expect(try await Fixture.find(euros, in: database)?.planVersionNumber == 2)
            #expect(try await Self.migrate(migration, in: database).isEmpty)
        }
    }

    @Test func `at the period's end it waits, and a second run leaves it`() async throws {
        try await withDatabase { database in
            try await Self.publish("20", in: database)
            let made = try await Self.subscribe("Acme", in: database)
            try await Self.publish("22", in: database)
            let migration = PlanMigration(plan: "pro", from: 1)
            #expect(try await Self.migrate(migration, in: database) == [made.id: .moved(to: 2)])
            #expect(
                try await Self.migrate(migration, in: database)
                    == [made.id: .left(reason: "it gets the version at the end of its period")]
            )
            let row = try #require(try await Fixture.find(made, in: database))
            #expect(row.planVersionNumber == 1)
            #expect(row.scheduledChanges.count == 1)
            let after = try await Fixture.advance(made, until: "2026-04-01T00:00:00Z", in: database)
            #expect(after.planVersionNumber == 2)
            // And back to an older one, if it is said.
            let back = PlanMigration(plan: "pro", to: 1, timing: .immediately)
            let stamp = try Fixture.stamp("2026-04-02T00:00:00Z")
            let candidate = try #require(try await Self.candidates(back, in: database).first)
            let outcome = try await database.transaction(as: .tenant(made.tenant)) { transaction in
                try await PlanMigrationOperations.migrate(candidate, back, by: stamp, in: transaction)
            }
            #expect(outcome == .moved(to: 1))
        }
    }

    @Test func `what a customer asked for is not replaced, and what cannot be is told`() async throws {
        try await withDatabase { database in
            try await Fixture.publishSmall(in: database)
            try await Self.publish("20", in: database)
            let leaving = try await Self.subscribe("Leaving", in: database)
            try await Fixture.cancel(leaving, when: .periodEnd, at: "2026-03-05T00:00:00Z", in: database)
            let smaller = try await Self.subscribe("Smaller", in: database)
            try await Fixture.change(
                smaller,
                SubscriptionChangeDraft(plan: "small"),
                at: "2026-03-05T00:00:00Z",
                in: database
            )
            try await Self.publish("22", in: database)
            let outcomes = try await Self.migrate(PlanMigration(plan: "pro"), in: database)
            #expect(outcomes[leaving.id] == .left(reason: "it ends at 2026-04-01T00:00:00Z"))
            #expect(
                outcomes[smaller.id]
                    == .left(reason: "a change to small version 1 waits for the end of its period")
            )
            for (migration, error) in [
                (PlanMigration(plan: "none"), PlanError.notFound("none")),
                (PlanMigration(plan: "pro", to: 7), PlanError.noVersion(7, of: "pro")),
                (PlanMigration(plan: "pro", from: 8), PlanError.noVersion(8, of: "pro")),
            ] {
                await #expect(throws: error) { try await Self.candidates(migration, in: database) }
            }
        }
    }
}
