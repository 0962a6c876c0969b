package import Values

/// The reports there are.
package enum ReportName: String, CaseIterable, Sendable {
    case mrr, movements, arr, churn, cohorts, ltv, bookings, billings, recognized, deferred, usage, tax, cash, aging
    case journals, margin, profit, partners
    case trialBalance = "trial-balance"

    /// Whether it is of recurring revenue and its movements, which are told apart and brought to one currency.
    package var isOfMovements: Bool { self == .mrr || self == .movements || self == .arr }

    /// Whether it is of an instant, and has no months.
    package var isOfInstant: Bool { self == .aging || self == .trialBalance }
}

/// What is asked for: a report, its months and terms, and perhaps what is behind one of its figures.
package struct ReportRequest: Sendable {
    /// Which report.
    package let name: ReportName
    /// The first month and the last, that included; of a report of an instant they do not count.
    package let from: Month
    package let to: Month
    /// What was recorded later was not known, and what happens later has not happened.
    package let asOf: Instant
    /// Only this currency; nil is all.
    package let currency: Currency?
    /// Where months begin and end.
    package let zone: Zone
    /// Of churn: whether who comes back counts as retained.
    package let reactivation: RetentionReport.Reactivation
    /// Of ltv.
    package let terms: LifetimeValueReport.Terms?
    /// Of margin: what it is of.
    package let by: MarginReport.Dimension
    /// Of mrr, movements and arr: by what they are told apart, and the currency that all others are brought to.
    package let group: MRRDimension
    package let target: Currency?
    /// The figure that is to be opened: see `ReportCell`.
    package let explain: String?

    /// Takes the parts.
    package init(
        _ name: ReportName,
        from: Month,
        to: Month,
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        reactivation: RetentionReport.Reactivation = .exclude,
        terms: LifetimeValueReport.Terms? = nil,
        by: MarginReport.Dimension = .tenant,
        group: MRRDimension = .currency,
        target: Currency? = nil,
        explain: String? = nil
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.asOf = asOf
        self.currency = currency
        self.zone = zone
        self.reactivation = reactivation
        self.terms = terms
        self.by = by
        self.group = group
        self.target = target
        self.explain = explain
    }

    func months() throws(Problem) -> ReportMonths {
        try ReportMonths(from: from, to: to, asOf: asOf, zone: zone)
    }
}
