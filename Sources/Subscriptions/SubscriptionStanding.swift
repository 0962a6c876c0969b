package import Values

/// Where a subscription stands with what it owes; payments and reminders say so.
package enum SubscriptionStanding: String, CaseIterable, Sendable {
    /// Nothing is overdue.
    case current
    /// An invoice is overdue; everything goes on.
    case pastDue = "past_due"
    /// What is overdue has been for too long: inference and allowances are not had, billing goes on.
    case suspended

    /// What is said where no reason is given.
    var reason: String {
        switch self {
        case .current: "nothing is overdue"
        case .pastDue: "an invoice is overdue"
        case .suspended: "an invoice has been overdue for too long"
        }
    }
}

/// Who makes a subscription's standing what it is.
package enum StandingOrigin: String, CaseIterable, Sendable {
    /// Unpaid invoices, which take it back once they are paid.
    case dunning
    /// People, who alone take it back.
    case staff
}

/// One time that a subscription's standing became another.
package struct StandingChange: Hashable, Sendable {
    /// When, in business time.
    package let at: Instant
    /// What it became.
    package let standing: SubscriptionStanding
    /// Why.
    package let reason: String
    /// Who said so.
    package let author: String
    /// Whether people said so, or unpaid invoices did.
    package let origin: StandingOrigin

    /// As a step of a timeline, under the names that other steps have.
    var json: JSONValue {
        [
            "at": at.json, "what": .string("standing became \(standing.rawValue)"), "change": .null,
            "standing": .string(standing.rawValue), "reason": .string(reason), "author": .string(author),
            "origin": .string(origin.rawValue),
        ]
    }
}
