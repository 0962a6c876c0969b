package import Revenue
package import Values

extension RevenueOutlook {
    /// The forecast as a report: its table, the scenarios beside the base, what was fitted, and a fan chart.
    package func page(asOf: Instant) -> ReportPage {
        var more = [modelTable]
        if cases.count > 1 { more.insert(scenarioTable, at: 0) }
        if let backtest {
            more.append(
                ReportPage.Table(title: "back-test", columns: ["as known then"], rows: [[backtest.text]])
            )
        }
        if !notes.isEmpty {
            more.append(ReportPage.Table(title: "notes", columns: ["note"], rows: notes.map { [$0] }))
        }
        return ReportPage(
            name: "forecast",
            table: table,
            more: more,
            trend: trend,
            json: json(asOf: asOf),
            asOf: asOf,
            definition: .object(Self.definition),
            picture: picture
        )
    }

    private var table: ReportPage.Table {
        let base = cases[0]
        let bounds = options.levels.flatMap { ["lower_\($0)", "upper_\($0)"] }
        let names = parts(base.total).map(\.name)
        let hasMargin = base.total.margin != nil
        let columns =
            ["month", "revenue"] + bounds + names + ["contracted", "deferred"] + (hasMargin ? ["gross_margin"] : [])
        func cells(_ name: String, _ row: Row, deferred: Double) -> [String] {
            let band = zip(row.revenue.lower, row.revenue.upper).flatMap { [text($0), text($1)] }
            let share = row.contractedShare.map { SeriesForecast.fixed(100 * $0, digits: 1) + " %" } ?? ""
            return [name, text(row.revenue.mean)] + band + parts(row).map { text($0.value) } + [share, text(deferred)]
                + (row.margin.map { [text($0.mean)] } ?? [])
        }
        let rows = base.rows.enumerated().map { place, row in
            cells(first.adding(place).text, row, deferred: deferred[place])
        }
        return ReportPage.Table(
            columns: columns,
            rows: rows + [cells("total", base.total, deferred: deferred.reduce(0, +))]
        )
    }

    /// The year before and the months up to the row's as small bars.
    private var trend: [String] {
        let past = Array(history.suffix(12))
        let means = cases[0].rows.map(\.revenue.mean)
        return means.indices.map { Sparkline.text(Array((past + means.prefix($0 + 1)).suffix(12))) }
            + [Sparkline.text(means)]
    }

    /// Base and scenarios side by side: revenue by month, then all months, the difference, and the gross margin.
    private var scenarioTable: ReportPage.Table {
        let names = cases.dropFirst().map(\.scenario.name)
        var rows = cases[0].rows.indices.map { place in
            [first.adding(place).text] + cases.map { text($0.rows[place].revenue.mean) }
        }
        rows.append(["total"] + cases.map { text($0.total.revenue.mean) })
        rows.append(["difference", ""] + cases.dropFirst().map { text($0.difference?.mean ?? 0) })
        for (place, level) in options.levels.enumerated() {
            rows.append(["\(level) % from", ""] + cases.dropFirst().map { text($0.difference?.lower[place] ?? 0) })
            rows.append(["\(level) % to", ""] + cases.dropFirst().map { text($0.difference?.upper[place] ?? 0) })
        }
        if cases[0].total.margin != nil {
            rows.append(["gross margin"] + cases.map { text($0.total.margin?.mean ?? 0) })
            rows.append(["margin difference", ""] + cases.dropFirst().map { text($0.marginDifference?.mean ?? 0) })
        }
        rows.append(["what is different", ""] + cases.dropFirst().map(\.scenario.text))
        return ReportPage.Table(title: "scenarios", columns: ["revenue", "base"] + names, rows: rows)
    }

    private var modelTable: ReportPage.Table {
        var rows: [[String]] = []
        for segment in drivers.segments {
            let model = segment.model
            let months = model.term == 1 ? "1 month" : "\(model.term) months"
            let ends = "\(model.lost) of \(model.atRisk) lost"
            let left = SeriesForecast.fixed(100 * model.survival(12), digits: 1)
            var parameters = ""
            if case .shiftedBetaGeometric(let own) = model.form {
                parameters =
                    "alpha \(SeriesForecast.fixed(own.alpha, digits: 3)), "
                    + "beta \(SeriesForecast.fixed(own.beta, digits: 3)); "
            }
            rows.append([
                "renewals after \(months)", model.name, parameters + "\(left) % left after 12 of them; \(ends)",
            ])
        }
        let growth = SeriesForecast.fixed(100 * drivers.expansion.mean, digits: 2)
        rows.append(["those who stay", "mean", "\(growth) % a month"])
        func series(_ name: String, _ series: RevenueSeries) -> [String] {
            [name, series.members.joined(separator: ", "), "\(series.history.count) months"]
        }
        rows.append(series("new business", drivers.new))
        rows.append(series("usage", drivers.usage))
        return ReportPage.Table(title: "models", columns: ["of", "model", "fit"], rows: rows)
    }

    /// The fan chart: what was, what is expected, its bands, and the scenarios.
    package var picture: ReportPicture {
        let base = cases[0]
        let past = history.count
        let gap = [Double?](repeating: nil, count: past)
        // The lines begin where the history ends, so that they hang together.
        func after(_ values: [Double]) -> [Double?] {
            guard let last = history.last else { return values }
            return Array(gap.dropLast()) + [last] + values.map { $0 }
        }
        let bands = options.levels.indices.reversed().map { place in
            ReportPicture.Band(
                name: "\(options.levels[place]) %",
                lower: after(base.rows.map { $0.revenue.lower[place] }),
                upper: after(base.rows.map { $0.revenue.upper[place] })
            )
        }
        let lines =
            [ReportPicture.Series(name: "revenue", values: history + base.rows.map { _ in nil })]
            + cases.map { own in
                ReportPicture.Series(
                    name: own.scenario.name == Scenario.base.name ? "expected" : own.scenario.name,
                    values: after(own.rows.map(\.revenue.mean))
                )
            }
        return ReportPicture(
            title: "Revenue forecast, \(currency)",
            panels: [
                ReportPicture.Panel(
                    title: "Revenue forecast, \(currency)",
                    unit: currency.code,
                    categories: (0..<(past + base.rows.count)).map { first.adding($0 - past).text },
                    shape: .fan(bands: bands, lines)
                )
            ]
        )
    }

    private func text(_ value: Double) -> String { SeriesForecast.fixed(value, digits: currency.digits) }
}
