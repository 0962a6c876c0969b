package import Values

/// What a customer is worth over its life, of what was seen of all customers so far.
///
/// Pure. The cohort form adds up what is left of a customer at each age, times what one then brings; it stops where
/// nothing was seen yet, so it is a floor and not an extrapolation. The simple form, revenue a customer ÷ churn, is
/// printed beside it, since people ask for it; without churn it is not defined, and says so.
package struct LifetimeValueReport: Sendable {
    /// One age of the pooled customers.
    package struct Age: Hashable, Sendable {
        /// Months since the first.
        package let age: Int
        /// The customers that reached this age, or could have, and of them those that bring something.
        package let customers: Int
        /// The share of customers that is left, as the product of what stays from each age to the next.
        package let survival: Exact
        /// What one that is left brings a month.
        package let revenue: Exact
    }

    /// One currency.
    package struct Row: Hashable, Sendable {
        /// The currency.
        package let currency: Currency
        /// By age, as far as it was seen.
        package let ages: [Age]
        /// The cohort form; nil without customers.
        package let cohortValue: Money?
        /// The simple form; nil where it is not defined.
        package let simpleValue: Money?
        /// Why the simple form is not defined.
        package let simpleReason: String?
    }

    /// The terms that the value depends on.
    package struct Terms: Hashable, Sendable {
        /// What of revenue is left after its cost: 0 to 1.
        package let grossMargin: Exact
        /// The discount of a year, taken as a twelfth a month: 0 and more.
        package let discount: Exact
        /// The oldest age that counts, in months.
        package let horizon: Int

        /// Checks the three.
        package init(
            grossMargin: Exact = .one,
            discount: Exact = Exact(1, 10),
            horizon: Int = 60
        ) throws(Problem) {
            guard !grossMargin.isNegative, grossMargin <= .one else {
                throw .invalid("gross_margin", "is \(grossMargin.decimalText()); from 0 to 1 is right")
            }
            guard !discount.isNegative, discount <= .one else {
                throw .invalid("discount", "is \(discount.decimalText()); a yearly rate from 0 to 1 is right")
            }
            guard (1...240).contains(horizon) else {
                throw .invalid("horizon", "is \(horizon); 1 to 240 months are right")
            }
            self.grossMargin = grossMargin
            self.discount = discount
            self.horizon = horizon
        }
    }

    /// Which months, and as of when.
    package let months: ReportMonths
    /// What it was computed with.
    package let terms: Terms
    /// By currency.
    package let rows: [Row]
    /// What it is made of.
    let source: CohortReport

    private static let trailingMonths = 6

    /// Makes it of cohorts and churn over the same months.
    package init(of cohorts: CohortReport, _ retention: RetentionReport, _ terms: Terms) throws(Problem) {
        source = cohorts
        months = cohorts.months
        self.terms = terms
        var rows: [Row] = []
        for (currency, own) in Dictionary(grouping: cohorts.cohorts, by: \.currency)
            .sorted(by: { $0.key.code < $1.key.code })
        {
            // A month that is not over would look like a month of churn.
            let known = retention.rows.filter { $0.currency == currency && !cohorts.months.isPartial($0.month) }
            let ages = LifetimeValueReport.ages(of: own, months: cohorts.months, horizon: terms.horizon)
            rows.append(try LifetimeValueReport.row(currency, ages, known, terms))
        }
        self.rows = rows
    }

    private static func ages(of cohorts: [CohortReport.Cohort], months: ReportMonths, horizon: Int) -> [Age] {
        var ages: [Age] = []
        var survival = Exact.one
        for age in 0...horizon {
            let seen = cohorts.filter { cohort in
                age < cohort.cells.count && !months.isPartial(cohort.month.adding(age))
            }
            guard !seen.isEmpty else { break }
            let left = seen.reduce(0) { $0 + $1.cells[age].customers }
            if age > 0 {
                let before = seen.reduce(0) { $0 + $1.cells[age - 1].customers }
                guard before > 0 else { break }
                survival = survival * (Exact(left) / Exact(before))
            }
            let revenue = seen.reduce(Exact.zero) { $0 + $1.cells[age].revenue.exact }
            ages.append(
                Age(
                    age: age,
                    customers: left,
                    survival: survival,
                    revenue: left == 0 ? .zero : revenue / Exact(left)
                )
            )
            if left == 0 { break }
        }
        return ages
    }

    private static func row(
        _ currency: Currency,
        _ ages: [Age],
        _ known: [RetentionReport.Row],
        _ terms: Terms
    ) throws(Problem) -> Row {
        var value = Exact.zero
        var factor = Exact.one
        let step = Exact.one / (.one + terms.discount / 12)
        for age in ages {
            value += age.survival * age.revenue * factor
            factor = factor * step
        }
        let trailing = known.suffix(trailingMonths)
        let opening = trailing.reduce(0) { $0 + $1.openingCustomers }
        let churned = trailing.reduce(0) { $0 + $1.churnedCustomers }
        var simple: Money?
        var reason: String?
        if let revenue = trailing.last?.revenuePerCustomer, churned > 0 {
            let churn = Exact(churned) / Exact(opening)
            simple = try Money(revenue.exact * terms.grossMargin / churn, currency: currency)
        } else {
            reason =
                churned == 0
                ? "no customer was lost in the last \(trailing.count) whole months"
                : "nobody was a customer as the last whole month closed"
        }
        return Row(
            currency: currency,
            ages: ages,
            cohortValue: ages.isEmpty ? nil : try Money(value * terms.grossMargin, currency: currency),
            simpleValue: simple,
            simpleReason: reason
        )
    }
}

extension LifetimeValueReport {
    /// The definition behind the numbers, printed with them.
    package var definition: JSONValue {
        [
            "cohort_value": "gross margin × Σ over ages of survival × revenue a customer ÷ (1 + discount ÷ 12)^age",
            "survival":
                "Π over ages of customers left ÷ customers left a month before, of the cohorts that were seen so long",
            "horizon": "as far as it was seen, at most `horizon_months`; nothing is extrapolated",
            "simple_value":
                "revenue a customer at the last close × gross margin ÷ mean monthly churn of six whole months",
            "gross_margin": .string(terms.grossMargin.decimalText()),
            "discount": .string(terms.discount.decimalText()), "horizon_months": .int(terms.horizon),
        ]
    }

    /// The report as one document.
    package var json: JSONValue {
        [
            "report": "ltv", "definition": definition, "as_of": months.asOf.json, "from": .string(months.from.text),
            "to": .string(months.to.text), "time_zone": .string(months.zone.name),
            "rows": .array(
                rows.map { row in
                    [
                        "currency": .string(row.currency.code),
                        "explain": months.link("ltv", ReportCell([row.currency.code]), currency: row.currency),
                        "cohort_value": .optional(row.cohortValue?.text),
                        "simple_value": .optional(row.simpleValue?.text),
                        "simple_undefined": .optional(row.simpleReason),
                        "months_seen": .int(row.ages.count),
                        "ages": .array(
                            row.ages.map { age in
                                [
                                    "age": .int(age.age), "customers": .int(age.customers),
                                    "survival": .string(age.survival.decimalText(digits: 6)),
                                    "revenue": .string(age.revenue.decimalText(digits: row.currency.digits)),
                                ]
                            }
                        ),
                    ]
                }
            ),
        ]
    }

    /// What stands over the columns of `cells`.
    package static let columns = ["currency", "cohort_value", "simple_value", "months_seen"]

    /// The rows as lines of a table.
    package var cells: [[String]] {
        rows.map {
            [
                $0.currency.code, $0.cohortValue?.text ?? "", $0.simpleValue?.text ?? $0.simpleReason ?? "",
                String($0.ages.count),
            ]
        }
    }
}
