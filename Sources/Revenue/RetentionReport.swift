package import Values

/// How much of what customers bring stays, month by month: churn, retention, the quick ratio, revenue a customer.
///
/// Pure. All ratios are exact until they are printed; what is not defined is nil, with the reason.
package struct RetentionReport: Sendable {
    /// Whether customers that come back count as retained: tools differ, and the answer moves by points.
    package enum Reactivation: String, CaseIterable, Sendable {
        /// They do not.
        case exclude
        /// They offset what left.
        case include
    }

    /// A ratio, or why there is none.
    package enum Ratio: Hashable, Sendable {
        case value(Exact)
        case undefined(String)

        /// Six fraction digits; null where it is not defined.
        package var json: JSONValue { text.map(JSONValue.string) ?? .null }

        /// Six fraction digits; nil where it is not defined.
        package var text: String? {
            guard case .value(let exact) = self else { return nil }
            return exact.decimalText(digits: 6)
        }

        init(_ part: Exact, of whole: Exact, otherwise reason: String) {
            self = whole.isZero ? .undefined(reason) : .value(part / whole)
        }
    }

    /// One month in one currency.
    package struct Row: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// The currency.
        package let currency: Currency
        /// Customers that brought something as the month began, and those of them that bring nothing as it closes.
        package let openingCustomers: Int
        package let churnedCustomers: Int
        /// Customers that bring something as the month closes.
        package let closingCustomers: Int
        /// Churned ÷ opening customers.
        package let logoChurn: Ratio
        /// (Churn + contraction) ÷ opening.
        package let grossChurn: Ratio
        /// (Churn + contraction − expansion, − reactivation by the variant) ÷ opening.
        package let netChurn: Ratio
        /// Net revenue retention: 1 − net churn.
        package let netRetention: Ratio
        /// Gross revenue retention: what of each customer's opening is left at most, ÷ opening.
        package let grossRetention: Ratio
        /// The same two over the customers of twelve months before.
        package let netRetention12: Ratio
        package let grossRetention12: Ratio
        /// (New + expansion, + reactivation by the variant) ÷ (churn + contraction).
        package let quickRatio: Ratio
        /// Closing ÷ closing customers, rounded to the minor unit; nil without customers.
        package let revenuePerCustomer: Money?
    }

    /// Which months, and as of when.
    package let months: ReportMonths
    /// Which variant.
    package let reactivation: Reactivation
    /// By currency, then by month.
    package let rows: [Row]
    /// What it is made of.
    let source: MRRReport

    /// Makes it of the report of recurring revenue.
    package init(of report: MRRReport, reactivation: Reactivation = .exclude) throws(Problem) {
        months = report.months
        source = report
        self.reactivation = reactivation
        var rows: [Row] = []
        for row in report.rows {
            let own = report.customers.filter { $0.currency == row.currency }
            rows.append(try RetentionReport.row(row, own, reactivation))
        }
        self.rows = rows
    }

    private static func row(
        _ row: MRRReport.Row,
        _ customers: [CustomerRevenue],
        _ reactivation: Reactivation
    ) throws(Problem) -> Row {
        let month = row.month
        let pairs = customers.map { ($0.closing(month.adding(-1)).exact, $0.closing(month).exact) }
        let yearly = customers.map { ($0.closing(month.adding(-12)).exact, $0.closing(month).exact) }
        let opening = row[.opening].exact
        let lost = -(row[.churn].exact + row[.contraction].exact)
        let returned = reactivation == .include ? row[.reactivation].exact : Exact.zero
        let won = row[.expansion].exact + returned
        let openingCustomers = pairs.count { !$0.0.isZero }
        let churned = pairs.count { !$0.0.isZero && $0.1.isZero }
        let nothing = "nothing was brought as the month began"
        let nobody = "nobody was a customer as the month began"
        let noYear = "nobody was a customer twelve months before"
        let closing = row[.closing]
        return Row(
            month: month,
            currency: row.currency,
            openingCustomers: openingCustomers,
            churnedCustomers: churned,
            closingCustomers: row.customers,
            logoChurn: Ratio(Exact(churned), of: Exact(openingCustomers), otherwise: nobody),
            grossChurn: Ratio(lost, of: opening, otherwise: nothing),
            netChurn: Ratio(lost - won, of: opening, otherwise: nothing),
            netRetention: Ratio(opening - lost + won, of: opening, otherwise: nothing),
            grossRetention: Ratio(kept(pairs), of: opening, otherwise: nothing),
            netRetention12: Ratio(net(yearly), of: sum(yearly.map(\.0)), otherwise: noYear),
            grossRetention12: Ratio(kept(yearly), of: sum(yearly.map(\.0)), otherwise: noYear),
            quickRatio: Ratio(row[.new].exact + won, of: lost, otherwise: "nothing was lost in the month"),
            revenuePerCustomer: row.customers == 0
                ? nil : try Money(closing.exact / Exact(row.customers), currency: row.currency)
        )
    }

    /// What of each customer's opening is left, at most the opening.
    private static func kept(_ pairs: [(Exact, Exact)]) -> Exact { sum(pairs.map { min($0.0, $0.1) }) }

    /// What customers with an opening bring at the end.
    private static func net(_ pairs: [(Exact, Exact)]) -> Exact {
        sum(pairs.filter { !$0.0.isZero }.map(\.1))
    }

    private static func sum(_ amounts: [Exact]) -> Exact { amounts.reduce(.zero, +) }
}

extension RetentionReport {
    /// The definition behind the numbers, printed with them.
    package var definition: JSONValue {
        [
            "mrr": MRRReport.definition["mrr"] ?? .null,
            "reactivation": .string(reactivation.rawValue),
            "logo_churn": "churned ÷ opening customers of the month",
            "gross_churn": "(churn + contraction) ÷ opening",
            "net_churn": reactivation == .include
                ? "(churn + contraction − expansion − reactivation) ÷ opening"
                : "(churn + contraction − expansion) ÷ opening",
            "nrr": "1 − net churn", "grr": "Σ min(opening, closing) of each customer ÷ opening",
            "nrr_12m": "closing of the customers of twelve months before ÷ what they brought then",
            "grr_12m": "Σ min(then, now) of the customers of twelve months before ÷ what they brought then",
            "quick_ratio": reactivation == .include
                ? "(new + expansion + reactivation) ÷ (churn + contraction)"
                : "(new + expansion) ÷ (churn + contraction)",
            "arpa": "closing ÷ closing customers",
        ]
    }

    /// The report as one document.
    package var json: JSONValue {
        [
            "report": "churn", "definition": definition, "as_of": months.asOf.json, "from": .string(months.from.text),
            "to": .string(months.to.text), "time_zone": .string(months.zone.name),
            "rows": .array(rows.map(json)),
        ]
    }

    private func json(_ row: Row) -> JSONValue {
        var object: JSONObject = [
            "month": .string(row.month.text), "currency": .string(row.currency.code),
            "opening_customers": .int(row.openingCustomers), "churned_customers": .int(row.churnedCustomers),
            "closing_customers": .int(row.closingCustomers),
        ]
        var reasons = JSONObject()
        for (name, ratio) in row.ratios {
            object[name] = ratio.json
            if case .undefined(let reason) = ratio { reasons[name] = .string(reason) }
        }
        object["arpa"] = .optional(row.revenuePerCustomer?.text)
        if row.revenuePerCustomer == nil { reasons["arpa"] = "nobody is a customer as the month closes" }
        if !reasons.isEmpty { object["undefined"] = .object(reasons) }
        if months.isPartial(row.month) { object["partial"] = true }
        object["explain"] = months.link("churn", ReportCell([row.month.text]), currency: row.currency)
        return .object(object)
    }

    /// What stands over the columns of `cells`.
    package static let columns =
        ["month", "currency", "opening", "churned", "closing"] + Row.names + ["arpa"]

    /// The rows as lines of a table; what is not defined is empty.
    package var cells: [[String]] {
        rows.map { row in
            [
                row.month.text, row.currency.code, String(row.openingCustomers), String(row.churnedCustomers),
                String(row.closingCustomers),
            ] + row.ratios.map { $0.ratio.text ?? "" } + [row.revenuePerCustomer?.text ?? ""]
        }
    }
}

extension RetentionReport.Row {
    /// The ratios with their names, in the order of columns.
    var ratios: [(name: String, ratio: RetentionReport.Ratio)] {
        Array(
            zip(
                Self.names,
                [
                    logoChurn, grossChurn, netChurn, netRetention, grossRetention, netRetention12, grossRetention12,
                    quickRatio,
                ]
            )
        ).map { (name: $0.0, ratio: $0.1) }
    }

    static let names = [
        "logo_churn", "gross_churn", "net_churn", "nrr", "grr", "nrr_12m", "grr_12m", "quick_ratio",
    ]
}
