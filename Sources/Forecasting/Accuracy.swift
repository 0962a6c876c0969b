/// How well a back-test went.
package struct Accuracy: Hashable, Sendable {
    /// How many origins.
    package var origins = 0
    /// The furthest month ahead that was scored.
    package var horizon = 0
    /// Mean absolute error over the mean absolute change of a year in the known months; nil where that is zero or
    /// thirteen months are not known.
    package var mase: Double?
    /// Mean of 200 |error| / (|value| + |forecast|), in percent.
    package var smape = 0.0
    /// Forecast less value over the absolute values, in percent; nil if all are zero.
    package var biasPercent: Double?
    /// The share of values inside the band of each level; the bands are those that were known at their origins.
    package var coverage: [Double] = []
    /// One less the error relative to the seasonal naive forecast's; nil if that has none or had no year to repeat.
    package var skill: Double?

    /// The scale of MASE: the mean absolute change over a year.
    static func yearlyChange(_ values: [Double]) -> Double? {
        guard values.count > seasonLength else { return nil }
        var sum = 0.0
        for place in seasonLength..<values.count { sum += abs(values[place] - values[place - seasonLength]) }
        return sum > 0 ? sum / Double(values.count - seasonLength) : nil
    }

    /// Scores the members at `places` over a back-test of `values`.
    init(_ backtest: Backtest, of values: [Double], places: [Int], levels: [Int], pooledFactor: Double) {
        var months = 0.0
        var (relative, signed, size) = (0.0, 0.0, 0.0)
        var scaled: [Double] = []
        var (ours, naive) = (0.0, 0.0)
        var inside = levels.map { _ in 0.0 }
        for (number, origin) in backtest.origins.enumerated() {
            let projection = backtest.combined(origin, places)
            let scores = backtest.scores(places, fromFirst: number, known: origin.months)
            let factor = Calibration.factor(scores, pooled: pooledFactor)
            let count = backtest.scored(origin)
            horizon = max(horizon, count)
            var (error, naiveError) = (0.0, 0.0)
            for ahead in 0..<count {
                let value = values[origin.months + ahead]
                let forecast = origin.scale.backward(projection.mean[ahead])
                error += abs(value - forecast)
                naiveError += abs(value - origin.seasonalNaive[ahead])
                let sum = abs(value) + abs(forecast)
                if sum > 0 { relative += 200 * abs(value - forecast) / sum }
                signed += forecast - value
                size += abs(value)
                let distance = abs(origin.scale.forward(value) - projection.mean[ahead])
                for (place, level) in levels.enumerated()
                where distance <= Calibration.halfWidth(level: level) * factor * projection.spread[ahead] {
                    inside[place] += 1
                }
            }
            months += Double(count)
            if let change = origin.yearlyChange {
                scaled.append(error / Double(count) / change)
                ours += error
                naive += naiveError
            }
        }
        origins = backtest.origins.count
        mase = scaled.isEmpty ? nil : Seasonality.mean(scaled)
        smape = months > 0 ? relative / months : 0
        biasPercent = size > 0 ? 100 * signed / size : nil
        coverage = inside.map { months > 0 ? $0 / months : 0 }
        skill = naive > 0 ? 1 - ours / naive : nil
    }
}
