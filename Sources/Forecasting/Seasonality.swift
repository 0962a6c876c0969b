import Foundation

/// Whether a series has a season, and the classical decomposition that takes it out.
enum Seasonality {
    /// Whether the months of the year differ.
    ///
    /// From three years on the test of the M4 competition: the autocorrelation at lag 12 beyond its 90 % bound. Two
    /// years are too few for it; there the growth from month to month must repeat, with a correlation above one half.
    static func isEvident(_ values: [Double]) -> Bool {
        guard values.count >= 2 * seasonLength else { return false }
        guard values.count >= 3 * seasonLength else { return repeatedGrowth(values) > 0.5 }
        let correlations = autocorrelations(values, upTo: seasonLength)
        var sum = 1.0
        for lag in 1..<seasonLength { sum += 2 * correlations[lag] * correlations[lag] }
        return abs(correlations[seasonLength]) > 1.645 * (sum / Double(values.count)).squareRoot()
    }

    /// The correlation of the steps from month to month with those a year before, from eighteen values on.
    static func repeatedGrowth(_ values: [Double]) -> Double {
        let steps = differences(values, lag: 1)
        guard steps.count >= seasonLength + 5 else { return 0 }
        let mean = Self.mean(steps)
        var (product, late, early) = (0.0, 0.0, 0.0)
        for place in seasonLength..<steps.count {
            let now = steps[place] - mean
            let before = steps[place - seasonLength] - mean
            product += now * before
            late += now * now
            early += before * before
        }
        let scale = late * early
        return scale > 0 ? product / scale.squareRoot() : 0
    }

    /// The share of the detrended variance that the season explains, from 0 to 1.
    static func strength(_ values: [Double]) -> Double {
        guard values.count >= 2 * seasonLength + 2 else { return 0 }
        let trend = centredMeans(values)
        let seasons = Decomposition(values, multiplicative: false).indices
        var detrended: [Double] = []
        var remainder: [Double] = []
        for (place, mean) in trend.enumerated() {
            let value = values[place + seasonLength / 2] - mean
            detrended.append(value)
            remainder.append(value - seasons[(place + seasonLength / 2) % seasonLength])
        }
        let whole = variance(detrended)
        return whole > 0 ? max(0, 1 - variance(remainder) / whole) : 0
    }

    static func autocorrelations(_ values: [Double], upTo lags: Int) -> [Double] {
        let mean = Self.mean(values)
        var whole = 0.0
        for value in values { whole += (value - mean) * (value - mean) }
        var result = Array(repeating: 0.0, count: lags + 1)
        guard whole > 0 else { return result }
        for lag in 0...min(lags, values.count - 1) {
            var sum = 0.0
            for place in lag..<values.count { sum += (values[place] - mean) * (values[place - lag] - mean) }
            result[lag] = sum / whole
        }
        return result
    }

    /// The centred 2 × 12 moving means: the first belongs to the seventh value.
    static func centredMeans(_ values: [Double]) -> [Double] {
        let half = seasonLength / 2
        guard values.count > seasonLength else { return [] }
        return (half..<(values.count - half)).map { place in
            var sum = 0.5 * (values[place - half] + values[place + half])
            for near in (place - half + 1)..<(place + half) { sum += values[near] }
            return sum / Double(seasonLength)
        }
    }

    static func differences(_ values: [Double], lag: Int) -> [Double] {
        guard values.count > lag else { return [] }
        return (lag..<values.count).map { values[$0] - values[$0 - lag] }
    }

    static func mean(_ values: [Double]) -> Double {
        var sum = 0.0
        for value in values { sum += value }
        return values.isEmpty ? 0 : sum / Double(values.count)
    }

    static func variance(_ values: [Double]) -> Double {
        let mean = Self.mean(values)
        var sum = 0.0
        for value in values { sum += (value - mean) * (value - mean) }
        return values.isEmpty ? 0 : sum / Double(values.count)
    }
}

/// Classical decomposition: values less, or divided by, twelve indices of the months.
struct Decomposition: Sendable {
    /// Whether values are divided by the indices.
    let multiplicative: Bool
    /// The index of each month, the first value's first; they sum to zero, or have the mean one.
    let indices: [Double]
    /// The values without the season.
    let adjusted: [Double]

    /// Takes out the season if there is one; else the indices change nothing.
    static func ifEvident(_ values: [Double], multiplicative: Bool, test: [Double]? = nil) -> Decomposition {
        guard Seasonality.isEvident(test ?? values) else { return Decomposition(plain: values) }
        return Decomposition(values, multiplicative: multiplicative)
    }

    private init(plain values: [Double]) {
        multiplicative = false
        indices = Array(repeating: 0, count: seasonLength)
        adjusted = values
    }

    /// Needs two years of values; a multiplicative one needs them positive.
    init(_ values: [Double], multiplicative: Bool) {
        let trend = Seasonality.centredMeans(values)
        var sums = Array(repeating: 0.0, count: seasonLength)
        var counts = Array(repeating: 0.0, count: seasonLength)
        for (place, mean) in trend.enumerated() {
            let value = values[place + seasonLength / 2]
            let month = (place + seasonLength / 2) % seasonLength
            sums[month] += multiplicative ? value / mean : value - mean
            counts[month] += 1
        }
        var indices = sums.indices.map { counts[$0] > 0 ? sums[$0] / counts[$0] : (multiplicative ? 1 : 0) }
        let mean = Seasonality.mean(indices)
        for month in indices.indices { indices[month] = multiplicative ? indices[month] / mean : indices[month] - mean }
        self.multiplicative = multiplicative
        self.indices = indices
        adjusted = values.enumerated().map { place, value in
            let index = indices[place % seasonLength]
            return multiplicative ? value / index : value - index
        }
    }

    /// Gives a projection of the adjusted values its season back.
    func restored(_ projection: Projection) -> Projection {
        var result = projection
        for ahead in projection.mean.indices {
            let index = indices[(adjusted.count + ahead) % seasonLength]
            if multiplicative {
                result.mean[ahead] *= index
                result.spread[ahead] *= index
            } else {
                result.mean[ahead] += index
            }
        }
        return result
    }
}
