import Billing
import Jobs
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// What follows from the policy, as tables.
@Suite struct DunningTests {
    private static let due = BillingFixture.day(2026, 1, 19)

    private static func day(_ number: Int64, after start: Instant = due) -> Instant {
        start.adding(seconds: number * 86_400)
    }

    private static func policy(
        retries: [Int] = [1, 3],
        messages: [Int] = [0, 7],
        final: DunningPolicy.Final = .cancel
    ) throws -> DunningPolicy {
        try DunningPolicy(
            retryDays: retries,
            messageDays: messages,
            pastDueAfter: 0,
            suspendAfter: 14,
            cancelAfter: 30,
            final: final
        )
    }

    /// All steps in order, each taken at its time, with a charge that is declined at once.
    private func course(
        _ policy: DunningPolicy,
        method: String?,
        attempts: [DunningFacts.Attempt] = [],
        until: Instant = .init(seconds: 4_000_000_000)
    ) -> [String] {
        var done: Set<DunningStep> = []
        var attempts = attempts
        var steps: [String] = []
        while steps.count < 50 {
            let facts = DunningFacts(dueAt: Self.due, attempts: attempts, method: method, done: done)
            guard let next = Dunning.due(policy, facts, at: until) else { return steps }
            done.insert(next.step)
            let days = (next.at - Self.due) / 86_400_000_000
            steps.append("\(days) \(next.step.kind.rawValue) \(next.step.number)")
            if next.step.kind == .retry {
                attempts.append(
                    DunningFacts.Attempt(at: next.at, state: .declined, settledAt: next.at, method: method ?? "")
                )
            }
        }
        return steps
    }

    @Test func `without a card it is counted from the due date, and nothing is charged`() throws {
        #expect(
            course(try Self.policy(), method: nil)
                == ["0 past_due 1", "0 message 1", "7 message 2", "14 suspend 1", "30 final 1"]
        )
    }

    @Test func `with a card it is counted from the first declined charge`() throws {
        let start = Self.day(-14)
        let declined = DunningFacts.Attempt(at: start, state: .declined, settledAt: start)
        #expect(
            course(try Self.policy(), method: "method", attempts: [declined])
                == [
                    "-14 past_due 1", "-14 message 1", "-13 retry 1", "-11 retry 2", "-7 message 2", "0 suspend 1",
                    "16 final 1",
                ]
        )
    }

    @Test func `a charge that began late does not take back the days before it`() throws {
        let late = Self.day(20)
        let declined = DunningFacts.Attempt(at: late, state: .declined, settledAt: late)
        let facts = DunningFacts(dueAt: Self.due, attempts: [declined], method: "method")
        #expect(Dunning.overdue(facts) == Self.due)
    }

    @Test(arguments: [PaymentAttempt.State.sent, .pending])
    func `while a charge has no end nothing is done`(_ state: PaymentAttempt.State) throws {
        let facts = DunningFacts(
            dueAt: Self.due,
            attempts: [DunningFacts.Attempt(at: Self.day(-14), state: state)],
            method: "method"
        )
        #expect(Dunning.next(try Self.policy(), facts) == nil)
        // An outage that lasted past the due date is not the customer's: the days begin with its end.
        let end = Self.day(5)
        let after = DunningFacts(
            dueAt: Self.due,
            attempts: [DunningFacts.Attempt(at: Self.day(-14), state: .declined, settledAt: end)],
            method: "method"
        )
        #expect(Dunning.overdue(after) == end)
    }

    @Test func `a method without prospect is not charged again, another one is`() throws {
        let start = Self.day(-14)
        let lost = DunningFacts.Attempt(at: start, state: .declined, settledAt: start, isFinal: true, method: "old")
        let policy = try Self.policy()
        #expect(!course(policy, method: "old", attempts: [lost]).contains { $0.contains("retry") })
        #expect(course(policy, method: "new", attempts: [lost]).contains("-13 retry 1"))
    }

    @Test func `a run that comes late charges once a day at most`() throws {
        let start = Self.day(-14)
        let late = Self.day(3)
        let policy = try Self.policy(retries: [1, 3, 5])
        let done: Set<DunningStep> = [DunningStep(.pastDue), DunningStep(.message), DunningStep(.retry)]
        let facts = DunningFacts(
            dueAt: Self.due,
            attempts: [
                DunningFacts.Attempt(at: start, state: .declined, settledAt: start),
                DunningFacts.Attempt(at: late, state: .declined, settledAt: late),
            ],
            method: "method",
            done: done
        )
        #expect(Dunning.next(try Self.policy(retries: [1, 3, 5], messages: []), facts)?.step.kind == .suspend)
        let suspended = DunningFacts(
            dueAt: Self.due,
            attempts: facts.attempts,
            method: "method",
            done: done.union([DunningStep(.suspend), DunningStep(.message, 2)])
        )
        #expect(Dunning.next(policy, suspended) == Dunning.Next(step: DunningStep(.retry, 2), at: Self.day(4)))
    }

    @Test func `the last message says so, and none ends nothing`() throws {
        let policy = try Self.policy(messages: [0, 3, 7], final: .none)
        #expect(
            (1...3).map { Dunning.template(policy, message: $0) }
                == ["invoice_overdue", "invoice_overdue_reminder", "invoice_final_notice"]
        )
        #expect(!course(policy, method: nil).contains { $0.contains("final") })
    }

    @Test(
        arguments: [
            ([3, 1], [0], 0, 14, 30, "retry_days"), ([0], [0], 0, 14, 30, "retry_days"),
            ([1], [0, 0], 0, 14, 30, "message_days"), ([1], [366], 0, 14, 30, "message_days"),
            ([1], [], -1, 14, 30, "past_due_after"), ([1], [], 20, 14, 30, "suspend_after"),
            ([1], [], 0, 14, 13, "cancel_after"),
        ] as [([Int], [Int], Int, Int, Int, String)]
    )
    func `a policy that makes no sense is refused, with the field named`(
        _ retries: [Int],
        _ messages: [Int],
        _ pastDue: Int,
        _ suspend: Int,
        _ cancel: Int,
        _ field: String
    ) {
        let problem = #expect(throws: Problem.self) {
            try DunningPolicy(
                retryDays: retries,
                messageDays: messages,
                pastDueAfter: pastDue,
                suspendAfter: suspend,
                cancelAfter: cancel,
                final: .cancel
            )
        }
        #expect(problem?.errors.map(\.field) == [field])
    }
}
