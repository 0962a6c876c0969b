package import Metering
package import Plans
package import Tenants
package import Values

/// Whether a request may begin: a decision over facts that were read under the lock of the tenant's budget.
package enum Admission {
    /// What a request may use at most.
    package struct Demand: Hashable, Sendable {
        package var promptTokens: Int
        package var maxTokens: Int
        /// The most it may cost, in the plan's currency.
        package var amount: Decimal12
        /// Whether it runs when there is room, and nobody waits for it.
        package var isAsynchronous: Bool

        package init(promptTokens: Int, maxTokens: Int, amount: Decimal12, isAsynchronous: Bool = false) {
            self.promptTokens = promptTokens
            self.maxTokens = maxTokens
            self.amount = amount
            self.isAsynchronous = isAsynchronous
        }
    }

    /// What runs and waits at the moment, and may use at most.
    package struct Active: Hashable, Sendable {
        package var running: Int
        package var waiting: Int
        /// Asynchronous jobs that have not begun.
        package var deferred: Int
        package var promptTokens: Int
        package var maxTokens: Int

        package init(running: Int, waiting: Int, deferred: Int = 0, promptTokens: Int, maxTokens: Int) {
            self.running = running
            self.waiting = waiting
            self.deferred = deferred
            self.promptTokens = promptTokens
            self.maxTokens = maxTokens
        }

        /// Nothing.
        package static let none = Active(running: 0, waiting: 0, promptTokens: 0, maxTokens: 0)
    }

    /// Everything that the decision depends on.
    package struct Facts: Sendable {
        package var tenantStatus: TenantStatus
        /// What the tenant's plans say; nil if none includes inference.
        package var inference: PlanFeatures.Inference?
        /// Why a plan that includes it does not let it be had.
        package var withheld: InferenceTerms.Withheld?
        package var recent: RecentLoad
        package var active: Active
        /// What is left of each feature.
        package var quotas: [QuotaBalance]
        package var budget: Budget
        /// What the month may cost at most.
        package var spendLimit: Exact?
        /// Credit less what is not billed yet; counts only with `prepaid`.
        package var credit: Exact

        package init(
            tenantStatus: TenantStatus,
            inference: PlanFeatures.Inference?,
            withheld: InferenceTerms.Withheld? = nil,
            recent: RecentLoad = .none,
            active: Active = .none,
            quotas: [QuotaBalance] = [],
            budget: Budget,
            spendLimit: Exact? = nil,
            credit: Exact = .zero
        ) {
            self.tenantStatus = tenantStatus
            self.inference = inference
            self.withheld = withheld
            self.recent = recent
            self.active = active
            self.quotas = quotas
            self.budget = budget
            self.spendLimit = spendLimit
            self.credit = credit
        }
    }

    /// The most that a request can cost: every token of the prompt at the dearer of the two prices it may meet, every
    /// token it may generate, and the request.
    ///
    /// Rounded up to what is stored. Processor time is known only afterwards and not part of it.
    ///
    /// - Throws: an amount beyond what can be stored.
    package static func amount(
        plans: [Plan],
        promptTokens: Int,
        maxTokens: Int,
        isHalved: Bool = false
    ) throws(Problem) -> Decimal12 {
        func dearest(_ meter: InferenceMeter) -> Exact {
            plans.map { $0.dearestMarginalPrice(meter: meter.rawValue) }.max() ?? .zero
        }
        let whole =
            Exact(promptTokens) * max(dearest(.input), dearest(.cached)) + Exact(maxTokens) * dearest(.output)
            + dearest(.requests)
        let exact = isHalved ? whole * Exact(1, 2) : whole
        let unit = Exact(numerator: 1, denominator: 1_000_000_000_000)
        return try Decimal12(rounding: (exact / unit).ceiling() * unit)
    }

    /// Decides.
    ///
    /// - Returns: whether the request waits for its turn.
    /// - Throws: the first reason to refuse it.
    package static func decide(
        _ facts: Facts,
        _ demand: Demand,
        at now: Instant
    ) throws(AdmissionRefusal) -> Bool {
        guard facts.tenantStatus == .active else { throw .tenantInactive(status: facts.tenantStatus.rawValue) }
        guard let inference = facts.inference else {
            switch facts.withheld {
            case .suspended(let id): throw .subscriptionSuspended(id)
            case .paused(let id): throw .subscriptionPaused(id)
            case nil: throw .notEntitled
            }
        }
        try checkRates(facts.recent, inference, demand, at: now)
        // Each of the two queues has the plan's bound: who floods one can still use the other.
        let isWaiting =
            demand.isAsynchronous || facts.active.running >= inference.concurrency || facts.active.waiting > 0
        let waiting = demand.isAsynchronous ? facts.active.deferred : facts.active.waiting
        if isWaiting, waiting >= inference.queued {
            throw .concurrency(running: inference.concurrency, waiting: inference.queued)
        }
        try checkQuotas(facts, demand)
        if let limit = facts.spendLimit {
            let left = limit - facts.budget.spent.exact - facts.budget.reserved.exact
            guard demand.amount.exact <= left else {
                throw .spendLimit(limit: limit, left: left, needed: demand.amount.exact)
            }
        }
        if inference.prepaid {
            let left = facts.credit - facts.budget.reserved.exact
            guard demand.amount.exact <= left else {
                throw .prepaid(left: left, needed: demand.amount.exact)
            }
        }
        return isWaiting
    }

    private static func checkRates(
        _ recent: RecentLoad,
        _ inference: PlanFeatures.Inference,
        _ demand: Demand,
        at now: Instant
    ) throws(AdmissionRefusal) {
        let retry = recent.retryAfterSeconds(at: now)
        guard recent.requests < inference.requestsPerMinute else {
            throw .requestRate(limit: inference.requestsPerMinute, retryAfterSeconds: retry)
        }
        let needed = demand.promptTokens + demand.maxTokens
        guard recent.tokens + needed <= inference.tokensPerMinute else {
            throw .tokenRate(limit: inference.tokensPerMinute, needed: needed, retryAfterSeconds: retry)
        }
    }

    /// Hard allowances must hold this request and all that is under way at their most.
    private static func checkQuotas(_ facts: Facts, _ demand: Demand) throws(AdmissionRefusal) {
        let prompt = demand.promptTokens + facts.active.promptTokens
        let output = demand.maxTokens + facts.active.maxTokens
        let requests = 1 + facts.active.running + facts.active.waiting + facts.active.deferred
        for quota in facts.quotas where quota.isHard {
            let (own, all): (Int, Int)
            switch InferenceMeter(rawValue: quota.meter) {
            case .input, .cached: (own, all) = (demand.promptTokens, prompt)
            case .output: (own, all) = (demand.maxTokens, output)
            case .requests: (own, all) = (1, requests)
            case .processor: (own, all) = (1, 1)
            case nil: continue
            }
            guard Exact(all) <= quota.remaining else {
                throw .quota(feature: quota.feature, left: quota.remaining - Exact(all - own), needed: Exact(own))
            }
        }
    }
}

/// What a tenant's usage has cost in the month, and what is set aside for work under way.
package struct Budget: Hashable, Sendable {
    /// When the month began.
    package var windowStart: Instant
    package var spent: Decimal12
    /// Of it, what each event added by an amount of its own.
    package var spentByEvent: Decimal12
    package var reserved: Decimal12

    package init(windowStart: Instant, spent: Decimal12, spentByEvent: Decimal12 = .zero, reserved: Decimal12) {
        self.windowStart = windowStart
        self.spent = spent
        self.spentByEvent = spentByEvent
        self.reserved = reserved
    }

    /// The calendar month of a zone that holds an instant.
    package static func month(of instant: Instant, in zone: Zone) -> Period {
        let date = zone.date(of: instant)
        let first = date.adding(days: 1 - date.day)
        let start = zone.instant(first)
        guard let month = Period(start: start, end: zone.instant(first.adding(months: 1))) else {
            preconditionFailure("a month is not empty")
        }
        return month
    }
}
