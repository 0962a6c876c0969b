package import Values

/// One subscription as a forecast sees it: what it brought, what it is known to bring, and when its term ends.
package struct ContractHistory: Hashable, Sendable {
    /// A stretch in which plan, quantities and status stay the same.
    package struct Phase: Hashable, Sendable {
        /// Its first instant.
        package let start: Instant
        /// The first instant after it; nil if none is known.
        package let end: Instant?
        /// The currency of its plan.
        package let currency: Currency
        /// Units of the currency a month; 0 in a trial and in a pause.
        package let monthly: Exact
        /// How many months are paid at once; 1 of a plan by the week or day.
        package let term: Int

        /// Takes the parts.
        package init(start: Instant, end: Instant?, currency: Currency, monthly: Exact, term: Int) {
            self.start = start
            self.end = end
            self.currency = currency
            self.monthly = monthly
            self.term = term
        }
    }

    /// The customer.
    package let tenant: TenantID
    /// The subscription.
    package let subscription: SubscriptionID
    /// In the order of time: those up to the as-of, and those that are known to come.
    package let phases: [Phase]
    /// The next end of a term after the as-of; nil if it has ended or stands still.
    package let boundary: Instant?
    /// Whether it is known to end there.
    package let ends: Bool

    /// Takes the parts.
    package init(
        tenant: TenantID,
        subscription: SubscriptionID,
        phases: [Phase],
        boundary: Instant?,
        ends: Bool
    ) {
        self.tenant = tenant
        self.subscription = subscription
        self.phases = phases
        self.boundary = boundary
        self.ends = ends
    }
}

/// What a forecast of revenue is made of, as it was known at an instant.
package struct ForecastSources: Sendable {
    /// What happened, or was recorded, later is not in it.
    package let asOf: Instant
    /// Where months begin and end.
    package let zone: Zone
    /// Subscriptions in all currencies, by customer.
    package let contracts: [ContractHistory]
    /// Revenue of usage by month and currency; months without any are left out.
    package let usage: [UsageRevenueReport.Row]
    /// What is deferred in the books, by month and currency.
    package let releases: [RecognitionReport.Release]
    /// Revenue and costs of whole months, at most the last twelve, by currency.
    package let costs: [ProfitTable.Row]
    /// Why costs are not known; nil if they are.
    package let costsProblem: String?

    /// Takes the parts.
    package init(
        asOf: Instant,
        zone: Zone,
        contracts: [ContractHistory],
        usage: [UsageRevenueReport.Row] = [],
        releases: [RecognitionReport.Release] = [],
        costs: [ProfitTable.Row] = [],
        costsProblem: String? = nil
    ) {
        self.asOf = asOf
        self.zone = zone
        self.contracts = contracts
        self.usage = usage
        self.releases = releases
        self.costs = costs
        self.costsProblem = costsProblem
    }

    /// The month that holds the as-of.
    package var month: Month { Month(of: zone.date(of: asOf)) }
}
