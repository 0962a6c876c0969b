package import Values

/// Whose events are meant: an event that names a subscription counts for that one alone.
package enum UsageScope: Hashable, Sendable {
    /// All of the tenant's.
    case all
    /// Those that name the subscription.
    case named(SubscriptionID)
    /// Those that name the subscription, and those that name none.
    case unnamed(or: SubscriptionID)

    /// The subscription whose events are meant; nil if all are.
    package var subscription: SubscriptionID? {
        switch self {
        case .all: nil
        case .named(let id), .unnamed(or: let id): id
        }
    }
}
