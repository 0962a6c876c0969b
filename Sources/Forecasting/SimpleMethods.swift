import Foundation

/// Methods that only look values up.
enum SimpleMethods {
    /// The last value; errors grow like those of a random walk.
    static func naive(_ values: [Double], horizon: Int) -> Projection {
        let deviation = rootMeanSquare(Seasonality.differences(values, lag: 1))
        return Projection(
            mean: Array(repeating: values[values.count - 1], count: horizon),
            spread: (1...horizon).map { deviation * Double($0).squareRoot() }
        )
    }

    /// The value twelve months before; in the first year the last value.
    ///
    /// The variance grows by one year's share a year; within a year it is laid out evenly, so that bands widen.
    static func seasonalNaive(_ values: [Double], horizon: Int) -> Projection {
        let count = values.count
        guard count >= seasonLength else { return naive(values, horizon: horizon) }
        let yearly = Seasonality.differences(values, lag: seasonLength)
        // No month is known twice: the steps of months have to do, or the year's growth where that is more.
        let first = max(
            rootMeanSquare(Seasonality.differences(values, lag: 1)),
            abs(values[count - 1] - values[0])
        )
        let deviation = yearly.isEmpty ? first : rootMeanSquare(yearly)
        return Projection(
            mean: (0..<horizon).map { values[count - seasonLength + $0 % seasonLength] },
            spread: (0..<horizon).map { deviation * (1 + Double($0) / Double(seasonLength)).squareRoot() }
        )
    }

    /// The last value and the mean growth from the first to the last.
    static func drift(_ values: [Double], horizon: Int) -> Projection {
        let count = Double(values.count)
        let last = values[values.count - 1]
        let growth = (last - values[0]) / (count - 1)
        var squares = 0.0
        for step in Seasonality.differences(values, lag: 1) { squares += (step - growth) * (step - growth) }
        let deviation = (squares / max(1, count - 2)).squareRoot()
        return Projection(
            mean: (1...horizon).map { last + growth * Double($0) },
            spread: (1...horizon).map { deviation * (Double($0) * (1 + Double($0) / (count - 1))).squareRoot() }
        )
    }

    private static func rootMeanSquare(_ values: [Double]) -> Double {
        var squares = 0.0
        for value in values { squares += value * value }
        return values.isEmpty ? 0 : (squares / Double(values.count)).squareRoot()
    }
}

/// The value a year before, times last year's growth over the year before it.
///
/// With less than two years the growth is that of the months that are known twice, drawn towards none where they are
/// few: n of them count n / (n + 3). Where the growth of single months is steadier as a difference than as a ratio (a young business, values of both
/// signs), the difference is added instead. Later years grow by less and less: the growth is damped by a fifth a year.
struct YearOnYear: Sendable {
    private let last: [Double]
    private let growth: Double
    private let isRatio: Bool
    private let isPositive: Bool
    private let deviation: Double
    private let scale: Scale
    private static let damping = 0.8

    /// Whether the months of the last year grew so unevenly that one of them bends the ratio.
    let isDistorted: Bool

    /// The fewest months: a year and three that are known twice.
    static let minimumMonths = seasonLength + 3

    /// Learns from the last two years; nil if there are fewer than fifteen months.
    init?(_ values: [Double], scale: Scale) {
        guard values.count >= Self.minimumMonths else { return nil }
        let pairs = min(seasonLength, values.count - seasonLength)
        let last = Array(values.suffix(pairs))
        let before = Array(values.dropLast(seasonLength).suffix(pairs))
        let (sum, sumBefore) = (last.reduce(0, +), before.reduce(0, +))
        isPositive = values.allSatisfy { $0 > 0 }
        let ratio = sumBefore != 0 ? sum / sumBefore : 1
        let difference = (sum - sumBefore) / Double(pairs)
        var (errorOfRatio, errorOfDifference) = (0.0, 0.0)
        for (now, then) in zip(last, before) {
            errorOfRatio += (now - ratio * then) * (now - ratio * then)
            errorOfDifference += (now - then - difference) * (now - then - difference)
        }
        isRatio = isPositive && errorOfRatio <= errorOfDifference
        let trust = pairs == seasonLength ? 1 : Double(pairs) / Double(pairs + 3)
        growth = isRatio ? exp(log(ratio) * trust) : difference * trust
        self.last = Array(values.suffix(seasonLength))
        self.scale = scale
        let usesRatio = isRatio
        let usual = Self.median(zip(last, before).map { usesRatio ? $0 / $1 : $0 - $1 })
        isDistorted =
            isRatio
            ? abs(ratio / usual - 1) > 0.05 : abs(difference - usual) * Double(pairs) > 0.05 * abs(sumBefore)
        var squares = 0.0
        let least = self.last.reduce(0, +) * 1e-4
        for (now, then) in zip(last, before) {
            let expected = Self.grown(then, by: growth, isRatio: isRatio, atLeast: isPositive ? least : nil)
            let error = scale.forward(now) - scale.forward(expected)
            squares += error * error
        }
        deviation = (squares / Double(pairs - 1)).squareRoot()
    }

    /// The coming months, on the scale.
    func projection(horizon: Int) -> Projection {
        let least = isPositive ? last.reduce(0, +) * 1e-4 : nil
        var base = last
        var share = 1.0
        var mean: [Double] = []
        var spread: [Double] = []
        for ahead in 0..<horizon {
            let month = ahead % seasonLength
            if month == 0, ahead > 0 { share *= Self.damping }
            let step = isRatio ? exp(log(growth) * share) : growth * share
            base[month] = Self.grown(base[month], by: step, isRatio: isRatio, atLeast: least)
            mean.append(scale.forward(base[month]))
            spread.append(deviation * (1 + Double(ahead) / Double(seasonLength)).squareRoot())
        }
        return Projection(mean: mean, spread: spread)
    }

    private static func grown(_ value: Double, by growth: Double, isRatio: Bool, atLeast least: Double?) -> Double {
        let grown = isRatio ? value * growth : value + growth
        return max(grown, least ?? -.infinity)
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
