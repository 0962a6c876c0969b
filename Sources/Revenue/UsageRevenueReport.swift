package import Values

/// Revenue from usage as the books have it: what stands on `revenue:usage` by month of the invoice's instant.
///
/// It comes from journals, which never change and know when they were recorded, so that an as-of is exact.
package struct UsageRevenueReport: Hashable, Sendable {
    /// One month in one currency.
    package struct Row: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// What was earned; below nothing if more was taken back.
        package let amount: Money
        /// How many customers it comes from.
        package let customers: Int
        /// How many journals are behind it.
        package let journals: Int
    }

    /// Which months, and as of when.
    package let months: ReportMonths
    /// By currency, then by month; months without any are left out.
    package let rows: [Row]

    /// What the words mean.
    package static let definition: JSONValue = [
        "variant": "journals_of_usage_revenue",
        "amount": "credits less debits of revenue:usage, net of discounts, before taxes",
        "month": "that of the instant at which the invoice fell due",
    ]

    /// The report as one document.
    package var json: JSONValue {
        let lines = rows.map { row -> JSONValue in
            [
                "month": .string(row.month.text), "currency": .string(row.amount.currency.code),
                "amount": .string(row.amount.text), "customers": .int(row.customers), "journals": .int(row.journals),
                "explain": months.link("usage", ReportCell([row.month.text]), currency: row.amount.currency),
            ]
        }
        return [
            "report": "usage",
            "definition": Self.definition,
            "as_of": months.asOf.json, "from": .string(months.from.text), "to": .string(months.to.text),
            "time_zone": .string(months.zone.name), "rows": .array(lines),
        ]
    }

    /// What stands over the columns of `cells`.
    package static let columns = ["month", "currency", "amount", "customers", "journals"]

    /// The rows as lines of a table.
    package var cells: [[String]] {
        rows.map { row in
            [
                row.month.text, row.amount.currency.code, row.amount.text, String(row.customers), String(row.journals),
            ]
        }
    }
}
