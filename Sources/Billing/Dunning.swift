package import Values

/// One thing that is done about an unpaid invoice, once.
package struct DunningStep: Hashable, Sendable {
    /// The closed set of what is done, in the order in which it is where several are due at once.
    package enum Kind: String, CaseIterable, Sendable {
        /// The payment method is charged again.
        case retry
        /// The subscription becomes past due.
        case pastDue = "past_due"
        /// The subscription is suspended.
        case suspend
        /// What the policy says for the end.
        case final
        /// The customer is told.
        case message
    }

    /// What is done.
    package let kind: Kind
    /// Which of its kind, from 1.
    package let number: Int

    /// Names a step.
    package init(_ kind: Kind, _ number: Int = 1) {
        self.kind = kind
        self.number = number
    }
}

/// What is known of an unpaid invoice and of the tries to collect it.
package struct DunningFacts: Hashable, Sendable {
    /// A try to collect it.
    package struct Attempt: Hashable, Sendable {
        /// When it began.
        package let at: Instant
        /// Where it stands.
        package let state: PaymentAttempt.State
        /// When it ended.
        package let settledAt: Instant?
        /// Whether the method that was charged has no prospect any more.
        package let isFinal: Bool
        /// What was charged.
        package let method: String

        /// Makes a try of its parts.
        package init(
            at: Instant,
            state: PaymentAttempt.State,
            settledAt: Instant? = nil,
            isFinal: Bool = false,
            method: String = "method"
        ) {
            self.at = at
            self.state = state
            self.settledAt = settledAt
            self.isFinal = isFinal
            self.method = method
        }
    }

    /// By when it was to be paid.
    package let dueAt: Instant
    /// The tries, in the order in which they began.
    package let attempts: [Attempt]
    /// The method that would be charged; nil if there is none.
    package let method: String?
    /// What was done already.
    package let done: Set<DunningStep>

    /// Makes facts of their parts.
    package init(dueAt: Instant, attempts: [Attempt] = [], method: String? = nil, done: Set<DunningStep> = []) {
        self.dueAt = dueAt
        self.attempts = attempts
        self.method = method
        self.done = done
    }
}

/// Decides what is done about an invoice that nobody pays.
///
/// Pure: of the policy and what is known follows the next step.
package enum Dunning {
    private static let day: Int64 = 86_400

    /// A step and when it is due.
    package struct Next: Hashable, Sendable {
        /// What is done.
        package let step: DunningStep
        /// When.
        package let at: Instant

        /// Names a step and its time.
        package init(step: DunningStep, at: Instant) {
            self.step = step
            self.at = at
        }
    }

    /// From when an unpaid invoice is overdue: when its first charge was declined, where that was begun before the
    /// invoice was due; else when it is due.
    ///
    /// So a customer who pays by card is told at once, one who pays by bank transfer has the time he was given, and a
    /// gateway that does not answer takes nobody's time.
    ///
    /// - Returns: nil while a charge that was begun in time has no end, or none but given up ones.
    package static func overdue(_ facts: DunningFacts) -> Instant? {
        let own = facts.attempts.filter { $0.state != .failed && $0.at <= facts.dueAt }
        guard !own.isEmpty else { return facts.dueAt }
        return own.first { $0.state == .declined }?.settledAt ?? own.first { $0.state == .needsAction }?.at
    }

    /// The step that comes next, and when; nil if none does as things stand.
    ///
    /// While a gateway has not answered, or has not said how a charge ends, nothing is done: the money may be there.
    package static func next(_ policy: DunningPolicy, _ facts: DunningFacts) -> Next? {
        guard !facts.attempts.contains(where: { $0.state == .sent || $0.state == .pending }),
            let overdue = overdue(facts)
        else { return nil }
        let steps = fixed(policy, from: overdue) + retries(policy, facts, from: overdue)
        return steps.filter { !facts.done.contains($0.step) }
            .min { left, right in
                (left.at, place(left.step.kind), left.step.number)
                    < (right.at, place(right.step.kind), right.step.number)
            }
    }

    /// The step that is due at an instant, the earliest one first.
    package static func due(_ policy: DunningPolicy, _ facts: DunningFacts, at now: Instant) -> Next? {
        guard let next = next(policy, facts), next.at <= now else { return nil }
        return next
    }

    /// What a message is called: the last one of the policy says that it is the last.
    package static func template(_ policy: DunningPolicy, message number: Int) -> String {
        if number >= policy.messageDays.count, number > 1 { return "invoice_final_notice" }
        return number == 1 ? "invoice_overdue" : "invoice_overdue_reminder"
    }

    private static func fixed(_ policy: DunningPolicy, from overdue: Instant) -> [Next] {
        var steps: [Next] = []
        func add(_ kind: DunningStep.Kind, _ number: Int, after days: Int?) {
            guard let days else { return }
            steps.append(Next(step: DunningStep(kind, number), at: overdue.adding(seconds: Int64(days) * day)))
        }
        for (index, days) in policy.messageDays.enumerated() { add(.message, index + 1, after: days) }
        add(.pastDue, 1, after: policy.pastDueAfter)
        add(.suspend, 1, after: policy.suspendAfter)
        if policy.final != .none { add(.final, 1, after: policy.cancelAfter) }
        return steps
    }

    /// The charges that are still to be tried: only with a method that has a prospect, and after a late start no more
    /// than one a day.
    private static func retries(
        _ policy: DunningPolicy,
        _ facts: DunningFacts,
        from overdue: Instant
    ) -> [Next] {
        guard let method = facts.method,
            !facts.attempts.contains(where: { $0.isFinal && $0.method == method })
        else { return [] }
        let last = facts.attempts.last
        return policy.retryDays.enumerated().map { index, days in
            let planned = overdue.adding(seconds: Int64(days) * day)
            let earliest = last.map { ($0.settledAt ?? $0.at).adding(seconds: day) } ?? planned
            return Next(step: DunningStep(.retry, index + 1), at: max(planned, earliest))
        }
    }

    private static func place(_ kind: DunningStep.Kind) -> Int {
        DunningStep.Kind.allCases.firstIndex(of: kind) ?? 0
    }
}
