import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

private typealias Fixture = SubscriptionFixture

@Suite struct SubscriptionStoryTests {
    @Test func `a story has all changes and versions, and explains itself`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(quantities: ["seats": 5], invoice: .next),
                at: "2026-03-10T00:00:00Z",
                in: database
            )
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(plan: "small"),
                at: "2026-03-12T00:00:00Z",
                in: database
            )
            let story = try await story(of: made, in: database)
            #expect(story.changes.map(\.kind) == [.created, .quantities, .plan])
            #expect(story.changes.map(\.sequence) == [1, 2, 3])
            #expect(story.changes[1].invoice == .next)
            #expect(Set(story.versions.map(\.code)) == ["pro", "small"])
            let until = try Fixture.instant("2026-03-15T00:00:00Z")
            let json = try story.timelineJSON(until: until, standings: [])
            #expect(json["phases"]?.array?.compactMap { $0["plan"]?.string } == ["pro", "pro", "small"])
            #expect(json["scheduled_changes"]?.array?.count == 1)
            #expect(json["steps"]?.array?.first?["what"] == "created")
            let stored = try await Fixture.phases(made, in: database)
            #expect(try story.phases() == stored)
        }
    }

    @Test func `as of an instant it knows only what was recorded then`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(in: database)
            try await Fixture.cancel(made, when: .immediately, at: "2026-03-12T00:00:00Z", in: database)
            let story = try await story(of: made, in: database)
            #expect(try story.phases(asOf: try Fixture.instant("2026-03-11T00:00:00Z")).map(\.end) == [nil])
            #expect(try story.phases(asOf: try Fixture.instant("2026-02-28T00:00:00Z")).isEmpty)
            #expect(try story.phases().map(\.end) == [try Fixture.instant("2026-03-12T00:00:00Z")])
        }
    }

    @Test func `what falls due next is the period's end, or a change before it`() async throws {
        try await withDatabase { database in
            let made = try await Fixture.subscribed(trialDays: 14, in: database)
            try await Fixture.change(
                made,
                SubscriptionChangeDraft(quantities: ["seats": 5]),
                at: "2026-03-20T00:00:00Z",
                in: database
            )
            let story = try await story(of: made, in: database)
            for (after, next) in [
                ("2026-02-01", "2026-03-15"), ("2026-03-15", "2026-03-20"), ("2026-03-20", "2026-04-15"),
            ] {
                let found = try story.nextBilling(after: try Fixture.instant("\(after)T00:00:00Z"))
                #expect(found?.text == "\(next)T00:00:00Z")
            }
            try await Fixture.cancel(made, when: .immediately, at: "2026-03-25T00:00:00Z", in: database)
            let over = try await self.story(of: made, in: database)
            #expect(try over.nextBilling(after: try Fixture.instant("2026-03-25T00:00:00Z")) == nil)
            #expect(over.subscription.nextBillingAt?.text == "2026-03-15T00:00:00Z")
        }
    }

    @Test func `pages of stories are those of their subscriptions, whoever's they are`() async throws {
        try await withDatabase { database in
            let first = try await Fixture.subscribed(in: database)
            let other = try await Fixture.create(
                SubscriptionDraft(plan: "small"),
                for: try await Fixture.tenant("Other", in: database),
                in: database
            )
            let stories = try await database.transaction(as: .finance) { transaction in
                let page = try await SubscriptionQueries.stories(of: nil, limit: 1, in: transaction)
                return page
                    + (try await SubscriptionQueries.stories(
                        of: nil,
                        limit: 5,
                        after: page.last?.subscription.id,
                        in: transaction
                    ))
            }
            #expect(Set(stories.map(\.subscription)) == [first, other])
            for story in stories {
                #expect(story.changes.count == 1)
                #expect(story.versions.map(\.code) == [story.subscription.planCode])
            }
        }
    }

    @Test func `of two that would price one meter at once one comes through`() async throws {
        try await withDatabase { database in
            try await Fixture.publishPro(in: database)
            let tenant = try await Fixture.tenant(in: database)
            let draft = SubscriptionDraft(plan: "pro", quantities: ["seats": 1])
            let made = try await withThrowingTaskGroup(of: SubscriptionID?.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        do {
                            return try await Fixture.create(draft, for: tenant, in: database).id
                        } catch SubscriptionError.meterPriced {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [SubscriptionID]()) { made, id in
                    if let id { made.append(id) }
                }
            }
            let current = try await database.transaction(as: .tenant(tenant)) { transaction in
                try await SubscriptionQueries.current(
                    of: tenant,
                    pricing: "tokens.output",
                    at: testNow,
                    in: transaction
                )
            }
            #expect(made == [try #require(current?.id)])
        }
    }

    private func story(of subscription: Subscription, in database: Database) async throws -> SubscriptionStory {
        let story = try await database.transaction(as: .finance) { transaction in
            try await SubscriptionQueries.story(
                of: subscription.id,
                tenant: subscription.tenant,
                in: transaction
            )
        }
        return try #require(story)
    }
}
