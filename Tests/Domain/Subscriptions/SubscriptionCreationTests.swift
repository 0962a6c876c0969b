import Jobs
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

@Suite struct SubscriptionCreationTests {
    @Test func `a trial comes first, then the period that it moves`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(trialDays: 14, in: database)
            #expect(made.status == .trialing)
            #expect(made.currentPeriod.end.text == "2026-03-15T00:00:00Z")
            #expect(made.anchor == nil)
            #expect(made.nextBillingAt?.text == "2026-03-15T00:00:00Z")
            #expect(try await Fixture.find(made, in: database) == made)
            let phases = try await Fixture.phases(made, in: database)
            #expect(phases.map(\.isTrial) == [true, false])
            #expect(phases.map(\.start.text) == ["2026-03-01T00:00:00Z", "2026-03-15T00:00:00Z"])
            #expect(phases.map(\.end) == [phases[1].start, nil])
            let trial = try await Fixture.allowance(made.tenant, at: "2026-03-10T00:00:00Z", in: database)
            #expect(trial?.end == "2026-03-15T00:00:00Z")
            let first = try await Fixture.allowance(made.tenant, at: "2026-03-20T00:00:00Z", in: database)
            #expect(first?.limit == "1000000")
            #expect(first?.end == "2026-04-15T00:00:00Z")
        }
    }

    @Test func `a date is midnight in the tenant's zone, and its periods keep that across a clock change`() async throws
    {
        try await withDatabase { database in
            try await Fixture.publishSmall(in: database)
            let tenant = try await Fixture.tenant(zone: "Europe/Berlin", in: database)
            let zone = try #require(Zone("Europe/Berlin"))
            var fields = try JSONFields(["plan": "small", "starts_at": "2026-03-15"])
            let made = try await Fixture.create(
                SubscriptionDraft(json: &fields, in: zone),
                for: tenant,
                at: "2026-03-20T10:00:00.5Z",
                in: database
            )
            #expect(made.startsAt.text == "2026-03-14T23:00:00Z")
            #expect(made.startsOn?.text == "2026-03-15")
            #expect(made.currentPeriod.end.text == "2026-04-14T22:00:00Z")
            #expect(made.status == .active)
            #expect(made.json["current_period"]?["start"] == "2026-03-14T23:00:00Z")
            #expect(made.json["plan"] == "small")
            #expect(made.nextBillingAt == made.startsAt)
        }
    }

    @Test func `without a start it is now in whole seconds, and one to come is active ahead`() async throws {
        try await withDatabase { database in
            try await Fixture.publishSmall(in: database)
            let tenant = try await Fixture.tenant(in: database)
            let now = try await Fixture.create(
                SubscriptionDraft(plan: "small"),
                for: tenant,
                at: "2026-03-20T10:00:00.75Z",
                in: database
            )
            #expect(now.startsAt.text == "2026-03-20T10:00:00Z")
            #expect(now.startsOn == nil)
            let later = Moment(try Fixture.instant("2026-05-01T00:00:00Z"), in: .utc)
            let ahead = try await Fixture.create(
                SubscriptionDraft(plan: "small", startsAt: later),
                for: tenant,
                in: database
            )
            #expect(ahead.status == .active)
            #expect(ahead.currentPeriod.start == later.instant)
            #expect(ahead.currentPeriod.end.text == "2026-06-01T00:00:00Z")
            let moved = try await Fixture.advance(ahead, until: "2026-04-01T00:00:00Z", in: database)
            #expect(moved == ahead)
        }
    }

    @Test func `what was billed elsewhere is not billed again`() async throws {
        try await withDatabase { database in
            try await Fixture.publishSmall(in: database)
            let tenant = try await Fixture.tenant(in: database)
            let start = Moment(try Fixture.instant("2026-01-10T00:00:00Z"), in: .utc)
            for (until, next) in [
                ("2026-03-05", "2026-03-10"), ("2026-03-10", "2026-03-10"), ("2026-03-11", "2026-04-10"),
            ] {
                let made = try await Fixture.create(
                    SubscriptionDraft(
                        plan: "small",
                        startsAt: start,
                        billedUntil: try Fixture.instant("\(until)T00:00:00Z")
                    ),
                    for: tenant,
                    in: database
                )
                #expect(made.nextBillingAt?.text == "\(next)T00:00:00Z")
            }
        }
    }

    @Test func `an id that the caller brings makes asking twice harmless`() async throws {
        try await withDatabase { database in
            let first = try await Fixture.subscribed(in: database)
            let id = SubscriptionID.make(at: testNow)
            func create(_ draft: SubscriptionDraft) async throws -> Subscription {
                try await Fixture.create(draft, for: first.tenant, at: "2026-03-02T00:00:00Z", in: database)
            }
            let draft = SubscriptionDraft(plan: "small", id: id, metadata: ["crm": 7])
            let made = try await create(draft)
            #expect(try await create(draft) == made)
            for other in [
                SubscriptionDraft(plan: "pro", quantities: ["seats": 3], id: id, metadata: ["crm": 7]),
                SubscriptionDraft(plan: "small", id: id, metadata: ["crm": 8]),
                SubscriptionDraft(plan: "small", startsAt: Moment(testNow, in: .utc), id: id, metadata: ["crm": 7]),
            ] {
                await #expect(throws: SubscriptionError.idTaken(id)) { _ = try await create(other) }
            }
        }
    }

    @Test func `of two that are made at once with one id one is made`() async throws {
        try await withDatabase { database in
            try await Fixture.publishSmall(in: database)
            let tenant = try await Fixture.tenant(in: database)
            let draft = SubscriptionDraft(plan: "small", id: .make(at: testNow))
            let made = try await withThrowingTaskGroup(of: Subscription.self) { group in
                for _ in 0..<4 { group.addTask { try await Fixture.create(draft, for: tenant, in: database) } }
                return try await group.reduce(into: Set<Subscription>()) { $0.insert($1) }
            }
            #expect(made.count == 1)
        }
    }

    @Test func `refusals name the field`() async throws {
        try await withDatabase { database in
            let held = try await Fixture.subscribed(in: database)
            let before = try Fixture.instant("2026-02-01T00:00:00Z")
            let cases: [(SubscriptionDraft, String)] = [
                (SubscriptionDraft(plan: "nothing"), "plan"),
                (SubscriptionDraft(plan: "pro"), "quantities.seats"),
                (SubscriptionDraft(plan: "small", quantities: ["seats": 1]), "quantities.seats"),
                (SubscriptionDraft(plan: "pro", quantities: ["seats": -1]), "quantities.seats"),
                (SubscriptionDraft(plan: "small", billedUntil: before), "billed_until"),
                (SubscriptionDraft(plan: "small", metadata: []), "metadata"),
            ]
            for (draft, field) in cases {
                let error = await #expect(throws: (any Error).self) {
                    try await Fixture.create(draft, for: held.tenant, in: database)
                }
                #expect(error.map { Problem.of($0).errors.map(\.field) } == [field])
            }
            #expect(throws: Problem.self) {
                var fields = try JSONFields(["plan": "pro", "quantities": ["seats": 3]])
                _ = try SubscriptionDraft(json: &fields, in: .utc)
            }
        }
    }

    @Test func `archived plans, other currencies and tenants that are not active are refused`() async throws {
        try await withDatabase { database in
            let held = try await Fixture.subscribed(in: database)
            try await Fixture.publish(
                #"{"code": "euro", "currency": "EUR", "interval": {"unit": "month"}, "prices": []}"#,
                in: database
            )
            let german = try await Fixture.tenant(currency: .eur, in: database)
            let other = SubscriptionError.otherCurrency(plan: "euro", is: [.eur], needed: .usd)
            await #expect(throws: other) {
                try await Fixture.create(SubscriptionDraft(plan: "euro"), for: held.tenant, in: database)
            }
            await #expect(throws: SubscriptionError.otherCurrency(plan: "small", is: [.usd], needed: .eur)) {
                try await Fixture.create(SubscriptionDraft(plan: "small"), for: german, in: database)
            }
            try await database.transaction(as: .admin) { transaction in
                let stamp = Stamp(now: testNow, author: .command)
                _ = try await PlanOperations.archive("small", by: stamp, in: transaction)
                _ = try await TenantOperations.suspend(german, by: stamp, in: transaction)
            }
            await #expect(throws: PlanError.archived("small")) {
                try await Fixture.create(SubscriptionDraft(plan: "small"), for: held.tenant, in: database)
            }
            await #expect(throws: TenantError.notChangeable(german, status: .suspended)) {
                try await Fixture.create(SubscriptionDraft(plan: "euro"), for: german, in: database)
            }
        }
    }

    @Test func `of two that would price one meter the second is told of the first`() async throws {
        try await withDatabase { database in
            let first = try await Fixture.subscribed(in: database)
            try await Fixture.publishPro(code: "other", in: database)
            let draft = SubscriptionDraft(plan: "other", quantities: ["seats": 1])
            let expected = SubscriptionError.meterPriced("tokens.output", by: first.id)
            #expect(expected.problem.kind == .conflict)
            await #expect(throws: expected) {
                try await Fixture.create(draft, for: first.tenant, in: database)
            }
            // Nothing of the second is left, and another tenant is not concerned.
            let page = try await database.transaction(as: .tenant(first.tenant)) { transaction in
                try await SubscriptionQueries.list(of: first.tenant, limit: 10, in: transaction)
            }
            #expect(page == [first])
            let other = try await Fixture.tenant("Other", in: database)
            try await Fixture.create(draft, for: other, in: database)
            // Once the first is known to end, the second can begin there.
            try await Fixture.cancel(first, when: .periodEnd, at: "2026-03-10T00:00:00Z", in: database)
            var next = draft
            next.startsAt = Moment(try Fixture.instant("2026-04-01T00:00:00Z"), in: .utc)
            let second = try await Fixture.create(next, for: first.tenant, in: database)
            let pricing = try await database.transaction(as: .tenant(first.tenant)) { transaction in
                [
                    try await SubscriptionQueries.current(
                        of: first.tenant,
                        pricing: "tokens.output",
                        at: testNow,
                        in: transaction
                    )?.id,
                    try await SubscriptionQueries.current(
                        of: first.tenant,
                        pricing: "tokens.output",
                        at: second.startsAt,
                        in: transaction
                    )?.id,
                ]
            }
            #expect(pricing == [first.id, second.id])
        }
    }

    @Test func `a tenant sees its own only, and what it does is on record`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let other = try await Fixture.tenant("Other", in: database)
            try await database.transaction(as: .tenant(other)) { transaction in
                let own = try await SubscriptionQueries.find(made.id, of: other, in: transaction)
                let theirs = try await SubscriptionQueries.find(made.id, of: made.tenant, in: transaction)
                let story = try await SubscriptionQueries.story(of: made.id, tenant: made.tenant, in: transaction)
                let page = try await SubscriptionQueries.list(of: nil, limit: 10, in: transaction)
                #expect(own == nil)
                #expect(theirs == nil)
                #expect(story == nil)
                #expect(page.isEmpty)
            }
            await #expect(throws: SubscriptionError.notFound(made.id)) {
                try await database.transaction(as: .tenant(other)) { transaction in
                    _ = try await SubscriptionOperations.cancel(
                        made.id,
                        of: other,
                        when: .immediately,
                        refund: .none,
                        by: Stamp(now: testNow, author: .command),
                        in: transaction
                    )
                }
            }
            let verbs = try await database.transaction(as: .finance) { transaction in
                try await Activity.list(
                    tenant: made.tenant,
                    object: made.id.text,
                    limit: 10,
                    in: transaction
                ).map(\.verb)
            }
            #expect(verbs.contains("subscription.created"))
        }
    }

    @Test func `of two that are made at once in two currencies the later is refused`() async throws {
        try await withDatabase(connections: 3) { database in
            try await Fixture.publishSmall(in: database)
            try await Fixture.publish(
                #"{"code": "euro", "currency": "EUR", "interval": {"unit": "month"}, "prices": []}"#,
                in: database
            )
            let tenant = try await Fixture.tenant(in: database)
            let stamp = Stamp(now: testNow, author: .command)
            let (making, made) = AsyncStream.makeStream(of: Void.self)
            await #expect(throws: SubscriptionError.otherCurrency(plan: "euro", is: [.eur], needed: .usd)) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await database.transaction(as: .tenant(tenant)) { transaction in
                            try await SubscriptionOperations.create(
                                SubscriptionDraft(plan: "small"),
                                for: tenant,
                                by: stamp,
                                in: transaction
                            )
                            made.finish()
                            // The other is asked for before this one has committed.
                            try await Task.sleep(for: .milliseconds(300))
                        }
                    }
                    group.addTask {
                        for await _ in making {}
                        try await database.transaction(as: .tenant(tenant)) { transaction in
                            _ = try await SubscriptionOperations.create(
                                SubscriptionDraft(plan: "euro"),
                                for: tenant,
                                by: stamp,
                                in: transaction
                            )
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func `nobody can change what was agreed on at the beginning`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let forbidden: [SQL] = [
                "UPDATE app.subscriptions SET currency = 'EUR'", "UPDATE app.subscriptions SET starts_at = created_at",
                "UPDATE app.subscription_phases SET starts_at = recorded_at",
                "UPDATE app.subscription_meters SET meter = 'other'", "UPDATE app.subscription_changes SET seq = 9",
            ]
            for statement in forbidden {
                for scope in [Scope.tenant(made.tenant), .system, .admin, .finance] {
                    await #expect(throws: PostgresError.self) {
                        try await database.transaction(as: scope) { try await $0.execute(statement) }
                    }
                }
            }
        }
    }
}
