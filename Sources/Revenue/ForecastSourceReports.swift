import Plans
package import Postgres
import Subscriptions
package import Values

extension RevenueReports {
    /// The most months of usage a forecast looks back.
    private static let usageMonths = 120

    /// What a forecast of revenue is made of: as it was known at an instant, then at earlier ones, which have
    /// subscriptions and usage alone.
    ///
    /// `earlier`: at most a dozen, for back-tests; subscriptions are read once for all.
    package static func forecastSources(
        asOf: Instant,
        earlier: [Instant] = [],
        zone: Zone = .utc,
        in transaction: borrowing Transaction
    ) async throws -> (now: ForecastSources, earlier: [ForecastSources]) {
        let stories = try await stories(asOf: asOf, in: transaction)
        let versions = try await versions(of: stories, in: transaction)
        let plans = Dictionary(versions.map { ($0.id, $0.plan) }) { first, _ in first }
        let terms = versions.map(\.terms)
        func contracts(_ instant: Instant) throws(Problem) -> [ContractHistory] {
            var contracts: [ContractHistory] = []
            for story in stories {
                if let own = try contract(story, asOf: instant, terms: terms, plans: plans) { contracts.append(own) }
            }
            return contracts
        }
        var past: [ForecastSources] = []
        for instant in earlier {
            past.append(
                ForecastSources(
                    asOf: instant,
                    zone: zone,
                    contracts: try contracts(instant),
                    usage: try await usage(until: instant, zone: zone, in: transaction)
                )
            )
        }
        let month = Month(of: zone.date(of: asOf))
        let books = try await recognition(from: month, to: month, asOf: asOf, zone: zone, in: transaction)
        var costs: [ProfitTable.Row] = []
        var problem: String?
        do {
            costs = try await costMonths(before: month, asOf: asOf, zone: zone, in: transaction)
        } catch let error as CostError {
            problem = error.problem.message
        }
        let now = ForecastSources(
            asOf: asOf,
            zone: zone,
            contracts: try contracts(asOf),
            usage: try await usage(until: asOf, zone: zone, in: transaction),
            releases: books.releases,
            costs: costs,
            costsProblem: problem
        )
        return (now, past)
    }

    /// Revenue of usage of the whole months before an instant, the one that ends just after it included.
    private static func usage(
        until instant: Instant,
        zone: Zone,
        in transaction: borrowing Transaction
    ) async throws -> [UsageRevenueReport.Row] {
        let last = Month(of: zone.date(of: instant.adding(microseconds: 1))).adding(-1)
        return try await usage(from: last.adding(1 - usageMonths), to: last, asOf: instant, zone: zone, in: transaction)
            .rows
    }

    private static func costMonths(
        before month: Month,
        asOf: Instant,
        zone: Zone,
        in transaction: borrowing Transaction
    ) async throws -> [ProfitTable.Row] {
        try await profit(
            ReportRequest(.profit, from: month.adding(-12), to: month.adding(-1), asOf: asOf, zone: zone),
            in: transaction
        ).totals
    }

    /// A subscription as it was known; nil if it was not.
    private static func contract(
        _ story: Story,
        asOf: Instant,
        terms: [PlanTerms],
        plans: [PlanVersionID: Plan]
    ) throws(Problem) -> ContractHistory? {
        let changes = story.changes.filter { $0.recordedAt <= asOf }
        guard changes.first?.kind == .created else { return nil }
        let timeline = try SubscriptionTimeline(
            start: story.start,
            zone: story.zone,
            changes: changes,
            terms: terms,
            // One that is agreed and begins later is followed into its first term.
            until: max(asOf, story.start.instant)
        )
        let own = SubscriptionPlans.all(of: changes) { plans[$0] }
        let phases = try timeline.knownPhases()
        var stretches: [ContractHistory.Phase] = []
        for phase in phases {
            guard let plan = own[phase.planKey] else {
                throw Problem(.internal, "the plan \(phase.planKey) of a subscription is not known")
            }
            let isFree = phase.isTrial || phase.isPaused
            stretches.append(
                ContractHistory.Phase(
                    start: phase.start,
                    end: phase.end,
                    currency: plan.currency,
                    monthly: isFree ? .zero : try RecurringRevenue.monthly(of: plan, quantities: phase.quantities),
                    term: plan.interval.months
                )
            )
        }
        let boundary = try timeline.nextBoundary
        return ContractHistory(
            tenant: story.tenant,
            subscription: story.subscription,
            phases: stretches,
            boundary: boundary,
            ends: boundary != nil && phases.last?.end != nil && phases.last?.end == boundary
        )
    }
}

extension Interval {
    /// How many months it has; of weeks and days 1, the shortest term that is forecast.
    fileprivate var months: Int {
        switch unit {
        case .month: count
        case .year: 12 * count
        case .week, .day: 1
        }
    }
}
