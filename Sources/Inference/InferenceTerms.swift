package import Plans
package import Subscriptions
package import Values

/// What a tenant's subscriptions say of inference at an instant.
package struct InferenceTerms: Sendable {
    /// What may be done; nil if no plan includes inference.
    ///
    /// Where several do it is the first that was subscribed to.
    package let inference: PlanFeatures.Inference?
    /// The plans that price usage now, each with the subscription it belongs to; in a trial nothing is priced.
    let priced: [(subscription: Subscription, plan: Plan)]

    /// The plans that price usage now.
    package var plans: [Plan] { priced.map(\.plan) }

    /// Sorts out subscriptions: those that are in force at the instant count.
    package init(_ subscriptions: [Subscription], versions: [PlanVersion], at instant: Instant) {
        let byID = Dictionary(versions.map { ($0.id, $0) }) { first, _ in first }
        let inForce = subscriptions.filter { subscription in
            [.trialing, .active, .pastDue].contains(subscription.status) && subscription.startsAt <= instant
        }
        inference = inForce.lazy.compactMap { byID[$0.planVersion]?.features.inference }.first
        priced = inForce.compactMap { subscription in
            guard subscription.status != .trialing, let plan = byID[subscription.planVersion]?.plan else { return nil }
            return (subscription, plan)
        }
    }

    /// Whether a model may be used by a name or an alias of it.
    package func allows(_ model: Model, askedFor name: String?) -> Bool {
        guard let inference else { return false }
        return inference.allows(model: model.name) || name.map { inference.allows(model: $0) } ?? false
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
