package import Values

extension RetentionReport {
    /// The report with its table and picture.
    package var page: ReportPage {
        ReportPage(
            name: "churn",
            table: ReportPage.Table(columns: Self.columns, rows: cells),
            trend: Sparkline.trend(
                rows.map { (group: $0.currency.code, month: $0.month, value: Double($0.closingCustomers)) }
            ),
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
            trend: Sparkline.trend(
                rows.map { (group: $0.amount.currency.code, month: $0.month, value: $0.amount.exact.double) }
            ),
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
