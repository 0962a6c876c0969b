package import Plans
package import Subscriptions
package import Values

/// What a subscription brings a month, from an instant until the next of its levels.
package struct RecurringLevel: Hashable, Sendable {
    /// From when on.
    package let at: Instant
    /// In which currency.
    package let currency: Currency
    /// Units of the currency a month; 0 in a trial, in a pause and after the end.
    package let monthly: Exact
    /// The change of the subscription behind it.
    package let change: ChangeID?
    /// The code of the plan that is in force.
    package let plan: String?

    /// Takes the parts.
    package init(
        at: Instant,
        currency: Currency,
        monthly: Exact,
        change: ChangeID? = nil,
        plan: String? = nil
    ) {
        self.at = at
        self.currency = currency
        self.monthly = monthly
        self.change = change
        self.plan = plan
    }
}

/// What one subscription brings a month over all its life.
package struct RecurringHistory: Hashable, Sendable {
    /// The customer.
    package let tenant: TenantID
    /// The subscription.
    package let subscription: SubscriptionID
    /// In the order of time.
    package let levels: [RecurringLevel]

    /// Takes the levels, in the order of time.
    package init(tenant: TenantID, subscription: SubscriptionID, levels: [RecurringLevel]) {
        self.tenant = tenant
        self.subscription = subscription
        self.levels = levels
    }

    /// The level in force just before an instant.
    func level(before limit: Instant) -> RecurringLevel? { levels.last { $0.at < limit } }

    /// What it brings in a currency just before an instant.
    func monthly(before limit: Instant, in currency: Currency) -> Exact {
        guard let level = level(before: limit), level.currency == currency else { return .zero }
        return level.monthly
    }
}

/// Monthly recurring revenue of plans and subscriptions: what is agreed on, not what is invoiced.
package enum RecurringRevenue {
    /// How many months' worth one of an interval is, as a factor: a year ÷ 12, a week × 52/12, a day × 365/12.
    package static func monthlyFactor(of interval: Interval) -> Exact {
        let one =
            switch interval.unit {
            case .month: Exact.one
            case .year: Exact(1, 12)
            case .week: Exact(52, 12)
            case .day: Exact(365, 12)
            }
        return one / Exact(interval.count)
    }

    /// What a plan brings a month at quantities: its prices without a meter, for a whole period, brought to a month.
    ///
    /// Usage, the minimum commitment, coupons and taxes do not count.
    package static func monthly(of plan: Plan, quantities: Quantities) throws(Problem) -> Exact {
        try perPeriod(of: plan, quantities: quantities) * monthlyFactor(of: plan.interval)
    }

    /// What a plan brings in one whole period at quantities, by the same prices.
    package static func perPeriod(of plan: Plan, quantities: Quantities) throws(Problem) -> Exact {
        var sum = Exact.zero
        for price in plan.prices where price.meter == nil {
            var quantity = Exact.one
            if let name = price.quantity {
                guard let named = quantities[name] else { continue }
                quantity = named.exact
            }
            sum += try Rating.rate(price, .quantity(quantity), ratio: .one).exact
        }
        return sum
    }

    /// The levels of a subscription as its timeline has them.
    ///
    /// `plans`: by every key that the timeline names; see `SubscriptionPlans`.
    package static func levels(
        of timeline: SubscriptionTimeline,
        plans: [String: Plan]
    ) throws(Problem) -> [RecurringLevel] {
        var levels: [RecurringLevel] = []
        for phase in timeline.phases {
            guard let plan = plans[phase.planKey] else {
                throw Problem(.internal, "the plan \(phase.planKey) of a subscription is not known")
            }
            let monthly = phase.isTrial || phase.isPaused ? .zero : try monthly(of: plan, quantities: phase.quantities)
            levels.append(
                RecurringLevel(
                    at: phase.start,
                    currency: plan.currency,
                    monthly: monthly,
                    change: timeline.cause(of: phase.start),
                    plan: plan.code
                )
            )
        }
        if let end = timeline.phases.last?.end, let last = levels.last {
            levels.append(
                RecurringLevel(
                    at: end,
                    currency: last.currency,
                    monthly: .zero,
                    change: timeline.cause(of: end),
                    plan: last.plan
                )
            )
        }
        return levels
    }
}
