import Plans
import Values

/// An add-on that a subscription is to have beside a plan.
struct NeededAddOn: Hashable, Sendable {
    /// The add-on's code.
    let code: String
    /// The plan it goes with.
    let plan: String
    /// The length of that plan's periods.
    let interval: Interval
}

extension SubscriptionStory {
    /// The add-ons for which no change has brought prices yet, though the subscription has them beside a plan from the
    /// last change on.
    func neededAddOns() throws(Problem) -> [NeededAddOn] {
        guard let change = changes.last, changes.contains(where: { !$0.quantities.addOns.isEmpty }) else { return [] }
        let there = changes.flatMap(\.addOns)
        var needed: [NeededAddOn] = []
        for phase in try timeline(until: max(change.at, reached)).knownPhases() {
            if let end = phase.end, end <= change.at { continue }
            guard let plan = version(phase.version)?.plan else { continue }
            for code in phase.quantities.addOns.filter({ !$0.value.isZero }).keys.sorted()
            where !there.contains(where: { $0.code == code && $0.interval == plan.interval }) {
                let one = NeededAddOn(code: code, plan: plan.code, interval: plan.interval)
                if !needed.contains(where: { $0.code == code && $0.interval == plan.interval }) { needed.append(one) }
            }
        }
        return needed
    }

    /// The story with one more change, which brings the prices of the add-ons that it makes needed.
    ///
    /// `choosesTiming`: whether the change takes effect when the rules say, and not when it says.
    func adding(
        _ asked: SubscriptionChange,
        _ target: PlanVersion?,
        offers: AddOnOffers,
        choosesTiming: Bool
    ) throws -> SubscriptionStory {
        let named = Set(asked.quantities.addOns.keys)
        try checkAddOnsHad(by: asked)
        func priced(_ change: SubscriptionChange) throws -> SubscriptionStory {
            let addOns = try adding(change, target).neededAddOns().map { try offers.terms(of: $0, asked: named) }
            return adding(change.with(addOns: addOns), target)
        }
        guard choosesTiming else { return try priced(asked) }
        // What it comes to tells when it takes effect, and only that which add-ons it needs.
        let atOnce = try priced(asked)
        let timing = try atOnce.timingOfLast(after: self)
        return timing == asked.timing ? atOnce : try priced(asked.with(timing: timing))
    }

    /// Refuses to take off what never was there.
    func checkAddOnsHad(by change: SubscriptionChange) throws(SubscriptionError) {
        let had = Set(changes.flatMap(\.addOns).map(\.code))
        for (code, quantity) in change.quantities.addOns.sorted(by: { $0.key < $1.key })
        where quantity.isZero && !had.contains(code) {
            throw .addOnNotHad(code)
        }
    }
}

/// What is current of some add-ons, to choose of.
struct AddOnOffers: Sendable {
    private let versions: [String: [AddOnVersion]]
    private let currency: Currency

    init(_ versions: [String: [AddOnVersion]], in currency: Currency) {
        self.versions = versions
        self.currency = currency
    }

    /// What is sold in the currency by the interval that is needed.
    ///
    /// `asked`: the codes that the caller named; others are on the subscription already.
    func terms(of needed: NeededAddOn, asked: Set<String>) throws -> SubscribedAddOn {
        let current = versions[needed.code] ?? []
        let isAsked = asked.contains(needed.code)
        guard let first = current.first else { throw SubscriptionError.unknownAddOn(needed.code) }
        let fitting = current.first { $0.draft.currency == currency && $0.draft.interval == needed.interval }
        if isAsked, first.archivedAt != nil { throw AddOnError.archived(needed.code) }
        if let fitting, fitting.archivedAt == nil { return fitting.subscribed }
        let sold = current.map { "\($0.draft.currency) a \($0.draft.interval)" }.joined(separator: ", ")
        let right = "\(currency) a \(needed.interval)"
        if isAsked { throw SubscriptionError.addOnNotFitting(needed.code, sold: sold, needed: right) }
        throw SubscriptionError.planWithoutAddOn(plan: needed.plan, addOn: needed.code, sold: sold, needed: right)
    }
}
