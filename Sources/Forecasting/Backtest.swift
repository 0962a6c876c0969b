/// What was forecast from one origin, with nothing from after it.
struct BacktestOrigin: Sendable {
    /// How many months were known.
    let months: Int
    /// The scale that was chosen from what was known.
    let scale: Scale
    /// The members' projections, on the scale.
    let projections: [Projection]
    /// The seasonal naive forecast from there, to compare with.
    let seasonalNaive: [Double]
    /// How far apart the members may be; see `Combination`.
    let limit: Double
    /// The mean absolute change over a year inside the known months; nil under thirteen months or without change.
    let yearlyChange: Double?
}

/// A rolling-origin back-test: at each origin every member is fitted again.
struct Backtest: Sendable {
    /// The furthest month that is scored; it does not depend on the horizon that is asked for, and so neither does the
    /// choice of the method.
    static let horizon = 12

    /// From the earliest origin to the latest.
    let origins: [BacktestOrigin]
    private let values: [Double]

    /// Runs the members of a pool over the history.
    ///
    /// The scale is chosen at the first origin, and anew where a value becomes known that it cannot hold.
    init(_ values: [Double], pool: Pool, fitter: inout Fitter) {
        var origins: [BacktestOrigin] = []
        for (place, months) in Self.places(values.count).enumerated() {
            let known = Array(values[..<months])
            if pool.usesScale, place == 0 || !fitter.scale.holds(known) { fitter.chooseScale(known) }
            let projections = pool.members.map { member in
                fitter.projection(member, of: known, horizon: Self.horizon, fresh: place == 0)
            }
            origins.append(
                BacktestOrigin(
                    months: months,
                    scale: fitter.scale,
                    projections: projections,
                    seasonalNaive: SimpleMethods.seasonalNaive(known, horizon: Self.horizon).mean,
                    limit: Combination.limit(known, on: fitter.scale),
                    yearlyChange: Accuracy.yearlyChange(known)
                )
            )
        }
        self.origins = origins
        self.values = values
    }

    /// Where the origins are: six, or eighteen over five years of a long history.
    ///
    /// Each has twelve months after it where the history allows it, and else as many as there are.
    static func places(_ months: Int) -> [Int] {
        let isLong = months >= 90
        let count = isLong ? 18 : 6
        let step = isLong ? 3 : 2
        let first = months - horizon - (count - 1) * step
        let earliest = earliest(months)
        guard first < earliest else { return (0..<count).map { first + $0 * step } }
        let span = months - 1 - earliest
        let narrow = max(1, min(step, span / (count - 1)))
        return (0..<count).map { earliest + $0 * narrow }.filter { $0 < months }
    }

    /// Whether every origin has all months of the horizon after it.
    var isComplete: Bool { origins.allSatisfy { $0.months + Self.horizon <= values.count } }

    /// How many months after an origin are known by now.
    func scored(_ origin: BacktestOrigin) -> Int { min(Self.horizon, values.count - origin.months) }

    /// What the members at `places` together forecast from an origin.
    func combined(_ origin: BacktestOrigin, _ places: [Int]) -> Projection {
        Combination.of(origin.projections, at: places, limit: origin.limit)
    }

    /// The mean absolute error from an origin, on the values.
    func error(_ origin: BacktestOrigin, _ places: [Int]) -> Double {
        let projection = combined(origin, places)
        var sum = 0.0
        for ahead in 0..<scored(origin) {
            sum += abs(values[origin.months + ahead] - origin.scale.backward(projection.mean[ahead]))
        }
        return sum / Double(scored(origin))
    }

    /// The scores of the months up to a time from the origins before another: what was known there.
    func scores(_ places: [Int], fromFirst count: Int, known months: Int) -> [Double] {
        var scores: [Double] = []
        for origin in origins.prefix(count) {
            let projection = combined(origin, places)
            for ahead in 0..<scored(origin) where origin.months + ahead < months {
                let value = origin.scale.forward(values[origin.months + ahead])
                let error = abs(value - projection.mean[ahead])
                let width = Calibration.normalHalfWidth * projection.spread[ahead]
                scores.append(width > 0 ? error / width : (error > 0 ? 3 : 0))
            }
        }
        return scores
    }

    private static func earliest(_ months: Int) -> Int {
        switch months {
        case ..<8: 3
        case ..<24: max(4, months / 2)
        case ..<36: max(13, min(24, months - 6))
        default: 24
        }
    }
}

extension Pool {
    /// Whether a member works on the chosen scale.
    var usesScale: Bool {
        members.contains { [.ets, .arima, .seasonalYearOnYear].contains($0) }
    }
}
