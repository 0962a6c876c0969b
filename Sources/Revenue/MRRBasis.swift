import Values

/// What rows of recurring revenue are told apart by, beside month and currency.
package enum MRRDimension: String, CaseIterable, Sendable {
    /// Nothing else.
    case currency
    /// The plan in force.
    case plan
    /// The partner that has a share in the customer.
    case partner
    /// The customer.
    case tenant

    /// Of what belongs to no plan or partner: no code can be that.
    package static let none = "-"

    /// Whether what a customer brings can pass from one group to another.
    package var hasTransfers: Bool { self == .plan || self == .partner }

    /// The columns of amounts of such a report.
    package var cells: [MRRCell] {
        hasTransfers ? MRRCell.allCases : MRRCell.allCases.filter { $0 != .transfer }
    }
}

/// How a report of recurring revenue is told apart, and which currency it is brought to.
package struct MRRTerms: Sendable {
    /// By what.
    package let by: MRRDimension
    /// Who has a share in whom; needed by partner only.
    package let partners: PartnerBook
    /// The currency that all others are brought to, with the rates; nil: each stays on its own.
    package let exchange: ExchangeTerms?

    /// Takes the three.
    package init(
        by dimension: MRRDimension = .currency,
        partners: PartnerBook = PartnerBook(),
        exchange: ExchangeTerms? = nil
    ) {
        by = dimension
        self.partners = partners
        self.exchange = exchange
    }
}

/// What all customers of a report have in common.
struct MRRBasis: Sendable {
    let months: ReportMonths
    let terms: MRRTerms
    /// The month of the first of the limits.
    private let first: Month
    /// The first instant that does not count for the closing of each month.
    private let limits: [Instant]

    /// `earliest`: the first instant of any history.
    init(_ months: ReportMonths, _ terms: MRRTerms, earliest: Instant?) {
        self.months = months
        self.terms = terms
        let begun = earliest.map { Month(of: months.zone.date(of: $0)) } ?? months.from
        let first = min(begun, months.from).adding(-1)
        self.first = first
        limits = (first.index...months.to.index).map { months.limit(Month(index: $0)) }
    }

    /// The month that holds an instant; the last one for those that are later.
    func month(of instant: Instant) -> Month {
        // The first limit that is not reached is that of the month which holds it.
        var low = 0
        var high = limits.count - 1
        while low < high {
            let middle = (low + high) / 2
            if limits[middle] > instant { high = middle } else { low = middle + 1 }
        }
        return first.adding(low)
    }

    /// The first instant that does not count for the closing of a month.
    func limit(_ month: Month) -> Instant {
        let place = month.index - first.index
        return limits.indices.contains(place) ? limits[place] : months.limit(month)
    }

    /// The rate at which an amount of a month's closing is brought to the report's currency.
    func rate(of currency: Currency, in month: Month, _ exchange: ExchangeTerms) throws(Problem) -> Exact {
        try exchange.rate(from: currency, on: months.zone.date(of: limit(month).adding(microseconds: -1))).rate
    }
}
