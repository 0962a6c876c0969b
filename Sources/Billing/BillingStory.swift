import Plans
import Subscriptions
import Values

extension InvoiceStory {
    /// The story of a stored subscription up to an instant.
    ///
    /// Its plans are keyed by the ids of their versions.
    ///
    /// Grants and the credit balance are left out: they belong to the tenant, and what earlier invoices took of them is
    /// stored.
    init(_ story: SubscriptionStory, until: Instant) throws(InvoiceError) {
        let subscription = story.subscription
        guard let created = story.changes.first, let version = created.version, story.version(version) != nil else {
            throw .planMissing(subscription.id)
        }
        let plans = Dictionary(story.versions.map { ($0.id.text, $0.plan) }) { first, _ in first }
        self.init(
            plans: plans,
            currency: subscription.currency,
            zone: subscription.timeZone,
            start: subscription.start,
            plan: version.text,
            quantities: created.quantities.mapValues(\.exact),
            changes: story.changes.dropFirst().compactMap { Change($0, in: subscription.timeZone) },
            until: until
        )
    }
}

extension InvoiceStory.Change {
    /// What bills of a stored change; nil if it bills nothing.
    fileprivate init?(_ change: SubscriptionChange, in zone: Zone) {
        let quantities = change.quantities.mapValues(\.exact)
        let request: Request
        switch change.kind {
        case .plan:
            guard let version = change.version else { return nil }
            request = .plan(version.text, quantities: quantities, invoice: change.invoice)
        case .quantities: request = .quantities(quantities, invoice: change.invoice)
        case .cancel: request = .cancel(change.refund)
        case .created, .pause, .resume: return nil
        }
        self.init(
            at: Moment(change.at, in: zone),
            timing: change.timing,
            request,
            path: "changes.\(change.id)"
        )
    }
}
