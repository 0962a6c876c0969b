import Plans
import Values

extension PlanVersion {
    /// The names of the quantities that its prices bill, each once and in order.
    var quantityNames: [String] { Set(plan.prices.compactMap(\.quantity)).sorted() }

    /// Refuses quantities that do not fit: each that a price bills must be there.
    func checkNeeded(_ quantities: Quantities) throws(SubscriptionError) {
        for name in quantityNames where quantities[name] == nil { throw .quantityMissing(name, plan: code) }
    }
}

extension Plan {
    /// What its prices without a meter come to in a year of 365 days, whatever the length of its periods.
    ///
    /// It says whether a change is to more or to less, and nothing else.
    func yearlyAmount(of quantities: Quantities) throws(Problem) -> Exact {
        var sum = Exact.zero
        for price in prices where price.meter == nil {
            let quantity = price.quantity.map { quantities[$0] ?? .zero } ?? 1
            sum += try Rating.rate(price, .quantity(quantity.exact)).exact
        }
        return sum * periodsInYear
    }

    private var periodsInYear: Exact {
        let units: Exact =
            switch interval.unit {
            case .day: 365
            case .week: Exact(365, 7)
            case .month: 12
            case .year: 1
            }
        return units / Exact(interval.count)
    }
}

extension SubscriptionStory {
    /// When the last change takes effect if it does not say it: at once, but at the end of the period if less is billed
    /// then.
    ///
    /// `before`: the story without it.
    func timingOfLast(after before: SubscriptionStory) throws(Problem) -> SubscriptionChange.Timing {
        guard let change = changes.last else { throw SubscriptionError.unreadable(subscription.id).problem }
        let now = try before.timeline(until: change.at)
        // While it stands still there is no period whose end could be waited for.
        if now.isPaused { return .immediately }
        let plans = plans
        guard let old = plans[now.planKey], let new = plans[change.planKey ?? now.planKey] else {
            throw SubscriptionError.unreadable(subscription.id).problem
        }
        let quantities = now.quantities.merging(change.quantities) { _, new in new }
        return try new.yearlyAmount(of: quantities) < old.yearlyAmount(of: now.quantities) ? .periodEnd : .immediately
    }

    /// Refuses a change after which a plan would lack a quantity, or that names one that no plan then in force bills.
    func checkQuantities(after change: SubscriptionChange) throws(Problem) {
        var known: Set<String> = []
        for phase in try timeline(until: max(change.at, reached)).knownPhases() {
            if let end = phase.end, end <= change.at { continue }
            guard let version = version(phase.version) else { continue }
            known.formUnion(version.quantityNames)
            do throws(SubscriptionError) {
                try version.checkNeeded(phase.quantities)
            } catch {
                throw error.problem
            }
        }
        for name in change.quantities.ofPlan.keys.sorted() where !known.contains(name) {
            throw SubscriptionError.quantityUnknown(name, known: known.sorted()).problem
        }
    }
}
