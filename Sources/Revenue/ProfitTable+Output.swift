package import Values

extension ProfitTable {
    /// A figure of a row.
    struct Figure {
        let name: String
        /// Which columns it is made of.
        let isMadeOf: (ProfitColumn) -> Bool
        let text: (Row) -> String?
    }

    /// The figures of every row, in their order.
    static var figures: [Figure] {
        func columns(_ all: [ProfitColumn]) -> [Figure] {
            all.map { column in
                Figure(name: column.rawValue, isMadeOf: { $0 == column }, text: { $0[column].text })
            }
        }
        return columns([.revenue, .inference, .compute, .paymentFees, .partnerShare]) + [
            Figure(name: "cost_of_revenue", isMadeOf: \.isCostOfRevenue) { $0.costOfRevenue.text },
            Figure(name: "gross_margin", isMadeOf: { !$0.isOperating }) { $0.grossMargin.text },
            Figure(name: "gross_percent", isMadeOf: { !$0.isOperating }) { $0.grossPercent },
        ] + columns([.research, .operations, .people, .marketing, .other]) + [
            Figure(name: "operating_costs", isMadeOf: \.isOperating) { $0.operatingCosts.text },
            Figure(name: "profit", isMadeOf: { _ in true }) { $0.profit.text },
        ]
    }

    /// What the figures mean, beside what the report says of itself.
    static let words: JSONObject = [
        "revenue": "recognised, as reports recognized has it as net",
        "inference": """
        measured usage (cpu_milliseconds and tokens) × the price book's price in force at each event's instant, \
        exact; rounded once a month and currency, and shared out by largest remainder
        """,
        "compute": "cost entries of the category compute: what the price book does not price; not to be entered twice",
        "payment_fees": "the account payment_fees, by the instant of the journal",
        "partner_share": "the account partner_share: shares of partners for whom we are the principal",
        "cost_of_revenue": "inference + compute + payment_fees + partner_share",
        "gross_margin": "revenue − cost_of_revenue",
        "gross_percent": "gross_margin ÷ revenue × 100; null where revenue is not above nothing",
        "operating_costs": "research + operations + people + marketing + other; entries spread evenly over their days",
        "other": "the accounts bad_debt, write_off and exchange_difference",
        "profit": "gross_margin − operating_costs",
        "currencies": "never netted: a row for each currency",
    ]

    /// The report as one document.
    package var json: JSONValue {
        let document = months.document(shape.name, shape.definition, rows.map(json(of:)))
        var whole = document.object ?? JSONObject()
        whole["by"] = .string(shape.keyName)
        whole["totals"] = .array(totals.map(json(of:)))
        return .object(whole)
    }

    private func json(of row: Row) -> JSONValue {
        var object: JSONObject = [
            "month": .string(row.month.text), "currency": .string(row.currency.code), shape.keyName: .string(row.key),
        ]
        for figure in Self.figures { object[figure.name] = .optional(figure.text(row)) }
        if months.isPartial(row.month) { object["partial"] = true }
        let link = months.link(shape.name, ReportCell([row.month.text, row.key]), currency: row.currency)
        object["explain"] = .string((link.string ?? "") + shape.query)
        return .object(object)
    }

    /// The report with its table and picture; totals stand below the rows of their month.
    package var page: ReportPage {
        let lines = totals.flatMap { total in
            rows.filter { $0.month == total.month && $0.currency == total.currency } + [total]
        }
        return ReportPage(
            name: shape.name,
            table: ReportPage.Table(
                columns: ["month", "currency", shape.keyName] + Self.figures.map(\.name),
                rows: lines.map { row in
                    [row.month.text, row.currency.code, row.key] + Self.figures.map { $0.text(row) ?? "" }
                }
            ),
            trend: Sparkline.trend(
                lines.map { row in
                    (group: "\(row.currency)/\(row.key)", month: row.month, value: row.grossMargin.exact.double)
                }
            ),
            json: json,
            asOf: months.asOf,
            definition: shape.definition,
            picture: picture
        )
    }

    /// The page of what is behind a cell.
    ///
    /// `details`: lines of what was measured, in place of the facts of the column inference.
    func page(behind text: String, details: (ReportCell, [ProfitFact]) -> [ProfitDetail]) throws(Problem) -> ReportPage
    {
        let (cell, facts) = try facts(behind: text)
        let measured = details(cell, facts)
        let lines =
            facts.filter { measured.isEmpty || $0.column != .inference }
            .map { ProfitDetail($0, key: $0.key ?? shape.rest) } + measured
        return .explained(
            shape.name,
            text,
            ReportPage.Table(columns: ReportSource.columns, rows: lines.map(\.cells)),
            json: lines.map(\.json),
            asOf: months.asOf,
            definition: shape.definition
        )
    }

    /// Revenue upwards and costs downwards, of all keys together.
    private var picture: ReportPicture {
        let panels = Set(totals.map(\.currency)).sorted { $0.code < $1.code }.map { currency in
            let own = totals.filter { $0.currency == currency }
            return ReportPicture.Panel(
                title: "\(shape.title), \(currency)",
                unit: currency.code,
                categories: months.all.map(\.text),
                shape: .stackedBars(
                    ProfitColumn.allCases.map { column in
                        ReportPicture.Series(
                            name: column.rawValue,
                            values: months.all.map { month in
                                let amount = own.first { $0.month == month }?[column].exact ?? .zero
                                return column == .revenue ? amount.double : -amount.double
                            }
                        )
                    }
                )
            )
        }
        return ReportPicture(title: shape.title, panels: panels)
    }
}

/// A line of what is behind a figure: its amount may be less than the smallest coin.
struct ProfitDetail {
    let cell: String
    let tenant: TenantID?
    let amount: String
    let currency: Currency
    let ids: [String]

    init(cell: String, tenant: TenantID?, amount: String, currency: Currency, ids: [String]) {
        self.cell = cell
        self.tenant = tenant
        self.amount = amount
        self.currency = currency
        self.ids = ids
    }

    init(_ fact: ProfitFact, key: String) {
        self.init(
            cell: ReportCell([fact.month.text, key], column: fact.column.rawValue).description,
            tenant: fact.tenant,
            amount: fact.amount.text,
            currency: fact.amount.currency,
            ids: fact.ids
        )
    }

    var json: JSONValue {
        [
            "cell": .string(cell), "tenant": .optional(tenant?.text), "amount": .string(amount),
            "currency": .string(currency.code), "ids": .array(ids.map(JSONValue.string)),
        ]
    }

    /// Under the columns of `ReportSource`.
    var cells: [String] { [cell, tenant?.text ?? "", amount, currency.code, ids.joined(separator: " ")] }
}
