package import Values

extension MRRReport {
    /// The definition behind the numbers, printed with them: other tools define the same words otherwise.
    package static let definition: JSONValue = [
        "variant": "net_per_customer_per_month",
        "customer": "a tenant, in each currency on its own",
        "mrr": """
        prices without a meter of the plan version in force, at the quantities in force, before coupons and taxes; \
        usage and minimum commitments do not count
        """,
        "normalisation": ["month": "1", "year": "1/12", "week": "52/12", "day": "365/12"],
        "trials": "count nothing until they end",
        "movements": """
        the difference between a customer's opening and closing; new if no earlier month closed with anything, \
        reactivation if one did, churn if nothing is left
        """,
        "exchange": "nothing, as long as each currency stays on its own: see the option in",
        "churn_at": "the instant at which the last subscription ends, not that of the cancellation",
        "signs": "contraction and churn are negative: opening + all movements = closing, in every row",
        "rounding": "once for each customer and month, half away from zero",
    ]

    /// The definition with what depends on how the report is told apart and what it is brought to.
    package var definition: JSONValue {
        var object = Self.definition.object ?? JSONObject()
        switch terms.by {
        case .currency, .tenant: break
        case .plan:
            object["by"] = """
                the plan in force as the month closes; a customer's movement falls to the plans that moved as it did, \
                by what they moved
                """
            object["transfer"] = "from one plan to another of the same customer, nothing over all plans"
        case .partner:
            object["by"] = """
                the partner that has a share in the customer as the month closes; - is none
                """
            object["transfer"] = "of customers that came to a partner, or left one, nothing over all partners"
        }
        guard let exchange = terms.exchange else { return .object(object) }
        object["exchange_rate"] = .string(
            """
            amounts of a month in \(exchange.currency) at the rate in force on its last day, or that of the as-of; \
            movements at that of their month
            """
        )
        object["exchange"] = """
            what the opening is worth more or less at the month's rate than at that of the month before, with what \
            rounding leaves
            """
        return .object(object)
    }

    /// The report as one document.
    package var json: JSONValue { document("mrr", rows.map { json($0, "mrr") }) }

    /// What every customer added to every movement, as one document.
    package var movementsJSON: JSONValue {
        document(
            "movements",
            movements.map { entry in
                var object = entry.json.object ?? JSONObject()
                object["explain"] = link(
                    "movements",
                    ReportCell([entry.month.text, entry.tenant.text], column: entry.cell.rawValue),
                    currency: entry.amount.currency
                )
                return .object(object)
            }
        )
    }

    /// Annual recurring revenue, twelve times each amount, as one document.
    package func arrJSON() throws(Problem) -> JSONValue {
        var lines: [JSONValue] = []
        for row in try annual() {
            var object = json(row, "arr").object ?? JSONObject()
            object["arr"] = .string(row[.closing].text)
            lines.append(.object(object))
        }
        return document("arr", lines)
    }

    private var named: [String] { ["month", "currency"] + (terms.by == .currency ? [] : [terms.by.rawValue]) }

    /// What stands over the columns of `cells`.
    package var columns: [String] { named + terms.by.cells.map(\.rawValue) + ["customers"] }

    /// The rows as lines of a table.
    package var cells: [[String]] { rows.map(line) }

    /// What stands over the columns of `arrCells`.
    package var arrColumns: [String] {
        named + terms.by.cells.map { $0 == .closing ? "arr" : $0.rawValue } + ["customers"]
    }

    /// Annual recurring revenue as lines of a table.
    package func arrCells() throws(Problem) -> [[String]] { try annual().map(line) }

    private func line(_ row: Row) -> [String] {
        [row.month.text, row.currency.code] + (row.group.map { [$0] } ?? []) + terms.by.cells.map { row[$0].text }
            + [String(row.customers)]
    }

    /// A run rate: twelve times each amount of a month.
    func annual() throws(Problem) -> [Row] {
        var annual: [Row] = []
        for row in rows { annual.append(try row.times(12)) }
        return annual
    }

    private func json(_ row: Row, _ report: String) -> JSONValue {
        var object: JSONObject = ["month": .string(row.month.text), "currency": .string(row.currency.code)]
        if let group = row.group { object[terms.by.rawValue] = .string(group) }
        for cell in terms.by.cells { object[cell.rawValue] = .string(row[cell].text) }
        object["customers"] = .int(row.customers)
        if months.isPartial(row.month) { object["partial"] = true }
        object["explain"] = link(report, ReportCell(row.key), currency: row.currency)
        return .object(object)
    }

    /// Where what is behind a cell can be read; what is brought to a currency is not only that of its prices.
    private func link(_ report: String, _ cell: ReportCell, currency own: Currency) -> JSONValue {
        var options: [(name: String, value: String)] = []
        if terms.by != .currency { options.append((name: "by", value: terms.by.rawValue)) }
        if let exchange = terms.exchange { options.append((name: "in", value: exchange.currency.code)) }
        return months.link(report, cell, currency: terms.exchange == nil ? own : currency, options: options)
    }

    private func document(_ name: String, _ lines: [JSONValue]) -> JSONValue {
        let codes = Set(rows.map(\.currency.code))
        let only = terms.exchange?.currency.code ?? currency?.code ?? (codes.count == 1 ? codes.first : nil)
        var object: JSONObject = [
            "report": .string(name), "definition": definition, "as_of": months.asOf.json,
            "from": .string(months.from.text), "to": .string(months.to.text), "time_zone": .string(months.zone.name),
            "currency": .optional(only),
        ]
        if terms.by != .currency { object["by"] = .string(terms.by.rawValue) }
        if let exchange = terms.exchange {
            object["in"] = .string(exchange.currency.code)
            object["rates"] = .array(rates.map(\.json))
        }
        object["rows"] = .array(lines)
        return .object(object)
    }

    /// A rate that amounts of a month were brought to the report's currency at.
    struct AppliedRate: Hashable {
        let month: Month
        let from: Currency
        let to: Currency
        let found: ExchangeTerms.Found

        /// With up to 12 fraction digits.
        var text: String { found.rate.decimalText() }

        var json: JSONValue {
            [
                "month": .string(month.text), "from": .string(from.code), "to": .string(to.code),
                "rate": .string(text), "day": .optional(found.entry?.day.text), "id": .optional(found.entry?.id.text),
            ]
        }
    }

    /// The rates of the months of the report, from the one before the first on.
    var rates: [AppliedRate] {
        guard let exchange = terms.exchange else { return [] }
        let present = Set(customers.map(\.own)).filter { $0 != exchange.currency }.sorted { $0.code < $1.code }
        return present.flatMap { own in
            ((months.from.index - 1)...months.to.index).compactMap { index in
                let month = Month(index: index)
                let day = months.zone.date(of: basis.limit(month).adding(microseconds: -1))
                guard let found = try? exchange.rate(from: own, on: day) else { return nil }
                return AppliedRate(month: month, from: own, to: exchange.currency, found: found)
            }
        }
    }
}
