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
        "churn_at": "the instant at which the last subscription ends, not that of the cancellation",
        "signs": "contraction and churn are negative: opening + the five movements = closing",
        "rounding": "once for each customer and month, half away from zero",
    ]

    /// The definition in a line, for tables.
    package static let definitionText = """
        MRR: prices without a meter at their quantities, before coupons and taxes; year ÷ 12, week × 52/12, \
        day × 365/12; trials and pauses 0; movements net per customer and month; churn when the last subscription ends
        """

    /// The report as one document.
    package var json: JSONValue { document("mrr", rows.map(json)) }

    /// What every customer added to every movement, as one document.
    package var movementsJSON: JSONValue {
        document(
            "movements",
            movements.map { entry in
                var object = entry.json.object ?? JSONObject()
                object["explain"] = months.link(
                    "movements",
                    ReportCell([entry.month.text, entry.tenant.text], column: entry.cell.rawValue),
                    currency: entry.amount.currency
                )
                return .object(object)
            }
        )
    }

    /// Annual recurring revenue, twelve times the closing, as one document.
    package func arrJSON() throws(Problem) -> JSONValue {
        var lines: [JSONValue] = []
        for row in rows {
            lines.append([
                "month": .string(row.month.text), "currency": .string(row.currency.code),
                "arr": .string(try Self.annual(row).text), "customers": .int(row.customers),
                "explain": months.link("arr", ReportCell([row.month.text]), currency: row.currency),
            ])
        }
        return document("arr", lines)
    }

    /// What stands over the columns of `cells`.
    package static let columns = ["month", "currency"] + MRRCell.allCases.map(\.rawValue) + ["customers"]

    /// The rows as lines of a table.
    package var cells: [[String]] {
        rows.map { row in
            [row.month.text, row.currency.code] + MRRCell.allCases.map { row[$0].text } + [String(row.customers)]
        }
    }

    /// What stands over the columns of `arrCells`.
    package static let arrColumns = ["month", "currency", "arr", "customers"]

    /// Annual recurring revenue as lines of a table.
    package func arrCells() throws(Problem) -> [[String]] {
        var lines: [[String]] = []
        for row in rows {
            lines.append([row.month.text, row.currency.code, try Self.annual(row).text, String(row.customers)])
        }
        return lines
    }

    /// A run rate: twelve times the closing of a month.
    static func annual(_ row: Row) throws(Problem) -> Money {
        try Money(row[.closing].exact * 12, currency: row.currency)
    }

    private func json(_ row: Row) -> JSONValue {
        var object: JSONObject = ["month": .string(row.month.text), "currency": .string(row.currency.code)]
        for cell in MRRCell.allCases { object[cell.rawValue] = .string(row[cell].text) }
        object["customers"] = .int(row.customers)
        if months.isPartial(row.month) { object["partial"] = true }
        object["explain"] = months.link("mrr", ReportCell([row.month.text]), currency: row.currency)
        return .object(object)
    }

    private func document(_ name: String, _ lines: [JSONValue]) -> JSONValue {
        let codes = Set(rows.map(\.currency.code))
        return [
            "report": .string(name), "definition": Self.definition, "as_of": months.asOf.json,
            "from": .string(months.from.text), "to": .string(months.to.text), "time_zone": .string(months.zone.name),
            "currency": .optional(currency?.code ?? (codes.count == 1 ? codes.first : nil)), "rows": .array(lines),
        ]
    }
}
