import Plans
import Subscriptions
import Values

extension InvoiceStory {
    /// The story of a stored subscription up to an instant.
    ///
    /// Its plans have the keys of the subscription's story.
    ///
    /// Grants and the credit balance are left out: they belong to the tenant, and what earlier invoices took of them is
    /// stored.
    init(_ story: SubscriptionStory, until: Instant) throws(InvoiceError) {
        let subscription = story.subscription
        let plans = story.plans
        guard let created = story.changes.first, let plan = story.planKey(of: created), plans[plan] != nil else {
            throw .planMissing(subscription.id)
        }
        self.init(
            plans: plans,
            currency: subscription.currency,
            zone: subscription.timeZone,
            start: subscription.start,
            plan: plan,
            quantities: story.openingQuantities.mapValues(\.exact),
            changes: story.changes.dropFirst().compactMap { Change($0, of: story) },
            until: until
        )
    }
}

extension InvoiceStory.Change {
    /// What bills of a stored change; nil if it bills nothing.
    fileprivate init?(_ change: SubscriptionChange, of story: SubscriptionStory) {
        let quantities = change.quantities.mapValues(\.exact)
        let request: Request
        switch change.kind {
        case .plan:
            guard let plan = story.planKey(of: change) else { return nil }
            request = .plan(plan, quantities: quantities, invoice: change.invoice)
        case .quantities: request = .quantities(quantities, invoice: change.invoice)
        case .cancel: request = .cancel(change.refund)
        case .pause: request = .pause
        case .resume: request = .resume
        case .withdraw: request = .withdraw(Set(change.withdrawn.map(Self.path(of:))))
        case .created: return nil
        }
        self.init(
            at: Moment(change.at, in: story.subscription.timeZone),
            timing: change.timing,
            request,
            path: Self.path(of: change.id)
        )
    }

    /// What errors name a stored change by, and what a withdrawal does.
    private static func path(of change: ChangeID) -> String { "changes.\(change)" }
}
