package import Values

extension MRRReport {
    /// The report with its table, small pictures and picture.
    package var page: ReportPage {
        ReportPage(
            name: "mrr",
            table: ReportPage.Table(columns: Self.columns, rows: cells),
            trend: trend,
            json: json,
            asOf: months.asOf,
            definition: Self.definition,
            picture: movementsPicture
        )
    }

    /// Every customer's movement, with its table and picture.
    package var movementsPage: ReportPage {
        ReportPage(
            name: "movements",
            table: ReportPage.Table(columns: MRREntry.columns, rows: movements.map(\.cells)),
            json: movementsJSON,
            asOf: months.asOf,
            definition: Self.definition,
            picture: movementsPicture
        )
    }

    /// Annual recurring revenue with its table and picture.
    package func arrPage() throws(Problem) -> ReportPage {
        ReportPage(
            name: "arr",
            table: ReportPage.Table(columns: Self.arrColumns, rows: try arrCells()),
            trend: trend,
            json: try arrJSON(),
            asOf: months.asOf,
            definition: Self.definition,
            picture: picture("Annual recurring revenue") { rows in
                .stackedBars([
                    ReportPicture.Series(name: "arr", values: rows.map { ($0[.closing].exact * 12).double })
                ])
            }
        )
    }

    /// The closings of at most twelve months up to each row's, as small bars.
    private var trend: [String] {
        rows.map { row in
            let own = rows.filter { $0.currency == row.currency && $0.month <= row.month }.suffix(12)
            return Sparkline.text(own.map { $0[.closing].exact.double })
        }
    }

    private var movementsPicture: ReportPicture {
        picture("Movements of monthly recurring revenue") { rows in
            .stackedBars(
                MRRCell.movements.map { cell in
                    ReportPicture.Series(name: cell.rawValue, values: rows.map { $0[cell].exact.double })
                }
            )
        }
    }

    private func picture(_ title: String, _ shape: ([Row]) -> ReportPicture.Shape) -> ReportPicture {
        ReportPicture(
            title: title,
            panels: Set(rows.map(\.currency)).sorted { $0.code < $1.code }.map { currency in
                let own = rows.filter { $0.currency == currency }
                return ReportPicture.Panel(
                    title: "\(title), \(currency)",
                    unit: currency.code,
                    categories: own.map(\.month.text),
                    shape: shape(own)
                )
            }
        )
    }

    /// What is behind a cell: `2025-06:churn`, `2025-06/ten_…:churn`, `2025-06` for all movements of a month.
    ///
    /// `report`: the name under which it is asked; `arr` has the closing alone.
    package func page(behind text: String, as report: String) throws(Problem) -> ReportPage {
        let names = report == "arr" ? ["arr"] : MRRCell.allCases.map(\.rawValue)
        let cell = try ReportCell(parsing: text, columns: names)
        let month = try months.month(of: cell)
        let asked: [MRRCell] =
            report == "arr"
            ? [.closing] : cell.column.flatMap(MRRCell.init(rawValue:)).map { [$0] } ?? MRRCell.movements
        let found = asked.flatMap { entries(behind: $0, in: month) }
            .filter { cell.matches([month.text, $0.tenant.text]) }
        return Self.page(report, text, found, months, Self.definition)
    }

    /// The page of some customers' shares of a figure.
    static func page(
        _ report: String,
        _ cell: String,
        _ entries: [MRREntry],
        _ months: ReportMonths,
        _ definition: JSONValue
    ) -> ReportPage {
        .explained(
            report,
            cell,
            ReportPage.Table(columns: MRREntry.columns, rows: entries.map(\.cells)),
            json: entries.map(\.json),
            asOf: months.asOf,
            definition: definition
        )
    }
}

extension RetentionReport {
    /// The report with its table and picture.
    package var page: ReportPage {
        ReportPage(
            name: "churn",
            table: ReportPage.Table(columns: Self.columns, rows: cells),
            json: json,
            asOf: months.asOf,
            definition: definition,
            picture: ReportPicture(
                title: "Retention and churn",
                panels: Set(rows.map(\.currency)).sorted { $0.code < $1.code }.map { currency in
                    let own = rows.filter { $0.currency == currency }
                    func series(_ name: String, _ ratio: (Row) -> Ratio) -> ReportPicture.Series {
                        ReportPicture.Series(
                            name: name,
                            values: own.map { row in
                                guard case .value(let exact) = ratio(row) else { return nil }
                                return exact.double * 100
                            }
                        )
                    }
                    return ReportPicture.Panel(
                        title: "Retention and churn, \(currency)",
                        unit: "%",
                        categories: own.map(\.month.text),
                        shape: .lines([
                            series("nrr") { $0.netRetention }, series("grr") { $0.grossRetention },
                            series("logo_churn") { $0.logoChurn }, series("gross_churn") { $0.grossChurn },
                        ])
                    )
                }
            )
        )
    }

    /// The movements that each figure is made of.
    private static let behind: [String: [MRRCell]] = [
        "opening": [.opening], "churned": [.churn], "closing": [.closing], "logo_churn": [.opening, .churn],
        "gross_churn": [.opening, .churn, .contraction],
        "net_churn": [.opening, .churn, .contraction, .expansion], "nrr": [.opening, .churn, .contraction, .expansion],
        "grr": [.opening, .churn, .contraction], "quick_ratio": [.new, .expansion, .churn, .contraction],
        "arpa": [.closing],
    ]

    /// What is behind a cell: `2025-06:logo_churn`, `2025-06` for what moved.
    package func page(behind text: String) throws(Problem) -> ReportPage {
        let yearly = ["nrr_12m", "grr_12m"]
        let cell = try ReportCell(parsing: text, columns: Self.behind.keys.sorted() + yearly)
        let month = try months.month(of: cell)
        var found: [MRREntry]
        if let column = cell.column, yearly.contains(column) {
            let before = source.entries(behind: .closing, in: month.adding(-12))
            let then = Set(before.map { Customer(tenant: $0.tenant, currency: $0.amount.currency) })
            let now = source.entries(behind: .closing, in: month)
            found = before + now.filter { then.contains(Customer(tenant: $0.tenant, currency: $0.amount.currency)) }
        } else {
            var cells = cell.column.flatMap { Self.behind[$0] } ?? MRRCell.movements
            let hasReturned = ["net_churn", "nrr", "quick_ratio"].contains(cell.column)
            if hasReturned, reactivation == .include { cells.append(.reactivation) }
            found = cells.flatMap { source.entries(behind: $0, in: month) }
        }
        return MRRReport.page("churn", text, found, months, definition)
    }

    private struct Customer: Hashable {
        let tenant: TenantID
        let currency: Currency
    }
}

extension CohortReport {
    /// The report with its table and picture: the darker, the more of a cohort's revenue is left.
    package var page: ReportPage {
        let ages = (0...(months.to.index - months.from.index))
        return ReportPage(
            name: "cohorts",
            table: ReportPage.Table(columns: Self.columns, rows: cells),
            json: json,
            asOf: months.asOf,
            definition: Self.definition,
            picture: ReportPicture(
                title: "Cohorts",
                panels: Set(cohorts.map(\.currency)).sorted { $0.code < $1.code }.map { currency in
                    ReportPicture.Panel(
                        title: "Revenue retention by cohort and age in months, \(currency)",
                        unit: "%",
                        categories: ages.map(String.init),
                        shape: .heatMap(
                            cohorts.filter { $0.currency == currency }.map { cohort in
                                ReportPicture.Series(
                                    name: cohort.month.text,
                                    values: ages.map { age in
                                        guard cohort.cells.indices.contains(age) else { return nil }
                                        return cohort.revenueRetention(cohort.cells[age]).double * 100
                                    }
                                )
                            }
                        )
                    )
                }
            )
        )
    }

    /// The page of what is behind a cell.
    package func page(behind cell: String) throws(Problem) -> ReportPage {
        MRRReport.page("cohorts", cell, try entries(behind: cell), months, Self.definition)
    }
}

extension LifetimeValueReport {
    /// The report with its table and picture.
    package var page: ReportPage {
        ReportPage(
            name: "ltv",
            table: ReportPage.Table(columns: Self.columns, rows: cells),
            json: json,
            asOf: months.asOf,
            definition: definition,
            picture: ReportPicture(
                title: "Survival by age",
                panels: rows.map { row in
                    ReportPicture.Panel(
                        title: "Customers left by age in months, \(row.currency)",
                        unit: "%",
                        categories: row.ages.map { String($0.age) },
                        shape: .lines([
                            ReportPicture.Series(name: "survival", values: row.ages.map { $0.survival.double * 100 })
                        ])
                    )
                }
            )
        )
    }

    /// What is behind a currency's value, or one age of it: `USD`, `USD:3`.
    package func page(behind text: String) throws(Problem) -> ReportPage {
        let ages = (0...terms.horizon).map(String.init)
        let cell = try ReportCell(parsing: text, columns: ages)
        guard let name = cell.key.first, cell.key.count == 1, let currency = Currency(code: name) else {
            throw .invalid(
                "explain",
                "is \"\(text.prefix(60))\"; a currency, and perhaps an age in months, like USD:3 is expected"
            )
        }
        var found: [MRREntry] = []
        for cohort in source.cohorts where cohort.currency == currency {
            let name = cohort.month.text + (cell.column.map { ":\($0)" } ?? "")
            if let column = cell.column, !cohort.cells.contains(where: { String($0.age) == column }) { continue }
            found += try source.entries(behind: name).filter { $0.amount.currency == currency }
        }
        return MRRReport.page("ltv", text, found, months, definition)
    }
}

extension UsageRevenueReport {
    /// The report with its table and picture.
    package var page: ReportPage {
        ReportPage(
            name: "usage",
            table: ReportPage.Table(columns: Self.columns, rows: cells),
            json: json,
            asOf: months.asOf,
            definition: Self.definition,
            picture: ReportPicture(
                title: "Usage revenue",
                panels: Set(rows.map(\.amount.currency)).sorted { $0.code < $1.code }.map { currency in
                    ReportPicture.Panel(
                        title: "Usage revenue, \(currency)",
                        unit: currency.code,
                        categories: months.all.map(\.text),
                        shape: .stackedBars([
                            ReportPicture.Series(
                                name: "usage",
                                values: months.all.map { month in
                                    rows.first { $0.month == month && $0.amount.currency == currency }?
                                        .amount.exact.double
                                }
                            )
                        ])
                    )
                }
            )
        )
    }
}
