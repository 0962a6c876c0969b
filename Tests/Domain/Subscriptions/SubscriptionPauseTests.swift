import Metering
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

/// Standing still, going on, and withdrawing what waits.
@Suite struct SubscriptionPauseTests {
    @Test func `a paused subscription has no period, no allowance and no meter until it goes on`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(in: database)
            let paused = try await Self.pause(subscription, at: "2026-03-10T10:00:00Z", in: database)
            #expect(paused.status == .paused)
            #expect(paused.pausedAt?.text == "2026-03-10T10:00:00Z")
            #expect(paused.currentPeriod.end.text == "2026-03-10T10:00:00Z")
            #expect(
                try await Fixture.allowance(subscription.tenant, at: "2026-03-12T00:00:00Z", in: database)
                    == nil
            )
            #expect(try await Self.pricing(subscription.tenant, at: "2026-03-09T00:00:00Z", in: database))
            #expect(try await !Self.pricing(subscription.tenant, at: "2026-03-12T00:00:00Z", in: database))
            // The schedule leaves it alone.
            let waited = try await Fixture.advance(subscription, until: "2026-06-01T00:00:00Z", in: database)
            #expect(waited.status == .paused)
            let lapsed = try await database.transaction(as: .system) { transaction in
                try await SubscriptionQueries.lapsed(
                    at: try Fixture.instant("2026-06-01T00:00:00Z"),
                    limit: 10,
                    in: transaction
                )
            }
            #expect(lapsed.isEmpty)
            let resumed = try await Self.resume(subscription, at: "2026-06-15T08:30:00Z", in: database)
            #expect(resumed.status == .active)
            #expect(resumed.pausedAt == nil)
            #expect(resumed.anchor?.text == "2026-06-15T08:30:00Z")
            #expect(resumed.currentPeriod.end.text == "2026-07-15T08:30:00Z")
            let allowance = try await Fixture.allowance(
                subscription.tenant,
                at: "2026-07-01T00:00:00Z",
                in: database
            )
            #expect(allowance?.start == "2026-06-15T08:30:00Z")
            #expect(
                try await Fixture.phases(subscription, in: database).map(\.status)
                    == [.active, .paused, .active]
            )
        }
    }

    @Test func `a pause that waits comes with the period's end, and resuming withdraws it before`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(in: database)
            let asked = try await Self.pause(subscription, .periodEnd, at: "2026-03-10T00:00:00Z", in: database)
            #expect(asked.status == .active)
            #expect(asked.scheduledChanges.count == 1)
            // Once more is no work.
            let again = try await Self.pause(subscription, .periodEnd, at: "2026-03-11T00:00:00Z", in: database)
            #expect(again == asked)
            let withdrawn = try await Self.resume(subscription, at: "2026-03-12T00:00:00Z", in: database)
            #expect(withdrawn.scheduledChanges == [])
            try await Self.pause(subscription, .periodEnd, at: "2026-03-13T00:00:00Z", in: database)
            let paused = try await Fixture.advance(subscription, until: "2026-04-02T00:00:00Z", in: database)
            #expect(paused.status == .paused)
            #expect(paused.pausedAt?.text == "2026-04-01T00:00:00Z")
            #expect(paused.currentPeriod.start.text == "2026-03-01T00:00:00Z")
        }
    }

    @Test func `a trial stops in a pause, and what is left of it goes on`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(trialDays: 14, in: database)
            try await Self.pause(subscription, at: "2026-03-05T06:00:00Z", in: database)
            let resumed = try await Self.resume(subscription, at: "2026-04-01T18:00:00Z", in: database)
            #expect(resumed.status == .trialing)
            // Nine days and eighteen hours were left.
            #expect(resumed.currentPeriod.end.text == "2026-04-11T12:00:00Z")
            let active = try await Fixture.advance(subscription, until: "2026-04-11T12:00:00Z", in: database)
            #expect(active.status == .active)
            #expect(active.anchor?.text == "2026-04-11T12:00:00Z")
        }
    }

    @Test func `what cannot be paused, resumed or reactivated says why`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(in: database)
            await #expect(throws: SubscriptionError.notPaused(subscription.id)) {
                try await Self.resume(subscription, at: "2026-03-02T00:00:00Z", in: database)
            }
            await #expect(throws: SubscriptionError.notCancelled(subscription.id)) {
                try await Self.reactivate(subscription, at: "2026-03-02T00:00:00Z", in: database)
            }
            try await Fixture.cancel(subscription, when: .periodEnd, at: "2026-03-03T00:00:00Z", in: database)
            let end = try Fixture.instant("2026-04-01T00:00:00Z")
            await #expect(throws: SubscriptionError.cancellationWaits(subscription.id, until: end)) {
                try await Self.pause(subscription, at: "2026-03-04T00:00:00Z", in: database)
            }
            let back = try await Self.reactivate(subscription, at: "2026-03-05T00:00:00Z", in: database)
            #expect(back.cancelsAt == nil)
            #expect(back.scheduledChanges == [])
            try await Self.pause(subscription, at: "2026-03-06T00:00:00Z", in: database)
            let since = try Fixture.instant("2026-03-06T00:00:00Z")
            await #expect(throws: SubscriptionError.alreadyPaused(subscription.id, since: since)) {
                try await Self.pause(subscription, at: "2026-03-07T00:00:00Z", in: database)
            }
            // There is no period whose end the cancellation could wait for.
            let over = try await Fixture.cancel(
                subscription,
                when: .periodEnd,
                at: "2026-03-08T00:00:00Z",
                in: database
            )
            #expect(over.status == .cancelled)
            let ended = try Fixture.instant("2026-03-08T00:00:00Z")
            await #expect(throws: SubscriptionError.notReactivable(subscription.id, at: ended)) {
                try await Self.reactivate(subscription, at: "2026-03-09T00:00:00Z", in: database)
            }
        }
    }

    @Test func `another subscription may price the meter in a pause, and then the first cannot go on`() async throws {
        try await withDatabase { database in
            let first = try await Fixture.subscribed(in: database)
            let draft = SubscriptionDraft(plan: "pro", quantities: ["seats": 1])
            await #expect(throws: SubscriptionError.meterPriced("tokens.output", by: first.id)) {
                try await Fixture.create(draft, for: first.tenant, at: "2026-03-05T00:00:00Z", in: database)
            }
            try await Self.pause(first, at: "2026-03-06T00:00:00Z", in: database)
            let second = try await Fixture.create(
                draft,
                for: first.tenant,
                at: "2026-03-07T00:00:00Z",
                in: database
            )
            await #expect(throws: SubscriptionError.meterPriced("tokens.output", by: second.id)) {
                try await Self.resume(first, at: "2026-03-08T00:00:00Z", in: database)
            }
        }
    }

    @Test func `what events name takes part in no exclusion`() async throws {
        try await withDatabase { database in
            let first = try await Fixture.subscribed(in: database)
            let named = try await Fixture.create(
                SubscriptionDraft(plan: "pro", quantities: ["seats": 1], usage: .named),
                for: first.tenant,
                at: "2026-03-05T00:00:00Z",
                in: database
            )
            #expect(named.usage == .named)
            #expect(named.json["usage"] == "named")
            #expect(try await Fixture.find(named, in: database)?.usage == .named)
        }
    }

    @Test func `scheduled changes are withdrawn together or one by one, and nothing is deleted`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(in: database)
            try await Fixture.change(
                subscription,
                SubscriptionChangeDraft(plan: "small", timing: .periodEnd),
                at: "2026-03-05T00:00:00Z",
                in: database
            )
            let cancelled = try await Fixture.cancel(
                subscription,
                when: .periodEnd,
                at: "2026-03-06T00:00:00Z",
                in: database
            )
            #expect(cancelled.scheduledChanges.count == 2)
            let plan = try #require(cancelled.scheduledChanges.first)
            let one = try await Self.withdraw(subscription, plan, at: "2026-03-07T00:00:00Z", in: database)
            #expect(one.scheduledChanges.count == 1)
            #expect(one.cancelsAt != nil)
            await #expect(throws: SubscriptionError.notScheduled(plan)) {
                try await Self.withdraw(subscription, plan, at: "2026-03-08T00:00:00Z", in: database)
            }
            let all = try await Self.withdraw(subscription, at: "2026-03-08T00:00:00Z", in: database)
            #expect(all.scheduledChanges == [])
            #expect(all.cancelsAt == nil)
            let later = try await Fixture.advance(subscription, until: "2026-05-02T00:00:00Z", in: database)
            #expect(later.status == .active)
            #expect(later.planCode == "pro")
            let kinds = try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
                try await SubscriptionQueries.changes(
                    of: subscription.id,
                    tenant: subscription.tenant,
                    in: transaction
                ).map(\.kind)
            }
            #expect(kinds == [.created, .plan, .cancel, .withdraw, .withdraw])
            #expect(
                try await Fixture.phases(subscription, in: database).map(\.end) == [nil],
                "the phase that was to come is empty"
            )
        }
    }

    @Test func `a plan is not left without a quantity that a withdrawn change would have brought`() async throws {
        try await withDatabase { database in
            let tenant = try await Fixture.tenant(in: database)
            try await Fixture.publishPro(in: database)
            try await Fixture.publishSmall(in: database)
            let small = try await Fixture.create(SubscriptionDraft(plan: "small"), for: tenant, in: database)
            let scheduled = try await Fixture.change(
                small,
                SubscriptionChangeDraft(plan: "pro", quantities: ["seats": 3], timing: .periodEnd),
                at: "2026-03-05T00:00:00Z",
                in: database
            )
            let id = try #require(scheduled.scheduledChanges.first)
            let back = try await Self.withdraw(small, id, at: "2026-03-06T00:00:00Z", in: database)
            #expect(back.scheduledChanges == [])
        }
    }

    @Test func `the standing is kept through everything, and suspension takes the allowances`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(in: database)
            let late = try await Self.stand(
                subscription,
                .pastDue,
                "inv_1 is overdue",
                at: "2026-03-10T00:00:00Z",
                database
            )
            #expect(late.status == .pastDue)
            let renewed = try await Fixture.advance(subscription, until: "2026-04-02T00:00:00Z", in: database)
            #expect(renewed.status == .pastDue)
            let changed = try await Fixture.change(
                subscription,
                SubscriptionChangeDraft(quantities: ["seats": 9]),
                at: "2026-04-03T00:00:00Z",
                in: database
            )
            #expect(changed.standing == .pastDue)
            #expect(
                try await Fixture.allowance(subscription.tenant, at: "2026-04-04T00:00:00Z", in: database)
                    != nil
            )
            let suspended = try await Self.stand(subscription, .suspended, nil, at: "2026-04-05T00:00:00Z", database)
            #expect(suspended.status == .suspended)
            #expect(
                try await Fixture.allowance(subscription.tenant, at: "2026-04-06T00:00:00Z", in: database)
                    == nil
            )
            // Periods run on.
            let next = try await Fixture.advance(subscription, until: "2026-05-02T00:00:00Z", in: database)
            #expect(next.status == .suspended)
            #expect(next.currentPeriod.start.text == "2026-05-01T00:00:00Z")
            #expect(
                try await Fixture.allowance(subscription.tenant, at: "2026-05-03T00:00:00Z", in: database)
                    == nil
            )
            let back = try await Self.stand(subscription, .current, nil, at: "2026-05-04T00:00:00Z", database)
            #expect(back.status == .active)
            #expect(
                try await Fixture.allowance(subscription.tenant, at: "2026-05-05T00:00:00Z", in: database)?
                    .start == "2026-05-01T00:00:00Z"
            )
            // The same again is no work.
            let same = try await Self.stand(subscription, .current, nil, at: "2026-05-06T00:00:00Z", database)
            #expect(same == back)
        }
    }

    @Test func `the timeline explains each state`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(in: database)
            try await Self.stand(subscription, .pastDue, "inv_1 is overdue", at: "2026-03-10T00:00:00Z", database)
            let late = try await Self.timeline(subscription, at: "2026-03-11T00:00:00Z", in: database)
            #expect(late["state"]?["status"] == "past_due")
            #expect(late["state"]?["reason"] == "inv_1 is overdue")
            #expect(late["state"]?["since"] == "2026-03-10T00:00:00Z")
            try await Self.stand(subscription, .current, nil, at: "2026-03-12T00:00:00Z", database)
            try await Self.pause(subscription, at: "2026-03-13T00:00:00Z", in: database)
            let paused = try await Self.timeline(subscription, at: "2026-03-14T00:00:00Z", in: database)
            #expect(paused["state"]?["status"] == "paused")
            #expect(paused["state"]?["change"] == paused["changes"]?[1]?["id"])
            #expect(paused["phases"]?.array?.map { $0["status"]?.string } == ["active", "paused"])
            #expect(
                paused["steps"]?.array?.map { $0["what"]?.string }
                    == ["created", "standing became past_due", "standing became current", "paused"]
            )
            // As it stood before.
            let before = try await Self.timeline(subscription, at: "2026-03-02T00:00:00Z", in: database)
            #expect(before["state"]?["status"] == "active")
        }
    }

    @Test func `two states never overlap, also where one of them is a pause`() async throws {
        try await withDatabase { database in
            let subscription = try await Fixture.subscribed(in: database)
            try await Self.pause(subscription, at: "2026-03-10T00:00:00Z", in: database)
            await #expect(throws: (any Error).self) {
                try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
                    try await transaction.execute(
                        """
                        INSERT INTO app.subscription_phases (tenant_id, subscription_id, starts_at, plan_version_id,
                            quantities, status, recorded_at)
                        VALUES (\(subscription.tenant), \(subscription.id), '2026-03-12 00:00:00+00',
                            \(subscription.planVersion), '{}', 'paused', \(testNow))
                        """
                    )
                }
            }
        }
    }
}
