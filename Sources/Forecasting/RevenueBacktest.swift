import Foundation
package import Values

/// How a forecast of revenue would have gone: made at earlier month's ends from what was known there, beside what
/// came.
package struct RevenueBacktest: Sendable {
    /// A forecast from one origin, and what came.
    package struct Origin: Sendable {
        /// The first month that was forecast.
        package let first: Int
        /// Expected values and bounds of `levels`.
        let bands: [RevenueOutlook.Band]
        /// What came, as far as it is known.
        package let actual: [Double]
        /// The months a year before, as they were known; nil without a year.
        let seasonalNaive: [Double]?
        /// Subscriptions in force going on unchanged, usage as in the last month, and nothing new.
        let contractOnly: [Double]
        /// The mean change over a year in the months that were known; nil without a year.
        let yearlyChange: Double?
    }

    /// The levels that are scored; others of a forecast are shown without.
    static let levels = [80, 95]
    /// How many origins there are at most.
    package static let maximumOrigins = 6
    /// How far apart they are, in months.
    private static let spacing = 2
    /// The fewest months that must be known at one.
    private static let fewestMonths = 6
    /// How far ahead is scored.
    package static let horizon = 12
    /// How many scored months weigh as much as a factor of 1.
    private static let pooledWeight = 72.0

    /// The origins, the earliest first.
    package private(set) var origins: [Origin] = []

    /// How many months before the as-of's month the origins are: every other month.
    package static let monthsBack = (1...maximumOrigins).map { spacing * $0 }

    /// Forecasts every origin's book and scores it by what `book` knows.
    ///
    /// `known`: the books as they were known at earlier ends of months, `monthsBack` before, the earliest first; those
    /// with too little history are left out.
    package init(of book: RevenueBook, known: [RevenueBook], options: RevenueForecastOptions) throws(Problem) {
        for past in known {
            let first = past.firstMonth
            let months = min(Self.horizon, book.firstMonth - first)
            guard months > 0, let start = past.historyStart, first - start >= Self.fewestMonths else { continue }
            let bands = try RevenueOutlook.bands(
                of: past,
                horizon: months,
                paths: min(1_000, options.paths),
                seed: options.seed
            )
            let past12 = past.revenue(from: first - 12, months: 12)
            let hasYear = first - start >= 12
            let inForce = past.contracts.reduce(0) { sum, contract in
                let now = contract.stretches.last { $0.start <= past.asOf && past.asOf < $0.end }
                return sum + (now?.monthly ?? 0)
            }
            origins.append(
                Origin(
                    first: first,
                    bands: bands,
                    actual: book.revenue(from: first, months: months),
                    seasonalNaive: hasYear ? Array(past12.prefix(months)) : nil,
                    contractOnly: Array(repeating: inForce + past.usage(first - 1), count: months),
                    yearlyChange: Self.yearlyChange(past.revenue(from: start, months: first - start))
                )
            )
        }
    }

    private static func yearlyChange(_ values: [Double]) -> Double? {
        guard values.count > 12 else { return nil }
        let changes = zip(values.dropFirst(12), values).map { abs($0 - $1) }
        let mean = changes.reduce(0, +) / Double(changes.count)
        return mean > 0 ? mean : nil
    }

    /// By how much bands have to be wider to have held 80 %, from all origins: their conformal quantile, drawn
    /// towards 1.
    package var factor: Double { factor(of: origins[...], before: .max) }

    /// The same from the origins given, and the months before one: what was known there.
    private func factor(of origins: ArraySlice<Origin>, before month: Int) -> Double {
        var scores: [Double] = []
        for origin in origins {
            for (ahead, actual) in origin.actual.enumerated() where origin.first + ahead < month {
                let band = origin.bands[ahead]
                let width = actual > band.mean ? band.upper[0] - band.mean : band.mean - band.lower[0]
                scores.append(width > 0 ? abs(actual - band.mean) / width : (actual == band.mean ? 0 : 3))
            }
        }
        guard !scores.isEmpty else { return 1 }
        scores.sort()
        let rank = min(scores.count, Int((Double(scores.count + 1) * 0.8).rounded(.up)))
        let weight = Double(scores.count) / (Double(scores.count) + Self.pooledWeight)
        return min(3, max(0.5, exp(weight * log(max(1e-3, scores[rank - 1])))))
    }

    /// The scores; nil without any origin.
    package var accuracy: RevenueAccuracy? {
        guard !origins.isEmpty else { return nil }
        var accuracy = RevenueAccuracy()
        var inside = Self.levels.map { _ in 0.0 }
        var (months, size, error, signed) = (0.0, 0.0, 0.0, 0.0)
        var scaled: [Double] = []
        var (yearError, naive, contracts) = (0.0, 0.0, 0.0)
        for (place, origin) in origins.enumerated() {
            let factor = factor(of: origins[..<place], before: origin.first)
            var own = 0.0
            for (ahead, actual) in origin.actual.enumerated() {
                let band = origin.bands[ahead]
                own += abs(actual - band.mean)
                signed += band.mean - actual
                size += abs(actual)
                contracts += abs(actual - origin.contractOnly[ahead])
                if let seasonal = origin.seasonalNaive { naive += abs(actual - seasonal[ahead]) }
                for level in Self.levels.indices {
                    let low = band.mean - factor * (band.mean - band.lower[level])
                    let high = band.mean + factor * (band.upper[level] - band.mean)
                    if low <= actual, actual <= high { inside[level] += 1 }
                }
            }
            error += own
            months += Double(origin.actual.count)
            if origin.seasonalNaive != nil { yearError += own }
            if let change = origin.yearlyChange { scaled.append(own / Double(origin.actual.count) / change) }
            accuracy.horizon = max(accuracy.horizon, origin.actual.count)
        }
        accuracy.origins = origins.count
        accuracy.wape = size > 0 ? 100 * error / size : nil
        accuracy.biasPercent = size > 0 ? 100 * signed / size : nil
        accuracy.mase = scaled.isEmpty ? nil : scaled.reduce(0, +) / Double(scaled.count)
        accuracy.coverage = zip(Self.levels, inside).map { ($0, $1 / months) }
        accuracy.skillAgainstNaive = naive > 0 ? 1 - yearError / naive : nil
        accuracy.skillAgainstContracts = contracts > 0 ? 1 - error / contracts : nil
        return accuracy
    }
}

/// How well a back-test of revenue went.
package struct RevenueAccuracy: Sendable {
    /// How many origins.
    package var origins = 0
    /// The furthest month ahead that was scored.
    package var horizon = 0
    /// Σ|error| ÷ Σ|revenue| in percent.
    package var wape: Double?
    /// Forecast less revenue over revenue, in percent.
    package var biasPercent: Double?
    /// The mean error over the mean change of a year.
    package var mase: Double?
    /// The share of months inside the band of a level.
    package var coverage: [(level: Int, share: Double)] = []
    /// One less the error relative to that of the months a year before.
    package var skillAgainstNaive: Double?
    /// One less the error relative to that of subscriptions in force, unchanged.
    package var skillAgainstContracts: Double?
}
