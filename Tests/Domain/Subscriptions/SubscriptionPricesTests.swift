import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

/// Prices of a subscription's own, and the currency it gets.
@Suite struct SubscriptionPricesTests {
    private static func seats(_ amount: String) throws -> PriceOverrides {
        try PriceOverrides(
            json: [
                ["code": "seats", "model": "per_unit", "unit_amount": .string(amount), "quantity": "seats"]
            ]
        )
    }

    @Test func `own prices are the subscription's alone, and a change of plan drops them unless they are given anew`()
        async throws
    {
        try await withDatabase { database in
            try await Fixture.publishPro(in: database)
            try await Fixture.publishSmall(in: database)
            let tenant = try await Fixture.tenant(in: database)
            let draft = SubscriptionDraft(plan: "pro", quantities: ["seats": 3], overrides: try Self.seats("4"))
            let made = try await Fixture.create(draft, for: tenant, in: database)
            #expect(made.json["overrides"]?[0]?["unit_amount"] == "4")
            let cheaper = try await Fixture.change(
                made,
                SubscriptionChangeDraft(overrides: try Self.seats("3"), timing: .immediately),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            #expect(cheaper.planVersion == made.planVersion)
            #expect(try cheaper.overrides == Self.seats("3"))
            let same = try await Fixture.change(
                made,
                SubscriptionChangeDraft(plan: "pro", timing: .immediately),
                at: "2026-03-11T00:00:00Z",
                in: database
            )
            #expect(same.overrides.isEmpty)
            await #expect(throws: SubscriptionError.noOverrides) {
                try await Fixture.change(
                    made,
                    SubscriptionChangeDraft(overrides: PriceOverrides.none),
                    at: "2026-03-12T00:00:00Z",
                    in: database
                )
            }
            let story = try await database.transaction(as: .finance) { transaction in
                try await SubscriptionQueries.story(of: made.id, tenant: tenant, in: transaction)
            }
            let known = try #require(story)
            let keys = known.changes.compactMap { known.planKey(of: $0) }
            #expect(Set(keys).count == 3)
            #expect(keys.last == made.planVersion.text)
            let models = keys.compactMap { known.plans[$0]?.price("seats")?.model }
            #expect(models == [.perUnit(unitAmount: 4), .perUnit(unitAmount: 3), .perUnit(unitAmount: 5)])
            #expect(keys.allSatisfy { known.version(ofKey: $0)?.id == made.planVersion })
            let phases = try await Fixture.phases(made, in: database)
            #expect(phases.map(\.planKey) == keys)
            let until = try Fixture.instant("2026-03-12T00:00:00Z")
            #expect(phases == (try known.timeline(until: until).knownPhases()))
        }
    }

    @Test func `less by own prices waits for the end of the period like any other change`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let less = try await Fixture.change(
                made,
                SubscriptionChangeDraft(overrides: try Self.seats("4")),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            #expect(less.overrides.isEmpty)
            #expect(less.scheduledChanges.count == 1)
            let after = try await Fixture.advance(made, until: "2026-04-01T00:00:00Z", in: database)
            #expect(try after.overrides == Self.seats("4"))
            #expect(after.planVersion == made.planVersion)
        }
    }

    @Test func `own prices must be the plan's, also of a plan that is changed to`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            for draft in [
                SubscriptionChangeDraft(plan: "small", overrides: try Self.seats("4")),
                SubscriptionChangeDraft(
                    overrides: try PriceOverrides(json: [["code": "x", "model": "flat", "amount": "1"]])
                ),
            ] {
                let error = await #expect(throws: (any Error).self) {
                    try await Fixture.change(made, draft, at: "2026-03-10T00:00:00Z", in: database)
                }
                #expect(error.map { Problem.of($0).errors.map(\.field) } == ["overrides[0].code"])
            }
        }
    }

    @Test func `asking again with the same id finds it only with the same prices and add-ons`() async throws {
        try await withDatabase { database in
            try await Fixture.publishPro(in: database)
            try await SubscriptionAddOnTests.put("storage", "5", in: database)
            let tenant = try await Fixture.tenant(in: database)
            var draft = SubscriptionDraft(
                plan: "pro",
                quantities: ["seats": 3],
                addOns: ["storage": 1],
                overrides: try Self.seats("4"),
                id: .make(at: testNow)
            )
            let made = try await Fixture.create(draft, for: tenant, in: database)
            #expect(try await Fixture.create(draft, for: tenant, in: database).id == made.id)
            draft.addOns = ["storage": 2]
            await #expect(throws: SubscriptionError.idTaken(made.id)) {
                try await Fixture.create(draft, for: tenant, in: database)
            }
            draft.addOns = ["storage": 1]
            draft.overrides = .none
            await #expect(throws: SubscriptionError.idTaken(made.id)) {
                try await Fixture.create(draft, for: tenant, in: database)
            }
        }
    }

    @Test func `the tenant's currency decides, then that asked for, then the plan's first`() async throws {
        try await withDatabase { database in
            for currency in ["EUR", "USD"] {
                try await Fixture.publish(
                    """
                    {"code": "pro", "currency": "\(currency)", "interval": {"unit": "month"},
                     "prices": [{"code": "base", "model": "flat", "amount": "20"}]}
                    """,
                    in: database
                )
            }
            let free = try await Fixture.tenant(in: database)
            let first = try await Fixture.create(SubscriptionDraft(plan: "pro"), for: free, in: database)
            #expect(first.currency == .eur)
            #expect(first.planVersionNumber == 1)
            // From then on its subscriptions are in that currency.
            await #expect(throws: SubscriptionError.otherThanTenants(.usd, needed: .eur)) {
                try await Fixture.create(SubscriptionDraft(plan: "pro", currency: .usd), for: free, in: database)
            }
            let asking = try await Fixture.tenant("Asking", in: database)
            let asked = try await Fixture.create(
                SubscriptionDraft(plan: "pro", currency: .usd),
                for: asking,
                in: database
            )
            #expect(asked.currency == .usd)
            #expect(asked.planVersionNumber == 2)
            let fixed = try await Fixture.tenant("Fixed", currency: .usd, in: database)
            #expect(try await Fixture.create(SubscriptionDraft(plan: "pro"), for: fixed, in: database).currency == .usd)
            let pounds = try #require(Currency(code: "GBP"))
            let other = try await Fixture.tenant("Other", in: database)
            await #expect(throws: PlanError.notIn(pounds, plan: "pro", currencies: [.eur, .usd])) {
                try await Fixture.create(SubscriptionDraft(plan: "pro", currency: pounds), for: other, in: database)
            }
            let british = try await Fixture.tenant("British", currency: pounds, in: database)
            let problem = await #expect(throws: SubscriptionError.self) {
                try await Fixture.create(SubscriptionDraft(plan: "pro"), for: british, in: database)
            }
            #expect(problem?.problem.errors.map(\.field) == ["plan"])
            #expect(problem?.problem.message.contains("EUR, USD") == true)
        }
    }
}
