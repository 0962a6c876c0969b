package import Values

/// What happens, and when, about an invoice that nobody pays; the days are counted from when it is overdue.
package struct DunningPolicy: Hashable, Sendable {
    /// What is done at the end.
    package enum Final: String, CaseIterable, Sendable {
        /// The subscription is cancelled; the invoice stays open.
        case cancel
        /// The subscription is cancelled and the invoice given up as a bad debt.
        case uncollectible
        /// Nothing.
        case none
    }

    /// The days on which the payment method is charged again, the earliest first.
    package let retryDays: [Int]
    /// The days on which a message is sent, the earliest first.
    package let messageDays: [Int]
    /// The day from which the subscription is past due; nil is never.
    package let pastDueAfter: Int?
    /// The day from which it is suspended; nil is never.
    package let suspendAfter: Int?
    /// The day of the end; nil is never.
    package let cancelAfter: Int?
    /// What is done at the end.
    package let final: Final

    /// What holds where nothing is set: tries after 1, 3, 5 and 7 days, past due at once, suspended after 14 days,
    /// cancelled after 30.
    package static let standard = DunningPolicy(
        uncheckedRetryDays: [1, 3, 5, 7],
        messageDays: [0, 3, 7, 14],
        pastDueAfter: 0,
        suspendAfter: 14,
        cancelAfter: 30,
        final: .cancel
    )

    private init(
        uncheckedRetryDays retryDays: [Int],
        messageDays: [Int],
        pastDueAfter: Int?,
        suspendAfter: Int?,
        cancelAfter: Int?,
        final: Final
    ) {
        self.retryDays = retryDays
        self.messageDays = messageDays
        self.pastDueAfter = pastDueAfter
        self.suspendAfter = suspendAfter
        self.cancelAfter = cancelAfter
        self.final = final
    }

    /// Makes a policy; days are 0 to 365, at most 20 of a kind, and each step comes no earlier than the milder one.
    package init(
        retryDays: [Int],
        messageDays: [Int],
        pastDueAfter: Int?,
        suspendAfter: Int?,
        cancelAfter: Int?,
        final: Final
    ) throws(Problem) {
        try DunningPolicy.check(retryDays, "retry_days", from: 1)
        try DunningPolicy.check(messageDays, "message_days", from: 0)
        let steps = [
            ("past_due_after", pastDueAfter), ("suspend_after", suspendAfter), ("cancel_after", cancelAfter),
        ].compactMap { field, day in day.map { (field, $0) } }
        for (field, day) in steps where !(0...365).contains(day) {
            throw .invalid(field, "is \(day); 0 to 365 days are allowed")
        }
        for ((milder, first), (field, day)) in zip(steps, steps.dropFirst()) where day < first {
            throw .invalid(field, "is \(day); it must not be before \(milder), which is \(first)")
        }
        self.init(
            uncheckedRetryDays: retryDays,
            messageDays: messageDays,
            pastDueAfter: pastDueAfter,
            suspendAfter: suspendAfter,
            cancelAfter: cancelAfter,
            final: final
        )
    }

    private static func check(_ days: [Int], _ field: String, from first: Int) throws(Problem) {
        guard days.count <= 20 else { throw .invalid(field, "has \(days.count) days; at most 20 are allowed") }
        var last = first - 1
        for day in days {
            guard day > last, day <= 365 else {
                throw .invalid(field, "has \(day); the days must rise, from \(first) to 365")
            }
            last = day
        }
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "retry_days": .array(retryDays.map { .int($0) }), "message_days": .array(messageDays.map { .int($0) }),
            "past_due_after": pastDueAfter.map { .int($0) } ?? .null,
            "suspend_after": suspendAfter.map { .int($0) } ?? .null,
            "cancel_after": cancelAfter.map { .int($0) } ?? .null, "final": .string(final.rawValue),
        ]
    }
}
