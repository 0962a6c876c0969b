package import Values

/// How well a forecast does on the last months of a series, which it does not see.
package struct HoldOut: Hashable, Sendable {
    /// How many months were held out.
    package let months: Int
    /// Mean absolute error over the mean absolute change of a year in the known months (Hyndman and Koehler 2006); nil
    /// where that is zero or thirteen months are not known.
    package let mase: Double?
    /// The same of the seasonal naive forecast.
    package let naiveMase: Double?
    /// The share of values inside the band of each level of the options.
    package let coverage: [Double]

    /// Forecasts the last months of a series, as many as the options' horizon, from those before.
    ///
    /// A series that is too short for it is refused with the field `values`.
    package init(of series: MonthlySeries, options: ForecastOptions) throws(Problem) {
        let count = series.values.count - options.horizon
        guard count >= MonthlySeries.minimumMonths else {
            throw .invalid(
                "values",
                "there are \(series.values.count) months; to hold out \(options.horizon) it needs "
                    + "\(options.horizon + MonthlySeries.minimumMonths)"
            )
        }
        let known = Array(series.values.prefix(count))
        let coming = series.values.suffix(options.horizon)
        let forecast = try SeriesForecast.run(MonthlySeries(start: series.start, values: known), options: options)
        let naive = SimpleMethods.seasonalNaive(known, horizon: options.horizon).mean
        var (error, naiveError) = (0.0, 0.0)
        var inside = options.levels.map { _ in 0.0 }
        for ((row, value), repeated) in zip(zip(forecast.rows, coming), naive) {
            error += abs(value - row.mean)
            naiveError += abs(value - repeated)
            for level in inside.indices where row.lower[level] <= value && value <= row.upper[level] {
                inside[level] += 1
            }
        }
        let size = Double(options.horizon)
        let change = Accuracy.yearlyChange(known)
        months = options.horizon
        mase = change.map { error / size / $0 }
        naiveMase = change.map { naiveError / size / $0 }
        coverage = inside.map { $0 / size }
    }
}
