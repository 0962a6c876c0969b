package import Values

extension MRRReport {
    /// The report with its table, small pictures and picture.
    package var page: ReportPage {
        ReportPage(
            name: "mrr",
            table: ReportPage.Table(columns: columns, rows: cells),
            more: rateTables,
            trend: trend,
            json: json,
            asOf: months.asOf,
            definition: definition,
            picture: movementsPicture
        )
    }

    /// Every customer's movement, with its table and picture.
    package var movementsPage: ReportPage {
        ReportPage(
            name: "movements",
            table: ReportPage.Table(
                columns: MRREntry.columns + (terms.by == .currency ? [] : [terms.by.rawValue]),
                rows: movements.map(\.cells)
            ),
            more: rateTables,
            json: movementsJSON,
            asOf: months.asOf,
            definition: definition,
            picture: movementsPicture
        )
    }

    /// Annual recurring revenue with its table and picture.
    package func arrPage() throws(Problem) -> ReportPage {
        ReportPage(
            name: "arr",
            table: ReportPage.Table(columns: arrColumns, rows: try arrCells()),
            more: rateTables,
            trend: trend,
            json: try arrJSON(),
            asOf: months.asOf,
            definition: definition,
            picture: picture("Annual recurring revenue") { sums in
                .stackedBars([ReportPicture.Series(name: "arr", values: sums.map { ($0[.closing] ?? 0) * 12 })])
            }
        )
    }

    /// The rates that amounts were brought to the report's currency at.
    private var rateTables: [ReportPage.Table] {
        guard terms.exchange != nil else { return [] }
        return [
            ReportPage.Table(
                title: "rates",
                columns: ["month", "from", "to", "rate", "day", "id"],
                rows: rates.map { rate in
                    [
                        rate.month.text, rate.from.code, rate.to.code, rate.text, rate.found.entry?.day.text ?? "",
                        rate.found.entry?.id.text ?? "",
                    ]
                }
            )
        ]
    }

    /// The closings of at most twelve months up to each row's, as small bars.
    private var trend: [String] {
        Sparkline.trend(
            rows.map { row in
                (group: row.currency.code + (row.group ?? ""), month: row.month, value: row[.closing].exact.double)
            }
        )
    }

    private var movementsPicture: ReportPicture {
        picture("Movements of monthly recurring revenue") { sums in
            .stackedBars(
                MRRCell.movements.filter { cell in
                    // Only where there can be any.
                    cell != .transfer && (cell != .exchange || terms.exchange != nil)
                }.map { cell in
                    ReportPicture.Series(name: cell.rawValue, values: sums.map { $0[cell] ?? 0 })
                }
            )
        }
    }

    /// A panel for each currency; groups are added up.
    private func picture(
        _ title: String,
        _ shape: ([[MRRCell: Double]]) -> ReportPicture.Shape
    ) -> ReportPicture {
        ReportPicture(
            title: title,
            panels: Set(rows.map(\.currency)).sorted { $0.code < $1.code }.map { currency in
                let own = Dictionary(grouping: rows.filter { $0.currency == currency }, by: \.month)
                let sums = months.all.map { month in
                    var sums: [MRRCell: Double] = [:]
                    for cell in MRRCell.allCases {
                        sums[cell] = (own[month] ?? []).reduce(Exact.zero) { $0 + $1[cell].exact }.double
                    }
                    return sums
                }
                return ReportPicture.Panel(
                    title: "\(title), \(currency)",
                    unit: currency.code,
                    categories: months.all.map(\.text),
                    shape: shape(sums)
                )
            }
        )
    }

    /// What is behind a cell: `2025-06:churn`, `2025-06/ten_…:churn`, `2025-06/pro:churn` by plan, `2025-06` for all
    /// movements of a month.
    ///
    /// `report`: the name under which it is asked; of `arr` all amounts are twelve times those of a month.
    package func page(behind text: String, as report: String) throws(Problem) -> ReportPage {
        let names = (report == "arr" ? ["arr"] : []) + terms.by.cells.map(\.rawValue)
        let cell = try ReportCell(parsing: text, columns: names)
        let month = try months.month(of: cell)
        var asked = MRRCell.movements
        if let column = cell.column { asked = [MRRCell(rawValue: column) ?? .closing] }
        if report == "arr", cell.column == nil { asked = [.closing] }
        var found = asked.flatMap { entries(behind: $0, in: month) }.filter { entry in
            cell.matches([month.text, entry.tenant.text])
                || entry.group.map { cell.matches([month.text, $0]) } ?? false
        }
        if report == "arr" {
            var annual: [MRREntry] = []
            for entry in found {
                annual.append(entry.with(try Money(entry.amount.exact * 12, currency: entry.amount.currency)))
            }
            found = annual
        }
        return Self.page(report, text, found, months, definition, group: terms.by == .currency ? nil : terms.by)
    }

    /// The page of some customers' shares of a figure.
    static func page(
        _ report: String,
        _ cell: String,
        _ entries: [MRREntry],
        _ months: ReportMonths,
        _ definition: JSONValue,
        group: MRRDimension? = nil
    ) -> ReportPage {
        .explained(
            report,
            cell,
            ReportPage.Table(
                columns: MRREntry.columns + (group.map { [$0.rawValue] } ?? []),
                rows: entries.map(\.cells)
            ),
            json: entries.map(\.json),
            asOf: months.asOf,
            definition: definition
        )
    }
}
