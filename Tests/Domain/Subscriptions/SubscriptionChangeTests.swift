import Jobs
import Logging
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

@Suite struct SubscriptionChangeTests {
    @Test func `more takes effect at once, less at the end of the period, unless it is said`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let more = try await Fixture.change(
                made,
                SubscriptionChangeDraft(quantities: ["seats": 5]),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            #expect(more.quantities == ["seats": 5])
            #expect(more.scheduledChanges.isEmpty)
            #expect(more.nextBillingAt == made.nextBillingAt)
            let less = try await Fixture.change(
                made,
                SubscriptionChangeDraft(quantities: ["seats": 4]),
                at: "2026-03-11T00:00:00Z",
                in: database
            )
            #expect(less.quantities == ["seats": 5])
            #expect(less.scheduledChanges.count == 1)
            let small = try await Fixture.change(
                made,
                SubscriptionChangeDraft(plan: "small"),
                at: "2026-03-12T00:00:00Z",
                in: database
            )
            #expect(small.planCode == "pro")
            #expect(small.scheduledChanges.count == 2)
            let said = try await Fixture.change(
                made,
                SubscriptionChangeDraft(quantities: ["seats": 1], timing: .immediately),
                at: "2026-03-13T00:00:00Z",
                in: database
            )
            #expect(said.quantities == ["seats": 1])
            let phases = try await Fixture.phases(made, in: database)
            #expect(phases.map(\.quantities["seats"]) == [3, 5, 1, 4])
            #expect(phases.last?.start.text == "2026-04-01T00:00:00Z")
            #expect(phases.last?.version == (try await planVersion("small", in: database)))
        }
    }

    @Test func `a plan change at the period's end is applied there, with its allowances and meters`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(plan: "small"),
                at: "2026-03-12T00:00:00Z",
                in: database
            )
            let ahead = try await Fixture.allowance(made.tenant, at: "2026-04-02T00:00:00Z", in: database)
            #expect(ahead?.limit == "500000")
            let before = try await Fixture.advance(made, until: "2026-03-31T23:59:59Z", in: database)
            #expect(before.planCode == "pro")
            let after = try await Fixture.advance(made, until: "2026-04-01T00:00:00Z", in: database)
            #expect(after.planCode == "small")
            #expect(after.scheduledChanges.isEmpty)
            #expect(after.currentPeriod.end.text == "2026-05-01T00:00:00Z")
            try await database.transaction(as: .tenant(made.tenant)) { transaction in
                let march = try await SubscriptionQueries.current(
                    of: made.tenant,
                    pricing: "tokens.output",
                    at: testNow,
                    in: transaction
                )
                let april = try await SubscriptionQueries.current(
                    of: made.tenant,
                    pricing: "tokens.output",
                    at: after.currentPeriod.start,
                    in: transaction
                )
                #expect(march?.id == made.id)
                #expect(april == nil)
            }
            // Moving on never goes back.
            #expect(try await Fixture.advance(made, until: "2026-03-05T00:00:00Z", in: database) == after)
        }
    }

    @Test func `an advance over several boundaries moves period and allowances, and leaves billing alone`() async throws
    {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(trialDays: 14, in: database)
            let moved = try await Fixture.advance(made, until: "2026-06-20T00:00:00Z", in: database)
            #expect(moved.status == .active)
            #expect(moved.anchor?.text == "2026-03-15T00:00:00Z")
            #expect(moved.currentPeriod.start.text == "2026-06-15T00:00:00Z")
            #expect(moved.nextBillingAt == made.nextBillingAt)
            for (instant, start) in [("2026-06-20", "2026-06-15"), ("2026-07-20", "2026-07-15")] {
                let allowance = try await Fixture.allowance(
                    made.tenant,
                    at: "\(instant)T00:00:00Z",
                    in: database
                )
                #expect(allowance?.start == "\(start)T00:00:00Z")
            }
            let none = try await Fixture.allowance(made.tenant, at: "2026-08-20T00:00:00Z", in: database)
            #expect(none == nil)
            #expect(try await Fixture.phases(made, in: database).count == 2)
        }
    }

    @Test func `a cancellation at the period's end is known ahead and takes effect there`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let asked = try await Fixture.cancel(made, when: .periodEnd, at: "2026-03-10T00:00:00Z", in: database)
            #expect(asked.status == .active)
            #expect(asked.cancelsAt?.text == "2026-04-01T00:00:00Z")
            #expect(try await Fixture.cancel(made, when: .periodEnd, at: "2026-03-11T00:00:00Z", in: database) == asked)
            let none = try await Fixture.allowance(made.tenant, at: "2026-04-02T00:00:00Z", in: database)
            #expect(none == nil)
            await #expect(throws: SubscriptionError.over(made.id, at: made.currentPeriod.end)) {
                try await Fixture.change(
                    made,
                    SubscriptionChangeDraft(plan: "small"),
                    at: "2026-03-12T00:00:00Z",
                    in: database
                )
            }
            let over = try await Fixture.advance(made, until: "2026-04-05T00:00:00Z", in: database)
            #expect(over.status == .ended)
            #expect(over.endedAt?.text == "2026-04-01T00:00:00Z")
            #expect(over.cancelsAt == nil)
            #expect(over.nextBillingAt != nil)
            #expect(try await Fixture.phases(made, in: database).map(\.end) == [over.endedAt])
        }
    }

    @Test func `a cancellation at once ends what was known to come`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(plan: "small"),
                at: "2026-03-12T00:00:00Z",
                in: database
            )
            let over = try await Fixture.cancel(made, when: .immediately, at: "2026-03-20T00:00:00Z", in: database)
            #expect(over.status == .cancelled)
            #expect(over.endedAt?.text == "2026-03-20T00:00:00Z")
            #expect(over.scheduledChanges.isEmpty)
            #expect(try await Fixture.phases(made, in: database).map(\.end) == [over.endedAt])
            let none = try await Fixture.allowance(made.tenant, at: "2026-03-21T00:00:00Z", in: database)
            #expect(none == nil)
            await #expect(throws: SubscriptionError.over(made.id, at: try #require(over.endedAt))) {
                try await Fixture.cancel(made, when: .immediately, at: "2026-03-21T00:00:00Z", in: database)
            }
            // Another one can price its meters from there on, and no sooner.
            let again = SubscriptionDraft(plan: "pro", quantities: ["seats": 1])
            await #expect(throws: SubscriptionError.meterPriced("tokens.output", by: made.id)) {
                try await Fixture.create(again, for: made.tenant, at: "2026-03-19T00:00:00Z", in: database)
            }
            try await Fixture.create(again, for: made.tenant, at: "2026-03-20T00:00:00Z", in: database)
        }
    }

    @Test func `what was not yet begun can be taken back whole`() async throws {
        try await withDatabase { database in
            try await Fixture.publishSmall(in: database)
            let tenant = try await Fixture.tenant(in: database)
            let start = Moment(try Fixture.instant("2026-05-01T00:00:00Z"), in: .utc)
            let made = try await Fixture.create(
                SubscriptionDraft(plan: "small", startsAt: start),
                for: tenant,
                in: database
            )
            let over = try await Fixture.cancel(made, when: .immediately, at: "2026-03-02T00:00:00Z", in: database)
            #expect(over.status == .cancelled)
            #expect(over.endedAt == start.instant)
            #expect(try await Fixture.phases(made, in: database).isEmpty)
        }
    }

    @Test func `nothing changes before the last invoice or the last change`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Fixture.invoiced(made, until: "2026-03-10T00:00:00Z", in: database)
            let draft = SubscriptionChangeDraft(quantities: ["seats": 9])
            let last = try Fixture.instant("2026-03-10T00:00:00Z")
            let early = try Fixture.instant("2026-03-09T00:00:00Z")
            await #expect(throws: SubscriptionError.beforeLastInvoice(early, last: last)) {
                try await Fixture.change(made, draft, at: early.text, in: database)
            }
            // In the second of the invoice it counts from the next one.
            try await Fixture.change(made, draft, at: "2026-03-10T00:00:00.4Z", in: database)
            let second = try Fixture.instant("2026-03-10T00:00:01Z")
            #expect(try await Fixture.phases(made, in: database).last?.start == second)
            let found = try #require(try await Fixture.find(made, in: database))
            #expect(found.lastInvoiceAt == last)
            #expect(found.nextBillingAt == second)
            try await Fixture.change(made, draft, at: "2026-03-20T00:00:00Z", in: database)
            let between = try Fixture.instant("2026-03-15T00:00:00Z")
            await #expect(
                throws: SubscriptionError.beforeLastChange(between, last: try Fixture.instant("2026-03-20T00:00:00Z"))
            ) {
                try await Fixture.change(made, draft, at: between.text, in: database)
            }
        }
    }

    @Test func `changes that do not fit name their field`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let small = try await Fixture.create(
                SubscriptionDraft(plan: "small"),
                for: made.tenant,
                in: database
            )
            let cases: [(Subscription, SubscriptionChangeDraft, String)] = [
                (made, SubscriptionChangeDraft(), "plan"),
                (made, SubscriptionChangeDraft(plan: "nothing"), "plan"),
                (made, SubscriptionChangeDraft(quantities: ["chairs": 1]), "quantities.chairs"),
                (small, SubscriptionChangeDraft(plan: "pro"), "quantities.seats"),
                (small, SubscriptionChangeDraft(plan: "small", quantities: ["seats": 1]), "quantities.seats"),
            ]
            for (subscription, draft, field) in cases {
                let error = await #expect(throws: (any Error).self) {
                    try await Fixture.change(subscription, draft, at: "2026-03-10T00:00:00Z", in: database)
                }
                #expect(error.map { Problem.of($0).errors.map(\.field) } == [field])
            }
            await #expect(throws: SubscriptionError.meterPriced("tokens.output", by: made.id)) {
                try await Fixture.change(
                    small,
                    SubscriptionChangeDraft(plan: "pro", quantities: ["seats": 1]),
                    at: "2026-03-10T00:00:00Z",
                    in: database
                )
            }
        }
    }

    @Test func `two stretches of a subscription cannot overlap`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    _ = try await transaction.execute(
                        """
                        INSERT INTO app.subscription_phases (tenant_id, subscription_id, starts_at, plan_version_id,
                            quantities, status, recorded_at)
                        VALUES (\(made.tenant), \(made.id), '2026-03-10 00:00:00+00', \(made.planVersion), '{}',
                            'active', \(testNow))
                        """
                    )
                }
            }
            #expect(error?.isExclusionViolation == true)
        }
    }

    @Test func `what lapses is moved on by the worker, once`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let time = ManualTime(try Fixture.instant("2026-04-01T00:00:30Z"))
            let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: Logger(label: "test"))
            try await keeper.register()
            let worker = JobWorker(database: database, keeper: keeper, time: time, logger: Logger(label: "test"))
            try SubscriptionJobs.install(on: worker)
            _ = await worker.work()
            let moved = try #require(try await Fixture.find(made, in: database))
            #expect(moved.currentPeriod.start.text == "2026-04-01T00:00:00Z")
            let verbs = try await database.transaction(as: .finance) { transaction in
                try await Activity.list(tenant: made.tenant, object: made.id.text, limit: 10, in: transaction).map(
                    \.verb
                )
            }
            #expect(verbs.filter { $0 == "subscription.renewed" }.count == 1)
        }
    }

    @Test func `the billing run finds what may be due, page by page`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            let other = try await Fixture.create(
                SubscriptionDraft(plan: "small"),
                for: try await Fixture.tenant(in: database),
                in: database
            )
            try await database.transaction(as: .system) { transaction in
                let first = try await SubscriptionQueries.due(
                    upTo: testNow,
                    of: nil,
                    after: nil,
                    limit: 1,
                    in: transaction
                )
                let second = try await SubscriptionQueries.due(
                    upTo: testNow,
                    of: nil,
                    after: first.last,
                    limit: 5,
                    in: transaction
                )
                #expect(Set((first + second).map(\.subscription)) == [made.id, other.id])
                #expect(first.count == 1)
                try await SubscriptionOperations.markInvoiced(
                    made.id,
                    of: made.tenant,
                    until: testNow,
                    nextBillingAt: made.currentPeriod.end,
                    in: transaction
                )
                let rest = try await SubscriptionQueries.due(
                    upTo: testNow,
                    of: nil,
                    after: nil,
                    limit: 5,
                    in: transaction
                )
                #expect(rest.map(\.subscription) == [other.id])
            }
        }
    }

    private func planVersion(_ code: String, in database: Database) async throws -> PlanVersionID? {
        try await database.transaction(as: .admin) { transaction in
            try await PlanQueries.latest(code, in: transaction)?.id
        }
    }
}
