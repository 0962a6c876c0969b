package import Revenue
package import Values

/// The forecast of recurring revenue from its own closings: the same functions as for any monthly series.
package enum RevenueForecast {
    /// The closings of a report in one currency as a series.
    ///
    /// It begins with the first month that closed with anything, and leaves out a month that is not over: its closing is
    /// not yet comparable.
    ///
    /// `currency`: nil takes the only currency there is; several are refused with their names.
    package static func series(
        of report: MRRReport,
        currency: Currency? = nil
    ) throws(Problem) -> MonthlySeries {
        let present = Set(report.rows.map(\.currency)).sorted { $0.code < $1.code }
        guard let currency = currency ?? (present.count == 1 ? present.first : nil) else {
            let names = present.map(\.code).joined(separator: ", ")
            throw .invalid(
                "currency",
                present.isEmpty
                    ? "there is no recurring revenue to forecast" : "must be one of \(names); each is forecast alone"
            )
        }
        let closed = report.rows.filter { $0.currency == currency && !report.months.isPartial($0.month) }
        let rows = Array(closed.drop { $0[.closing].isZero })
        guard let first = rows.first, rows.count >= MonthlySeries.minimumMonths else {
            throw .invalid(
                "from",
                "\(report.months.from) to \(report.months.to) has \(rows.count) whole months of recurring revenue in "
                    + "\(currency); a forecast needs \(MonthlySeries.minimumMonths)"
            )
        }
        return try MonthlySeries(start: first.month, values: rows.map { $0[.closing].exact.double })
    }

    /// Forecasts the closings of a report.
    package static func run(
        _ report: MRRReport,
        currency: Currency? = nil,
        options: ForecastOptions
    ) throws(Problem) -> SeriesForecast {
        try SeriesForecast.run(series(of: report, currency: currency), options: options)
    }
}
