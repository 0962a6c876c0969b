import Billing
import Jobs
import Ledger
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// What is done about invoices that nobody pays: each step once.
@Suite struct DunningRunTests {
    private let refusal = GatewayOutcome.declined(
        reference: "pi_x",
        code: "insufficient_funds",
        message: "the card has no funds",
        isFinal: false
    )

    private func day(_ number: Int64) -> Instant { PaymentFixture.due.adding(seconds: number * 86_400) }

    @Test func `from past due to cancelled, each step once, also by two runs at once`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.dun(until: PaymentFixture.due.adding(seconds: -1))
            #expect(try await world.steps().isEmpty)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 { group.addTask { try await world.dun(until: PaymentFixture.due) } }
                try await group.waitForAll()
            }
            #expect(Set(try await world.steps()) == ["past_due 1", "message 1"])
            #expect(try await world.subscription().status == .pastDue)
            try await world.dun(until: day(14))
            try await world.dun(until: day(14))
            #expect(try await world.subscription().status == .suspended)
            try await world.dun(until: day(30))
            let subscription = try await world.subscription()
            #expect(subscription.status == .cancelled && subscription.endedAt == day(30))
            #expect(try await world.current().status == .open)
            let messages = try await world.act { transaction in
                try await Activity.list(
                    tenant: world.tenant,
                    object: world.invoice.id.text,
                    limit: 50,
                    in: transaction
                )
                .filter { $0.verb == "dunning.message" }
            }
            #expect(
                Set(messages.compactMap { $0.details["template"]?.string })
                    == ["invoice_overdue", "invoice_overdue_reminder", "invoice_final_notice"]
            )
            #expect(messages.count == 4)
            #expect(try await world.dun(until: day(60)).steps.isEmpty)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `paying everything gives the subscription back`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database, billedUntil: BillingFixture.day(2026, 2, 5))
            let second = try #require(try await world.book.invoices().last)
            // The second is due on the 19th of February: then the first is 31 days late.
            try await database.transaction(as: .admin) { transaction in
                try await DunningOperations.set(
                    DunningPolicy(
                        retryDays: [],
                        messageDays: [],
                        pastDueAfter: 0,
                        suspendAfter: 14,
                        cancelAfter: nil,
                        final: .none
                    ),
                    of: nil,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            try await world.dun(until: BillingFixture.day(2026, 2, 20))
            #expect(try await world.subscription().standing == .suspended)
            try await world.receive("35.00", "first")
            #expect(try await world.subscription().standing == .pastDue)
            try await world.receive("35.00", "second", for: [second.id])
            #expect(try await world.subscription().status == .active)
        }
    }

    @Test func `a card is charged again on the days of the policy, until it pays`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            gateway.answer(refusal, refusal, refusal)
            try await world.dun(until: BillingFixture.start, gateway)
            #expect(gateway.keys.count == 1)
            #expect(try await world.subscription().status == .pastDue)
            for day: Int64 in 1...10 {
                try await world.dun(until: BillingFixture.start.adding(seconds: day * 86_400), gateway)
            }
            // Declined at once, after 1 day and after 3; paid after 5.
            #expect(Set(gateway.keys).count == 4 && gateway.taken == 3_500)
            let attempts = try await world.attempts()
            #expect(attempts.map { ($0.at - BillingFixture.start) / 86_400_000_000 }.sorted() == [0, 1, 3, 5])
            #expect(try await world.current().paidAt == BillingFixture.start.adding(seconds: 5 * 86_400))
            #expect(try await world.subscription().status == .active)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `without gateways at hand a retry is left to a job, under way until it is done`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            gateway.answer(refusal)
            try await world.collect(gateway)
            let summary = try await world.dun(until: BillingFixture.start.adding(seconds: 10 * 86_400))
            #expect(summary.steps[.retry] == 1)
            #expect(try await world.attempts().map(\.state).sorted { $0.rawValue < $1.rawValue } == [.declined, .sent])
            try await world.collect(gateway)
            #expect(try await world.current().status == .paid)
        }
    }

    @Test func `the debt can be given up in the end`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await database.transaction(as: .admin) { transaction in
                try await DunningOperations.set(
                    DunningPolicy(
                        retryDays: [],
                        messageDays: [],
                        pastDueAfter: nil,
                        suspendAfter: nil,
                        cancelAfter: 10,
                        final: .uncollectible
                    ),
                    of: world.invoice.legalEntity,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            try await world.dun(until: day(9))
            #expect(try await world.steps().isEmpty)
            try await world.dun(until: day(10))
            #expect(try await world.current().status == .uncollectible)
            #expect(try await world.subscription().status == .cancelled)
            #expect(try await world.balance(.badDebt) == 3_500)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `a voided invoice takes nothing any more`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.dun(until: day(14))
            #expect(try await world.subscription().status == .suspended)
            try await world.act { transaction in
                try await InvoiceOperations.void(
                    world.invoice.id,
                    of: world.tenant,
                    by: PaymentFixture.stamp(day(15)),
                    in: transaction
                )
            }
            try await world.dun(until: day(16))
            #expect(try await world.subscription().status == .active)
        }
    }

    @Test(arguments: [true, false])
    func `what staff suspended stays suspended when everything is paid`(isBefore: Bool) async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            func set(_ standing: SubscriptionStanding, _ at: Instant) async throws {
                try await world.act { transaction in
                    _ = try await SubscriptionOperations.setStanding(
                        standing,
                        of: world.book.subscription,
                        tenant: world.tenant,
                        because: "abuse",
                        by: PaymentFixture.stamp(at),
                        in: transaction
                    )
                }
            }
            // Before dunning comes to it, or after dunning has suspended it for its own reasons.
            if isBefore { try await set(.suspended, day(1)) }
            try await world.dun(until: day(14))
            #expect(try await world.subscription().standing == .suspended)
            if !isBefore { try await set(.suspended, day(15)) }
            try await world.receive("35.00", "all of it")
            #expect(try await world.subscription().standing == .suspended)
            try await world.dun(until: day(20))
            #expect(try await world.subscription().standing == .suspended)
            try await set(.current, day(21))
            #expect(try await world.subscription().standing == .current)
            let standings = try await world.act { transaction in
                try await SubscriptionQueries.standings(
                    of: world.book.subscription,
                    tenant: world.tenant,
                    in: transaction
                )
            }
            #expect(standings.last?.origin == .staff)
            #expect(standings.contains { $0.origin == .dunning } == !isBefore)
        }
    }
}
