import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

@Suite struct SubscriptionAddOnTests {
    /// An add-on at an amount for each in a currency by a unit of time.
    static func put(
        _ code: String,
        _ amount: String,
        currency: String = "USD",
        unit: String = "month",
        in database: Database
    ) async throws {
        let draft = try AddOnDraft(
            json: [
                "code": .string(code), "currency": .string(currency), "interval": ["unit": .string(unit)],
                "prices": [["model": "flat", "amount": .string(amount)]],
            ]
        )
        try await database.transaction(as: .admin) { transaction in
            _ = try await AddOnOperations.publish(draft, by: Stamp(now: testNow, author: .command), in: transaction)
        }
    }

    private static func story(_ subscription: Subscription, in database: Database) async throws -> SubscriptionStory {
        let found = try await database.transaction(as: .finance) { transaction in
            try await SubscriptionQueries.story(
                of: subscription.id,
                tenant: subscription.tenant,
                in: transaction
            )
        }
        return try #require(found)
    }

    @Test func `an add-on is a quantity of its own, with the prices it had when it was added`() async throws {
        try await withDatabase { database in
            try await Fixture.publishPro(in: database)
            try await Self.put("storage", "5", in: database)
            let tenant = try await Fixture.tenant(in: database)
            let draft = SubscriptionDraft(plan: "pro", quantities: ["seats": 3], addOns: ["storage": 2])
            let made = try await Fixture.create(draft, for: tenant, in: database)
            #expect(made.json["add_ons"] == ["storage": "2"])
            #expect(made.json["quantities"] == ["seats": "3"])
            try await Self.put("storage", "9", in: database)
            let more = try await Fixture.change(
                made,
                SubscriptionChangeDraft(addOns: ["storage": 3]),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            #expect(more.json["add_ons"] == ["storage": "3"])
            let story = try await Self.story(made, in: database)
            let plan = try #require(story.plans[made.planVersion.text])
            #expect(plan.prices.map(\.code) == ["base", "seats", "tokens", "addon:storage"])
            #expect(plan.price("addon:storage")?.model == .perUnit(unitAmount: 5))
            #expect(story.plans.count == 1)
            // Others get what is current.
            let other = try await Fixture.create(
                draft,
                for: Fixture.tenant("Other", in: database),
                in: database
            )
            let current = try await Self.story(other, in: database)
            #expect(
                current.plans[made.planVersion.text]?.price("addon:storage")?.model == .perUnit(unitAmount: 9)
            )
        }
    }

    @Test func `one that comes later was 0 before, and none of it costs nothing`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Self.put("storage", "5", in: database)
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(addOns: ["storage": 2]),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            let story = try await Self.story(made, in: database)
            #expect(story.openingQuantities == ["seats": 3, "addon:storage": 0])
            // Less of it waits for the end of the period; none is no longer shown.
            let less = try await Fixture.change(
                made,
                SubscriptionChangeDraft(addOns: ["storage": 0]),
                at: "2026-03-11T00:00:00Z",
                in: database
            )
            #expect(less.json["add_ons"] == ["storage": "2"])
            let gone = try await Fixture.advance(made, until: "2026-04-01T00:00:00Z", in: database)
            #expect(gone.json["add_ons"] == [:])
            let changes = try await Self.story(made, in: database).changes
            #expect(changes.map { $0.json["add_ons"] } == [nil, ["storage": "2"], ["storage": "0"]])
            #expect(changes.map(\.addOns.count) == [0, 1, 0])
        }
    }

    @Test func `what does not fit is refused by its field`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Self.put("yearly", "5", unit: "year", in: database)
            try await Self.put("euro", "5", currency: "EUR", in: database)
            for (addOns, field) in [
                (["none": 1] as Quantities, "add_ons.none"), (["yearly": 1], "add_ons.yearly"),
                (["euro": 1], "add_ons.euro"), (["yearly": 0], "add_ons.yearly"),
            ] {
                let error = await #expect(throws: (any Error).self) {
                    try await Fixture.change(
                        made,
                        SubscriptionChangeDraft(addOns: addOns),
                        at: "2026-03-10T00:00:00Z",
                        in: database
                    )
                }
                #expect(error.map { Problem.of($0).errors.map(\.field) } == [field])
            }
            let error = await #expect(throws: (any Error).self) {
                try await Fixture.change(
                    made,
                    SubscriptionChangeDraft(quantities: ["addon:yearly": 1]),
                    at: "2026-03-10T00:00:00Z",
                    in: database
                )
            }
            #expect(error.map { Problem.of($0).errors.map(\.field) } == ["quantities.addon:yearly"])
        }
    }

    @Test func `a plan of another interval needs the add-on by that interval, and gets its prices`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Fixture.publish(
                """
                {"code": "year", "currency": "USD", "interval": {"unit": "year"},
                 "prices": [{"code": "base", "model": "flat", "amount": "900"}]}
                """,
                in: database
            )
            try await Self.put("storage", "5", in: database)
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(addOns: ["storage": 2]),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            let year = SubscriptionChangeDraft(plan: "year", timing: .immediately)
            let error = await #expect(throws: (any Error).self) {
                try await Fixture.change(made, year, at: "2026-03-11T00:00:00Z", in: database)
            }
            #expect(error.map { Problem.of($0).errors.map(\.field) } == ["plan"])
            try await Self.put("storage", "50", unit: "year", in: database)
            let changed = try await Fixture.change(made, year, at: "2026-03-12T00:00:00Z", in: database)
            let story = try await Self.story(made, in: database)
            let plan = try #require(story.plans[changed.planVersion.text])
            #expect(plan.prices.map(\.code) == ["base", "addon:storage"])
            #expect(plan.price("addon:storage")?.model == .perUnit(unitAmount: 50))
            #expect(
                story.plans[made.planVersion.text]?.price("addon:storage")?.model == .perUnit(unitAmount: 5)
            )
        }
    }

    @Test func `an archived add-on is kept by who has it, and nobody else gets it`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Self.put("storage", "5", in: database)
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(addOns: ["storage": 2]),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            try await database.transaction(as: .admin) { transaction in
                _ = try await AddOnOperations.archive(
                    "storage",
                    by: Stamp(now: testNow, author: .command),
                    in: transaction
                )
            }
            let more = try await Fixture.change(
                made,
                SubscriptionChangeDraft(addOns: ["storage": 4]),
                at: "2026-03-11T00:00:00Z",
                in: database
            )
            #expect(more.quantities["addon:storage"] == 4)
            let other = try await Fixture.tenant("Other", in: database)
            await #expect(throws: AddOnError.archived("storage")) {
                try await Fixture.create(
                    SubscriptionDraft(plan: "small", addOns: ["storage": 1]),
                    for: other,
                    in: database
                )
            }
        }
    }
}
