package import Values

/// What revenue and costs are told apart by.
package enum ProfitColumn: String, CaseIterable, Sendable {
    /// Recognised, net of what was taken off.
    case revenue
    /// Compute that was measured, at the price book's prices.
    case inference
    /// Entries of the category compute.
    case compute
    /// What payment providers keep.
    case paymentFees = "payment_fees"
    /// The partners' shares, where we sell.
    case partnerShare = "partner_share"
    case research, operations, people, marketing
    /// Bad debt, small rests, exchange differences.
    case other

    /// Whether it is taken off revenue to make the gross margin.
    package var isCostOfRevenue: Bool {
        switch self {
        case .inference, .compute, .paymentFees, .partnerShare: true
        default: false
        }
    }

    /// Whether it is taken off the gross margin to make the profit.
    package var isOperating: Bool { self != .revenue && !isCostOfRevenue }

    /// The column of a category of costs.
    package init(_ category: CostCategory) {
        self =
            switch category {
            case .research: .research
            case .operations: .operations
            case .people: .people
            case .marketing: .marketing
            case .compute: .compute
            }
    }
}

/// What adds to a figure of margin or profit.
package struct ProfitFact: Hashable, Sendable {
    package let month: Month
    /// What it is counted under, like a tenant or a kind; nil: nothing takes it.
    package let key: String?
    package let column: ProfitColumn
    /// How much: revenue, or a cost; both positive.
    package let amount: Money
    /// Whose it is, if it is one customer's.
    package let tenant: TenantID?
    /// The ids behind it, the most telling one first.
    package let ids: [String]

    /// Takes the parts.
    package init(
        month: Month,
        key: String?,
        column: ProfitColumn,
        amount: Money,
        tenant: TenantID?,
        ids: [String]
    ) {
        self.month = month
        self.key = key
        self.column = column
        self.amount = amount
        self.tenant = tenant
        self.ids = ids
    }
}

/// Revenue, costs and what is left, by month, currency and a key.
///
/// Pure. Every amount is a sum of whole minor units, so rows come to the totals, and the totals to the books and the
/// cost entries, without rounding. Currencies are never netted.
package struct ProfitTable: Sendable {
    /// What makes one report differ from another.
    package struct Shape: Sendable {
        /// As commands and routes have it.
        package let name: String
        package let title: String
        /// What the key is, like `tenant`.
        package let keyName: String
        /// What stands in its place where nothing takes a fact.
        package let rest: String
        /// What the words mean.
        package let definition: JSONValue
        /// What links need beside the months, like `&by=plan`.
        package let query: String

        /// Takes the parts.
        package init(
            name: String,
            title: String,
            keyName: String,
            rest: String,
            definition: JSONValue,
            query: String = ""
        ) {
            self.name = name
            self.title = title
            self.keyName = keyName
            self.rest = rest
            self.definition = definition
            self.query = query
        }
    }

    /// One month in one currency, of one key.
    package struct Row: Hashable, Sendable {
        package let month: Month
        package let currency: Currency
        /// The key as it is printed.
        package let key: String
        fileprivate let amounts: [ProfitColumn: Int64]

        /// The amount in a column.
        package subscript(column: ProfitColumn) -> Money { money { $0 == column } }

        /// All that is taken off revenue.
        package var costOfRevenue: Money { money(\.isCostOfRevenue) }
        /// Revenue less its cost.
        package var grossMargin: Money {
            Money(minor: self[.revenue].minor - costOfRevenue.minor, currency: currency)
        }
        /// The gross margin in hundredths of revenue, to one digit; nil without revenue.
        package var grossPercent: String? {
            guard self[.revenue].minor > 0 else { return nil }
            return (grossMargin.exact * 100 / self[.revenue].exact).decimalText(digits: 1)
        }
        /// All that is taken off the gross margin.
        package var operatingCosts: Money { money(\.isOperating) }
        /// What is left.
        package var profit: Money { Money(minor: grossMargin.minor - operatingCosts.minor, currency: currency) }

        private func money(_ isMeant: (ProfitColumn) -> Bool) -> Money {
            Money(minor: amounts.reduce(0) { isMeant($1.key) ? $0 + $1.value : $0 }, currency: currency)
        }
    }

    /// What it is of.
    package let shape: Shape
    /// Which months, and as of when.
    package let months: ReportMonths
    /// By currency, then by month, then by key; what nothing takes is last.
    package let rows: [Row]
    /// By currency, then by month.
    package let totals: [Row]
    let facts: [ProfitFact]

    /// Adds facts up.
    package init(
        _ shape: Shape,
        of all: [ProfitFact],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) {
        self.shape = shape
        self.months = months
        let facts = all.filter { !$0.amount.isZero && (currency == nil || $0.amount.currency == currency) }
        self.facts = facts
        struct Place: Hashable {
            let currency: Currency
            let month: Month
            let key: String?
        }
        var sums: [Place: [ProfitColumn: Int64]] = [:]
        var whole: [Place: [ProfitColumn: Int64]] = [:]
        for fact in facts {
            let place = Place(currency: fact.amount.currency, month: fact.month, key: fact.key)
            try Self.add(fact, to: &sums[place, default: [:]])
            try Self.add(fact, to: &whole[Place(currency: place.currency, month: place.month, key: nil), default: [:]])
        }
        func isBefore(_ left: Place, _ right: Place) -> Bool {
            if left.currency != right.currency { return left.currency.code < right.currency.code }
            if left.month != right.month { return left.month < right.month }
            guard let one = left.key else { return false }
            return right.key.map { one < $0 } ?? true
        }
        rows = sums.sorted { isBefore($0.key, $1.key) }.map { place, amounts in
            Row(month: place.month, currency: place.currency, key: place.key ?? shape.rest, amounts: amounts)
        }
        totals = whole.sorted { isBefore($0.key, $1.key) }.map { place, amounts in
            Row(month: place.month, currency: place.currency, key: "total", amounts: amounts)
        }
    }

    private static func add(_ fact: ProfitFact, to sums: inout [ProfitColumn: Int64]) throws(Problem) {
        let (sum, didOverflow) = sums[fact.column, default: 0].addingReportingOverflow(fact.amount.minor)
        guard !didOverflow else {
            throw Problem(.internal, "the \(fact.column.rawValue) of \(fact.month) is beyond 64 bits")
        }
        sums[fact.column] = sum
    }

    /// The facts that a cell is made of: `2025-06/pro:revenue`, `2025-06/total:gross_margin`, `2025-06`.
    package func facts(behind text: String) throws(Problem) -> (cell: ReportCell, facts: [ProfitFact]) {
        let cell = try ReportCell(parsing: text, columns: Self.figures.map(\.name))
        let month = try months.month(of: cell)
        // A key, like a model's name, may have a / itself.
        let key = cell.key.dropFirst().joined(separator: "/")
        guard key.isEmpty || key == "total" || rows.contains(where: { $0.month == month && $0.key == key }) else {
            throw .invalid(
                "explain",
                "names \"\(key.prefix(60))\", of which \(month) has no row; a row and one of "
                    + "\(Self.figures.map(\.name).joined(separator: ", ")), like \(month)/total:profit, is expected"
            )
        }
        let isMeant = Self.figures.first { $0.name == cell.column }?.isMadeOf ?? { _ in true }
        let found = facts.filter { fact in
            fact.month == month && isMeant(fact.column)
                && (key.isEmpty || key == "total" || key == (fact.key ?? shape.rest))
        }
        return (cell, found)
    }
}
