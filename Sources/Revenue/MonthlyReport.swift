package import Values

/// Something that happened and that finance counts: an invoice, a payment, a contract.
package struct ReportFact: Hashable, Sendable {
    /// When it happened, in business time.
    package let at: Instant
    /// Whose it is.
    package let tenant: TenantID
    /// The currency of all its amounts.
    package let currency: Currency
    /// What it is counted under beside its month, like a gateway: one text for each of the report's groups.
    package let group: [String]
    /// What it adds to columns, in minor units.
    package let amounts: [String: Int64]
    /// The wire ids behind it, the most telling one first.
    package let ids: [String]

    /// Takes the parts.
    package init(
        at instant: Instant,
        tenant: TenantID,
        currency: Currency,
        group: [String] = [],
        amounts: [String: Int64],
        ids: [String]
    ) {
        at = instant
        self.tenant = tenant
        self.currency = currency
        self.group = group
        self.amounts = amounts
        self.ids = ids
    }
}

/// Facts added up by month, currency and group.
///
/// Pure. Every amount is a sum of whole minor units, so rows and columns tie without rounding.
package struct MonthlyReport: Sendable {
    /// What makes one report differ from another.
    package struct Shape: Sendable {
        /// As commands and routes have it.
        package let name: String
        /// What pictures are called.
        package let title: String
        /// What rows are told apart by, beside month and currency.
        package let groups: [String]
        /// The columns of amounts.
        package let columns: [String]
        /// What the words mean.
        package let definition: JSONValue
        /// The columns that a picture stacks; those named are counted the other way round.
        let drawn: [String]
        let drawnBelow: Set<String>

        init(
            name: String,
            title: String,
            groups: [String] = [],
            columns: [String],
            drawn: [String],
            drawnBelow: Set<String> = [],
            definition: JSONValue
        ) {
            self.name = name
            self.title = title
            self.groups = groups
            self.columns = columns
            self.drawn = drawn
            self.drawnBelow = drawnBelow
            self.definition = definition
        }
    }

    /// One month in one currency, of one group.
    package struct Row: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// The currency.
        package let currency: Currency
        /// One text for each of the report's groups.
        package let group: [String]
        fileprivate let amounts: [String: Int64]

        /// The amount in a column.
        package subscript(column: String) -> Money { Money(minor: amounts[column] ?? 0, currency: currency) }

        /// What names the row.
        var key: [String] { [month.text] + group }
    }

    /// What it is of.
    package let shape: Shape
    /// Which months, and as of when.
    package let months: ReportMonths
    /// By currency, then by month, then by group; where nothing happened there is no row.
    package let rows: [Row]
    private let facts: [(month: Month, fact: ReportFact)]

    /// Adds facts up; those outside the months are left out.
    package init(
        _ shape: Shape,
        of facts: [ReportFact],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) {
        self.shape = shape
        self.months = months
        let first = months.from.start(in: months.zone)
        let limit = months.limit(months.to)
        var own: [(month: Month, fact: ReportFact)] = []
        var sums: [Key: [String: Int64]] = [:]
        for fact in facts where fact.at >= first && fact.at < limit {
            if let currency, fact.currency != currency { continue }
            let month = Month(of: months.zone.date(of: fact.at))
            own.append((month: month, fact: fact))
            let key = Key(currency: fact.currency, month: month, group: fact.group)
            for (column, amount) in fact.amounts {
                let (sum, didOverflow) = sums[key, default: [:]][column, default: 0]
                    .addingReportingOverflow(amount)
                guard !didOverflow else { throw Problem(.internal, "\(shape.name) of \(month) is beyond 64 bits") }
                sums[key, default: [:]][column] = sum
            }
        }
        rows = sums.sorted { $0.key < $1.key }.map { key, amounts in
            Row(month: key.month, currency: key.currency, group: key.group, amounts: amounts)
        }
        self.facts = own.sorted { left, right in
            let names = (left.fact.ids.joined(), right.fact.ids.joined())
            return (left.fact.at, left.fact.tenant, names.0) < (right.fact.at, right.fact.tenant, names.1)
        }
    }

    /// What is behind a cell, in the order of time.
    package func sources(behind text: String) throws(Problem) -> [ReportSource] {
        let cell = try ReportCell(parsing: text, columns: shape.columns)
        _ = try months.month(of: cell)
        var sources: [ReportSource] = []
        for (month, fact) in facts {
            let key = [month.text] + fact.group
            guard cell.matches(key) else { continue }
            for column in shape.columns where cell.column == nil || cell.column == column {
                guard let minor = fact.amounts[column], minor != 0 else { continue }
                sources.append(
                    ReportSource(
                        key: key,
                        column: column,
                        tenant: fact.tenant,
                        amount: Money(minor: minor, currency: fact.currency),
                        ids: fact.ids
                    )
                )
            }
        }
        return sources
    }

    private struct Key: Hashable, Comparable {
        let currency: Currency
        let month: Month
        let group: [String]

        static func < (left: Key, right: Key) -> Bool {
            if left.currency != right.currency { return left.currency.code < right.currency.code }
            if left.month != right.month { return left.month < right.month }
            return left.group.lexicographicallyPrecedes(right.group)
        }
    }
}

extension MonthlyReport {
    /// The report as one document.
    package var json: JSONValue {
        let lines = rows.map { row -> JSONValue in
            var object: JSONObject = ["month": .string(row.month.text), "currency": .string(row.currency.code)]
            for (name, value) in zip(shape.groups, row.group) { object[name] = .string(value) }
            for column in shape.columns { object[column] = .string(row[column].text) }
            if months.isPartial(row.month) { object["partial"] = true }
            object["explain"] = months.link(shape.name, ReportCell(row.key), currency: row.currency)
            return .object(object)
        }
        return months.document(shape.name, shape.definition, lines)
    }

    /// The report with its table and picture.
    package var page: ReportPage {
        ReportPage(
            name: shape.name,
            table: ReportPage.Table(
                columns: ["month", "currency"] + shape.groups + shape.columns,
                rows: rows.map { row in
                    [row.month.text, row.currency.code] + row.group + shape.columns.map { row[$0].text }
                }
            ),
            trend: trend,
            json: json,
            asOf: months.asOf,
            definition: shape.definition,
            picture: picture
        )
    }

    /// What the picture stacks, less what it draws below, in at most twelve months up to each row's, as small bars.
    private var trend: [String] {
        Sparkline.trend(
            rows.map { row in
                let sum = shape.drawn.reduce(Exact.zero) { sum, column in
                    shape.drawnBelow.contains(column) ? sum - row[column].exact : sum + row[column].exact
                }
                let group = ([row.currency.code] + row.group).joined(separator: "/")
                return (group: group, month: row.month, value: sum.double)
            }
        )
    }

    /// The page of what is behind a cell.
    package func page(behind cell: String) throws(Problem) -> ReportPage {
        .explained(shape.name, cell, try sources(behind: cell), asOf: months.asOf, definition: shape.definition)
    }

    /// Stacked bars by month; groups are added up.
    private var picture: ReportPicture {
        let panels = Set(rows.map(\.currency)).sorted { $0.code < $1.code }.map { currency in
            let own = rows.filter { $0.currency == currency }
            return ReportPicture.Panel(
                title: "\(shape.title), \(currency)",
                unit: currency.code,
                categories: months.all.map(\.text),
                shape: .stackedBars(
                    shape.drawn.map { column in
                        ReportPicture.Series(
                            name: column,
                            values: months.all.map { month in
                                let sum = own.filter { $0.month == month }
                                    .reduce(Exact.zero) { $0 + $1[column].exact }
                                return shape.drawnBelow.contains(column) ? -sum.double : sum.double
                            }
                        )
                    }
                )
            )
        }
        return ReportPicture(title: shape.title, panels: panels)
    }
}

extension ReportMonths {
    /// What every report over months has around its rows.
    func document(_ name: String, _ definition: JSONValue, _ rows: [JSONValue]) -> JSONValue {
        [
            "report": .string(name), "definition": definition, "as_of": asOf.json, "from": .string(from.text),
            "to": .string(to.text), "time_zone": .string(zone.name), "rows": .array(rows),
        ]
    }
}
