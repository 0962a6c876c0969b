package import Values

/// Monthly recurring revenue and how it moved, month by month, as it was known at an instant: a pure function of the
/// subscriptions' histories.
///
/// In every row, in minor units of its currency, opening + the movements (`MRRCell.movements`) is closing, and closing
/// is the opening of the month after. The groups of a month add up, in every column, to the report that has none.
package struct MRRReport: Sendable {
    /// One month in one currency, of one group.
    package struct Row: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// The currency.
        package let currency: Currency
        /// The plan, partner or tenant; nil if the report is not told apart.
        package let group: String?
        /// How many customers bring something as the month closes.
        package let customers: Int
        private let amounts: [Int64]

        init(month: Month, currency: Currency, group: String?, customers: Int, amounts: [Int64]) {
            self.month = month
            self.currency = currency
            self.group = group
            self.customers = customers
            self.amounts = amounts
        }

        /// The amount in a column; contraction and churn are negative.
        package subscript(cell: MRRCell) -> Money { Money(minor: amounts[cell.place], currency: currency) }

        /// The same with each amount so many times.
        func times(_ factor: Int64) throws(Problem) -> Row {
            var products: [Int64] = []
            for amount in amounts {
                let (product, didOverflow) = amount.multipliedReportingOverflow(by: factor)
                guard !didOverflow else { throw Problem(.internal, "recurring revenue is beyond 64 bits") }
                products.append(product)
            }
            return Row(month: month, currency: currency, group: group, customers: customers, amounts: products)
        }

        /// What names the row.
        var key: [String] { [month.text] + (group.map { [$0] } ?? []) }
    }

    /// Which months, and as of when.
    package let months: ReportMonths
    /// The only currency reported; nil is all there are.
    package let currency: Currency?
    /// By what it is told apart, and what it is brought to.
    package let terms: MRRTerms
    /// By currency, then by group, then by month; of groups only months in which there is something.
    package let rows: [Row]
    /// What every customer added to every movement, by month, then by customer; none if they are not kept.
    package let movements: [MRREntry]
    /// What every customer brings as months close, in each currency.
    let customers: [CustomerRevenue]
    /// What they have in common.
    let basis: MRRBasis

    /// Adds up the histories of all subscriptions.
    ///
    /// `currency`: only customers whose prices are in it.
    ///
    /// `keepsMovements`: whether what moved can be listed; rows do not need it.
    ///
    /// - Throws: a problem `rate_missing` if an amount cannot be brought to the currency of the terms.
    package init(
        of histories: [RecurringHistory],
        months: ReportMonths,
        currency: Currency? = nil,
        terms: MRRTerms = MRRTerms(),
        keepsMovements: Bool = true
    ) throws(Problem) {
        let basis = MRRBasis(months, terms, earliest: histories.compactMap { $0.levels.first?.at }.min())
        let ordered = histories.sorted { ($0.tenant, $0.subscription) < ($1.tenant, $1.subscription) }
        var customers: [CustomerRevenue] = []
        var rest = ordered[...]
        while let first = rest.first {
            let own = rest.prefix { $0.tenant == first.tenant }
            rest = rest.dropFirst(own.count)
            customers += try CustomerRevenue.all(of: Array(own), only: currency, basis)
        }
        var movements: [MRREntry] = []
        // Where nothing is told apart or brought to a currency, closings say all.
        let isPlain = terms.by == .currency && terms.exchange == nil
        for month in months.all where keepsMovements || !isPlain {
            for customer in customers { movements += try customer.movements(in: month, basis) }
        }
        self.months = months
        self.currency = currency
        self.terms = terms
        self.customers = customers
        self.movements = movements
        self.basis = basis
        rows = try Self.rows(
            customers,
            isPlain ? nil : movements,
            basis,
            named: terms.exchange?.currency ?? currency
        )
    }

    /// The customers behind a cell, all currencies together, with the ids of what moved.
    ///
    /// `group`: only of this plan, partner or tenant.
    package func entries(behind cell: MRRCell, in month: Month, group: String? = nil) -> [MRREntry] {
        let found =
            cell == .opening || cell == .closing
            ? customers.flatMap { $0.standing(cell, in: month, basis) }
            : movements.filter { $0.month == month && $0.cell == cell }
        return group == nil ? found : found.filter { $0.group == group }
    }

    /// The sums of a row while they are added up.
    private struct Sums {
        var customers = 0
        var amounts = Array(repeating: Int64(0), count: MRRCell.allCases.count)

        mutating func add(_ minor: Int64, _ cell: MRRCell) throws(Problem) {
            let (sum, didOverflow) = amounts[cell.place].addingReportingOverflow(minor)
            guard !didOverflow else { throw Problem(.internal, "recurring revenue is beyond 64 bits") }
            amounts[cell.place] = sum
        }
    }

    private struct Key: Hashable {
        let currency: Currency
        let group: String
    }

    private static func rows(
        _ customers: [CustomerRevenue],
        _ movements: [MRREntry]?,
        _ basis: MRRBasis,
        named: Currency?
    ) throws(Problem) -> [Row] {
        let months = basis.months
        let empty = Array(repeating: Sums(), count: months.to.index - months.from.index + 1)
        let isTold = basis.terms.by != .currency
        var sums: [Key: [Sums]] = [:]
        if let named, !isTold { sums[Key(currency: named, group: "")] = empty }
        for customer in customers {
            if isTold {
                try add(customer, basis, empty, to: &sums)
            } else {
                try add(
                    customer,
                    months,
                    moves: movements == nil,
                    to: &sums[Key(currency: customer.currency, group: ""), default: empty]
                )
            }
        }
        for movement in movements ?? [] {
            let key = Key(currency: movement.amount.currency, group: movement.group ?? "")
            let place = movement.month.index - months.from.index
            try sums[key, default: empty][place].add(movement.amount.minor, movement.cell)
        }
        return rows(sums, from: months.from, isTold: isTold)
    }

    /// Adds a customer's closings up, which the months after open with, and perhaps what moved between them.
    private static func add(
        _ customer: CustomerRevenue,
        _ months: ReportMonths,
        moves: Bool,
        to sums: inout [Sums]
    ) throws(Problem) {
        var opening = customer.closing(months.from.adding(-1)).minor
        for place in sums.indices {
            let closing = customer.closing(months.from.adding(place)).minor
            if opening != 0 { try sums[place].add(opening, .opening) }
            if closing != 0 {
                try sums[place].add(closing, .closing)
                sums[place].customers += 1
            }
            if moves, opening != closing {
                let hasPaid = customer.hasPaid(before: months.from.adding(place))
                if let cell = MRRCell.movement(opening: opening, closing: closing, hasPaid: hasPaid) {
                    try sums[place].add(closing - opening, cell)
                }
            }
            opening = closing
        }
    }

    /// The same by group.
    private static func add(
        _ customer: CustomerRevenue,
        _ basis: MRRBasis,
        _ empty: [Sums],
        to sums: inout [Key: [Sums]]
    ) throws(Problem) {
        let from = basis.months.from.index
        for index in (from - 1)...basis.months.to.index {
            for (group, minor) in customer.shares(Month(index: index), basis) where minor != 0 {
                let key = Key(currency: customer.currency, group: group)
                let place = index - from
                if place >= 0 {
                    try sums[key, default: empty][place].add(minor, .closing)
                    sums[key, default: empty][place].customers += 1
                }
                guard place + 1 < empty.count else { continue }
                try sums[key, default: empty][place + 1].add(minor, .opening)
            }
        }
    }

    private static func rows(_ sums: [Key: [Sums]], from: Month, isTold: Bool) -> [Row] {
        let keys = sums.keys.sorted { ($0.currency.code, $0.group) < ($1.currency.code, $1.group) }
        return keys.flatMap { key in
            (sums[key] ?? []).enumerated().compactMap { place, sum in
                guard !isTold || sum.amounts.contains(where: { $0 != 0 }) else { return nil }
                return Row(
                    month: from.adding(place),
                    currency: key.currency,
                    group: isTold ? key.group : nil,
                    customers: sum.customers,
                    amounts: sum.amounts
                )
            }
        }
    }
}
