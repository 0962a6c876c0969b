import Foundation

/// A seasonal ARIMA model of small orders, fitted by conditional least squares.
struct ArimaFit: Sendable {
    /// Its orders.
    let order: ArimaOrder
    /// The point of the search: where the next fit of a similar series begins.
    let point: [Double]
    /// Akaike's criterion for small samples; comparable between models with equal differences.
    let criterion: Double
    private let problem: ArimaProblem
    private let variance: Double

    /// Fits one model; nil if the values are too few for it.
    init?(_ values: [Double], _ order: ArimaOrder, warm: [Double]? = nil) {
        var problem = ArimaProblem(values, order)
        let count = problem.values.count
        let used = count - order.warmUp
        guard used >= order.count + (order.count == 0 ? 2 : 4) else { return nil }
        var start: [Double] = []
        var box = problem.box(from: &start)
        var minimiser = Minimiser(maximumSteps: 120)
        if let warm, warm.count == start.count {
            start = warm
            box.step = box.step.map { $0 * 0.4 }
            minimiser.maximumSteps = 60
        }
        _ = minimiser.minimise(&problem, from: &start, in: box)
        let squaredError = problem.value(at: start)
        var squares = 0.0
        for value in values { squares += value * value }
        let parameters = Double(order.count + 1)
        let size = Double(count)
        self.order = order
        point = start
        self.problem = problem
        variance = squaredError / Double(max(1, used - order.count))
        criterion =
            size * log(max(squaredError, squares * 1e-20, 1e-300) / Double(used)) + 2 * parameters
            + 2 * parameters * (parameters + 1) / max(1, size - parameters - 1)
    }

    /// Chooses orders stepwise by the criterion, after the differences by tests; nil if no model fits.
    ///
    /// A seasonal difference where the season explains more than 0.64 of the detrended variance, a first one where the
    /// KPSS test at 5 % does not believe in a level; then the search of Hyndman and Khandakar (2008).
    static func chosen(_ values: [Double]) -> ArimaFit? {
        let isSeasonal = values.count >= 2 * seasonLength + 10
        let seasonalD = isSeasonal && Seasonality.strength(values) > 0.64 ? 1 : 0
        let differenced = seasonalD > 0 ? Seasonality.differences(values, lag: seasonLength) : values
        let d = differenced.count > 5 && kpss(differenced) > 0.463 ? 1 : 0
        let plain = ArimaOrder(d: d, seasonalD: seasonalD)
        let constant = d + seasonalD <= 1
        let terms = values.count >= 20 ? 2 : 1
        let season = isSeasonal ? 1 : 0
        var starts = [plain, plain, plain, plain, plain]
        starts[0] = ArimaOrder(
            p: terms,
            d: d,
            q: terms,
            seasonalP: season,
            seasonalD: seasonalD,
            seasonalQ: season,
            constant: constant
        )
        starts[1].constant = constant
        starts[2] = ArimaOrder(p: 1, d: d, seasonalP: season, seasonalD: seasonalD, constant: constant)
        starts[3] = ArimaOrder(d: d, q: 1, seasonalD: seasonalD, seasonalQ: season, constant: constant)
        starts[4] = ArimaOrder(d: d, q: 1, seasonalD: seasonalD, seasonalQ: season)
        var seen: Set<ArimaOrder> = []
        var best: ArimaFit?
        func isBetter(_ order: ArimaOrder) -> Bool {
            guard order.isSmall(months: values.count), seen.insert(order).inserted else { return false }
            guard let fit = ArimaFit(values, order), fit.criterion < best?.criterion ?? .infinity else { return false }
            best = fit
            return true
        }
        for order in starts { _ = isBetter(order) }
        while let found = best, found.order.neighbours.contains(where: isBetter) {}
        return best
    }

    /// The test statistic of Kwiatkowski, Phillips, Schmidt and Shin for a level.
    static func kpss(_ values: [Double]) -> Double {
        let count = values.count
        let mean = Seasonality.mean(values)
        let lags = Int((4 * pow(Double(count) / 100, 0.25)).rounded(.down))
        var (sum, squares, variance) = (0.0, 0.0, 0.0)
        for value in values {
            sum += value - mean
            squares += sum * sum
            variance += (value - mean) * (value - mean)
        }
        for lag in 1..<max(1, lags + 1) {
            var product = 0.0
            for place in lag..<max(lag, count) { product += (values[place] - mean) * (values[place - lag] - mean) }
            variance += 2 * (1 - Double(lag) / Double(lags + 1)) * product
        }
        return variance > 0 ? squares / (variance * Double(count)) : 0
    }

    /// The months after `values`, which are those of the fit.
    func projection(after values: [Double], horizon: Int) -> Projection {
        var path = problem.values
        let count = path.count
        for ahead in 0..<horizon {
            var value = problem.mean
            for term in problem.autoregressive {
                value += term.weight * (path[count + ahead - term.lag] - problem.mean)
            }
            for term in problem.movingAverage where ahead < term.lag && count + ahead >= term.lag {
                value += term.weight * problem.errors[count + ahead - term.lag]
            }
            path.append(value)
        }
        var mean = Array(path[count...])
        if order.d > 0 {
            let yearly = order.seasonalD > 0 ? Seasonality.differences(values, lag: seasonLength) : values
            var last = yearly[yearly.count - 1]
            for ahead in mean.indices {
                last += mean[ahead]
                mean[ahead] = last
            }
        }
        if order.seasonalD > 0 {
            for ahead in mean.indices {
                mean[ahead] +=
                    ahead < seasonLength ? values[values.count - seasonLength + ahead] : mean[ahead - seasonLength]
            }
        }
        return Projection(mean: mean, spread: spread(horizon: horizon))
    }

    /// Standard errors from the weights of past shocks, differences included.
    private func spread(horizon: Int) -> [Double] {
        var past = Array(repeating: 0.0, count: horizon + 1)
        past[0] = 1
        for term in problem.autoregressive where term.lag <= horizon { past[term.lag] -= term.weight }
        for (times, lag) in [(order.d, 1), (order.seasonalD, seasonLength)] where times > 0 {
            for place in stride(from: horizon, through: lag, by: -1) { past[place] -= past[place - lag] }
        }
        var shocks = Array(repeating: 0.0, count: horizon + 1)
        shocks[0] = 1
        for term in problem.movingAverage where term.lag <= horizon { shocks[term.lag] += term.weight }
        for ahead in 1..<max(1, horizon) {
            for before in 1...ahead { shocks[ahead] -= past[before] * shocks[ahead - before] }
        }
        var sum = 0.0
        return (0..<horizon).map { ahead in
            sum += shocks[ahead] * shocks[ahead]
            return (variance * sum).squareRoot()
        }
    }
}
