package import Plans
package import Subscriptions
package import Values

/// What a tenant's subscriptions say of inference at an instant.
package struct InferenceTerms: Sendable {
    /// What may be done; nil if no plan includes inference.
    ///
    /// Where several do it is the first that was subscribed to.
    package let inference: PlanFeatures.Inference?
    /// Why a plan that includes inference does not let it be had, where no other does.
    package let withheld: Withheld?
    /// The plans that price usage now, each with the subscription it belongs to; in a trial nothing is priced.
    let priced: [(subscription: Subscription, plan: Plan)]

    /// The plans that price usage now.
    package var plans: [Plan] { priced.map(\.plan) }

    /// What keeps inference from a subscription whose plan includes it.
    package enum Withheld: Hashable, Sendable {
        /// An invoice has been overdue for too long.
        case suspended(SubscriptionID)
        /// It stands still.
        case paused(SubscriptionID)
    }

    /// Sorts out subscriptions: those that are in force at the instant count.
    ///
    /// One that is suspended prices usage, but lets nothing be had; with another one that does inference goes on.
    package init(_ subscriptions: [Subscription], versions: [PlanVersion], at instant: Instant) {
        let byID = Dictionary(versions.map { ($0.id, $0) }) { first, _ in first }
        let begun = subscriptions.filter { !$0.status.isOver && $0.startsAt <= instant }
        let including = begun.filter { byID[$0.planVersion]?.features.inference != nil }
        let had = including.first { $0.status != .paused && $0.status != .suspended }
        inference = had.flatMap { byID[$0.planVersion]?.features.inference }
        withheld = had == nil ? including.lazy.compactMap(Withheld.init).first : nil
        let inForce = begun.filter { $0.status != .paused }
        priced = inForce.compactMap { subscription in
            guard subscription.status != .trialing, let plan = byID[subscription.planVersion]?.plan else { return nil }
            return (subscription, plan.with(subscription.overrides))
        }
    }

    /// Whether a model may be used by a name or an alias of it.
    package func allows(_ model: Model, askedFor name: String?) -> Bool {
        guard let inference else { return false }
        return inference.allows(model: model.name) || name.map { inference.allows(model: $0) } ?? false
    }
}

extension InferenceTerms.Withheld {
    fileprivate init?(_ subscription: Subscription) {
        switch subscription.status {
        case .suspended: self = .suspended(subscription.id)
        case .paused: self = .paused(subscription.id)
        case .trialing, .active, .pastDue, .cancelled, .ended: return nil
        }
    }
}

/// How prices of usage are added up over a window.
enum PriceSum {
    /// From what a meter comes to in the window.
    case quantity
    /// Event by event: each adds an amount of its own, whatever the others are.
    case eachEvent
    /// From all events of the window together.
    case allEvents

    init(_ price: Price) {
        if !price.model.needsEvents {
            self = .quantity
        } else if price.freeUnits.isZero, price.minimum == nil, price.maximum == nil, price.model.isAdditive {
            self = .eachEvent
        } else {
            self = .allEvents
        }
    }
}

extension PriceModel {
    /// Whether two events cost what they cost one by one, where the meter adds them up.
    fileprivate var isAdditive: Bool {
        switch self {
        case .matrix, .dynamic: true
        case .percentage(let terms): terms.freeEvents == nil && terms.freeAmount == nil
        case .flat, .perUnit, .graduated, .volume, .package, .graduatedPercentage: false
        }
    }
}
