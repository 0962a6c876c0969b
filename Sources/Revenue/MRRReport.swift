package import Values

/// Monthly recurring revenue and how it moved, month by month, as it was known at an instant: a pure function of the
/// subscriptions' histories.
///
/// In every row, in minor units of its currency, opening + new + expansion + contraction + churn + reactivation is
/// closing, and closing is the opening of the month after.
package struct MRRReport: Sendable {
    /// One month in one currency.
    package struct Row: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// The currency.
        package let currency: Currency
        /// How many customers bring something as the month closes.
        package let customers: Int
        private let amounts: [MRRCell: Money]

        init(month: Month, currency: Currency, customers: Int, amounts: [MRRCell: Money]) {
            self.month = month
            self.currency = currency
            self.customers = customers
            self.amounts = amounts
        }

        /// The amount in a column; contraction and churn are negative.
        package subscript(cell: MRRCell) -> Money { amounts[cell] ?? .zero(currency) }
    }

    /// Which months, and as of when.
    package let months: ReportMonths
    /// The only currency reported; nil is all there are.
    package let currency: Currency?
    /// By currency, then by month.
    package let rows: [Row]
    /// What every customer added to every movement, by month, then by customer.
    package let movements: [MRREntry]
    /// What every customer brings as months close, in each currency.
    let customers: [CustomerRevenue]

    /// Adds up the histories of all subscriptions.
    package init(
        of histories: [RecurringHistory],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) {
        var customers: [CustomerRevenue] = []
        for (_, own) in Dictionary(grouping: histories, by: \.tenant).sorted(by: { $0.key < $1.key }) {
            let ordered = own.sorted { $0.subscription < $1.subscription }
            customers += try CustomerRevenue.all(of: ordered, months: months)
        }
        if let currency { customers.removeAll { $0.currency != currency } }
        var movements: [MRREntry] = []
        for month in months.all {
            for customer in customers {
                if let movement = try customer.movement(in: month, months) { movements.append(movement) }
            }
        }
        self.months = months
        self.currency = currency
        self.customers = customers
        self.movements = movements
        rows = try Self.rows(customers, movements, months, currency: currency)
    }

    /// The customers behind a cell, all currencies together, with the ids of what moved.
    package func entries(behind cell: MRRCell, in month: Month) -> [MRREntry] {
        guard cell == .opening || cell == .closing else {
            return movements.filter { $0.month == month && $0.cell == cell }
        }
        return customers.compactMap { $0.standing(cell, in: month, months) }
    }

    private static func rows(
        _ customers: [CustomerRevenue],
        _ movements: [MRREntry],
        _ months: ReportMonths,
        currency: Currency?
    ) throws(Problem) -> [Row] {
        let moved = Dictionary(grouping: movements) { Key(month: $0.month, currency: $0.amount.currency) }
        let present = Set(customers.map(\.currency)).union(currency.map { [$0] } ?? [])
        var rows: [Row] = []
        for currency in present.sorted(by: { $0.code < $1.code }) {
            let own = customers.filter { $0.currency == currency }
            for month in months.all {
                var amounts: [MRRCell: Money] = [:]
                for movement in moved[Key(month: month, currency: currency)] ?? [] {
                    try add(movement.amount, to: &amounts[movement.cell])
                }
                var count = 0
                for customer in own {
                    let closing = customer.closing(month)
                    if !closing.isZero { count += 1 }
                    try add(closing, to: &amounts[.closing])
                    try add(customer.closing(month.adding(-1)), to: &amounts[.opening])
                }
                rows.append(Row(month: month, currency: currency, customers: count, amounts: amounts))
            }
        }
        return rows
    }

    private static func add(_ amount: Money, to sum: inout Money?) throws(Problem) {
        sum = try sum?.adding(amount) ?? amount
    }

    private struct Key: Hashable {
        let month: Month
        let currency: Currency
    }
}
