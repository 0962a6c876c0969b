import Foundation
package import Values

/// A forecast of one monthly series: expected values, bands, and how well it would have gone in the past.
package struct SeriesForecast: Hashable, Sendable {
    /// One month to come.
    package struct Row: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// The expected value.
        package let mean: Double
        /// The lower bound of each level.
        package let lower: [Double]
        /// The upper bound of each level.
        package let upper: [Double]
    }

    /// The method that was asked for.
    package let method: ForecastMethod
    /// The names of the models whose mean the forecast is.
    package let members: [String]
    /// How many months of history.
    package let count: Int
    /// The levels of the bands in percent, ascending.
    package let levels: [Int]
    /// The months to come.
    package let rows: [Row]
    /// The back-test of the same models on the same series.
    package let backtest: Accuracy
    /// What a reader has to know.
    package let notes: [String]

    /// Forecasts a series.
    ///
    /// The same series and options give the same result to the bit.
    package static func run(
        _ series: MonthlySeries,
        options: ForecastOptions
    ) throws(Problem) -> SeriesForecast {
        do {
            return try SeriesForecast(series, options)
        } catch {
            throw error.problem
        }
    }

    /// The expected values of `comb` alone: its models are fitted once, with no back-test and so with no bands.
    package static func means(_ series: MonthlySeries, horizon: Int) throws(Problem) -> [Double] {
        let options = try ForecastOptions(horizon: horizon, method: .comb)
        do throws(ForecastingError) {
            let pool = try Pool(options.method, values: series.values)
            var fitter = Fitter(isSingle: false)
            if pool.usesScale { fitter.chooseScale(series.values) }
            let combined = fitter.combined(pool.base, of: pool, values: series.values, horizon: horizon)
            let mean = fitter.scale.backward(combined.mean)
            guard mean.allSatisfy(\.isFinite) else { throw .beyondRange(method: options.method) }
            return mean
        } catch {
            throw error.problem
        }
    }

    private init(_ series: MonthlySeries, _ options: ForecastOptions) throws(ForecastingError) {
        let values = series.values
        let pool = try Pool(options.method, values: values)
        var fitter = Fitter(isSingle: options.method.member != nil)
        let backtest = Backtest(values, pool: pool, fitter: &fitter)
        let selection = Selection(pool, backtest, months: values.count)
        if pool.usesScale { fitter.chooseScale(values) }
        let projection = fitter.combined(selection.places, of: pool, values: values, horizon: options.horizon)
        guard projection.mean.count == options.horizon, projection.isFinite else {
            throw .beyondRange(method: options.method)
        }
        let scores = backtest.scores(selection.places, fromFirst: backtest.origins.count, known: values.count)
        let factor = Calibration.factor(scores, pooled: pool.pooledFactor)
        method = options.method
        members = selection.places.map { pool.members[$0].rawValue }
        count = values.count
        levels = options.levels
        rows = Self.rows(projection, factor: factor, scale: fitter.scale, series: series, levels: options.levels)
        self.backtest = Accuracy(
            backtest,
            of: values,
            places: selection.places,
            levels: options.levels,
            pooledFactor: pool.pooledFactor
        )
        var notes = pool.notes
        if fitter.scale == .logarithm {
            let isSeasonal = Seasonality.isEvident(Scale.logarithm.forward(values))
            notes.append("log scale: the \(isSeasonal ? "seasonal swing" : "size of changes") grows with the level")
        }
        if let note = selection.note { notes.append(note) }
        if options.method.member != nil, let fit = fitter.competition { notes.append(Self.note(of: fit)) }
        notes.append(Self.note(of: factor))
        if self.backtest.mase == nil {
            notes.append("mase is not defined: it needs thirteen months before an origin, and values that change")
        }
        self.notes = notes
    }

    private static func note(of factor: Double) -> String {
        let percent = Int((abs(factor - 1) * 100).rounded())
        guard percent > 0 else { return "bands are the models' own" }
        return "bands are the models' own, made \(percent) % \(factor > 1 ? "wider" : "narrower") by the back-test"
    }

    private static func note(of fit: SmoothingFit) -> String {
        var parts = ["alpha \(fixed(fit.weights.level, digits: 4))"]
        if fit.form.trend != .none { parts.append("beta \(fixed(fit.weights.slope, digits: 4))") }
        if fit.form.trend == .damped { parts.append("phi \(fixed(fit.weights.damping, digits: 4))") }
        let error = Rounding(of: [fit.squaredError]).rounded(fit.squaredError)
        return "\(parts.joined(separator: ", ")); the squared one-step errors of seasonally adjusted values sum to "
            + (JSONNumber(error)?.text ?? "0")
    }

    private static func rows(
        _ projection: Projection,
        factor: Double,
        scale: Scale,
        series: MonthlySeries,
        levels: [Int]
    ) -> [Row] {
        let rounding = Rounding(of: series.values)
        let least = series.values.allSatisfy { $0 >= 0 } ? 0 : -Double.infinity
        return projection.mean.indices.map { ahead in
            let mean = projection.mean[ahead]
            let widths = levels.map { Calibration.halfWidth(level: $0) * factor * projection.spread[ahead] }
            func shown(_ value: Double) -> Double {
                rounding.rounded(min(1e300, max(least, max(-1e300, scale.backward(value)))))
            }
            return Row(
                month: series.month(series.values.count + ahead),
                mean: shown(mean),
                lower: widths.map { shown(mean - $0) },
                upper: widths.map { shown(mean + $0) }
            )
        }
    }
}

/// Rounds to a fixed place, nine digits below the largest value of a series: what is beyond is noise, and would tie the
/// bytes of the output to the last bit of a logarithm.
struct Rounding: Sendable {
    private let factor: Double

    init(of values: [Double]) {
        var largest = 0.0
        for value in values { largest = max(largest, abs(value)) }
        let digits = largest > 0 ? 8 - Int(log10(largest).rounded(.down)) : 0
        factor = pow(10, Double(min(30, max(0, digits))))
    }

    func rounded(_ value: Double) -> Double {
        let scaled = value * factor
        // Beyond 2^53 a Double has no digits left to round.
        guard abs(scaled) < 9e15 else { return value }
        // Adding zero turns a negative zero into zero.
        return scaled.rounded() / factor + 0
    }
}
