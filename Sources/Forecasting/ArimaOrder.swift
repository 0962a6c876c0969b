/// The orders of a seasonal ARIMA model (p, d, q)(P, D, Q) with twelve months a season.
struct ArimaOrder: Hashable, Sendable {
    /// Autoregressive terms.
    var p = 0
    /// Differences.
    var d = 0
    /// Moving-average terms.
    var q = 0
    /// Seasonal autoregressive terms.
    var seasonalP = 0
    /// Seasonal differences.
    var seasonalD = 0
    /// Seasonal moving-average terms.
    var seasonalQ = 0
    /// Whether the differenced values have a mean other than zero.
    var constant = false

    /// Parameters that are searched.
    var count: Int { p + q + seasonalP + seasonalQ + (constant ? 1 : 0) }

    /// Values that the autoregressive part needs before its first error.
    var warmUp: Int { p + seasonLength * seasonalP }

    /// Whether it is among the small models that are tried for so many values.
    func isSmall(months: Int) -> Bool {
        let seasonal = months >= 2 * seasonLength + 10 ? 1 : 0
        let plain = months >= 20 ? 2 : 1
        guard (0...plain).contains(p), (0...plain).contains(q) else { return false }
        guard (0...seasonal).contains(seasonalP), (0...seasonal).contains(seasonalQ) else { return false }
        if months < 40, seasonalP + seasonalQ > 1 { return false }
        return !constant || d + seasonalD <= 1
    }

    /// The models one step away, in the order in which they are tried.
    var neighbours: [ArimaOrder] {
        let steps: [(Int, Int, Int, Int)] = [
            (1, 0, 0, 0), (-1, 0, 0, 0), (0, 1, 0, 0), (0, -1, 0, 0), (1, 1, 0, 0), (-1, -1, 0, 0), (0, 0, 1, 0),
            (0, 0, -1, 0), (0, 0, 0, 1), (0, 0, 0, -1),
        ]
        var result: [ArimaOrder] = steps.map { step in
            var order = self
            order.p += step.0
            order.q += step.1
            order.seasonalP += step.2
            order.seasonalQ += step.3
            return order
        }
        var other = self
        other.constant.toggle()
        result.append(other)
        return result
    }
}

/// The sum of squared errors of an ARIMA model, conditional on errors of zero before its first.
struct ArimaProblem: Objective {
    private let order: ArimaOrder
    /// The differenced values.
    let values: [Double]
    /// The errors of the point that was asked for last.
    private(set) var errors: [Double]
    private var centred: [Double]
    private(set) var mean = 0.0
    private(set) var autoregressive: [(lag: Int, weight: Double)]
    private(set) var movingAverage: [(lag: Int, weight: Double)]
    private var partial: [Double] = [0, 0]

    init(_ values: [Double], _ order: ArimaOrder) {
        var differenced = values
        if order.seasonalD > 0 { differenced = Seasonality.differences(differenced, lag: seasonLength) }
        if order.d > 0 { differenced = Seasonality.differences(differenced, lag: 1) }
        self.values = differenced
        self.order = order
        errors = Array(repeating: 0, count: differenced.count)
        centred = differenced
        autoregressive = Self.lags(order.p, order.seasonalP)
        movingAverage = Self.lags(order.q, order.seasonalQ)
    }

    mutating func value(at point: [Double]) -> Double {
        decode(point)
        let start = order.warmUp
        for place in values.indices { centred[place] = values[place] - mean }
        var sum = 0.0
        for place in start..<max(start, values.count) {
            var error = centred[place]
            for term in autoregressive { error -= term.weight * centred[place - term.lag] }
            for term in movingAverage where place >= term.lag { error -= term.weight * errors[place - term.lag] }
            errors[place] = error
            sum += error * error
        }
        return sum
    }

    /// The box of the search: partial autocorrelations inside the unit interval keep a model stationary and invertible.
    func box(from start: inout [Double]) -> SearchBox {
        var box = SearchBox()
        start = []
        for terms in [order.p, order.q] {
            for term in 0..<terms {
                start.append(term == 0 ? 0.3 : 0.05)
                box.add(-0.97...0.97, step: 0.2)
            }
        }
        if order.seasonalP > 0 {
            start.append(0.2)
            box.add(-0.95...0.95, step: 0.2)
        }
        if order.seasonalQ > 0 {
            start.append(order.seasonalD > 0 ? -0.4 : 0.2)
            box.add(-0.92...0.92, step: 0.2)
        }
        if order.constant {
            let mean = Seasonality.mean(values)
            let deviation = Seasonality.variance(values).squareRoot()
            start.append(mean)
            box.add((mean - 3 * deviation - 1e-12)...(mean + 3 * deviation + 1e-12), step: 0.2 * deviation + 1e-12)
        }
        return box
    }

    private static func lags(_ plain: Int, _ seasonal: Int) -> [(lag: Int, weight: Double)] {
        var result: [(lag: Int, weight: Double)] = []
        for lag in 0..<plain { result.append((lag + 1, 0)) }
        if seasonal > 0 {
            for lag in 0...plain { result.append((seasonLength + lag, 0)) }
        }
        return result
    }

    private mutating func decode(_ point: [Double]) {
        var next = 0
        unfold(point, from: next, terms: order.p)
        for term in 0..<order.p { autoregressive[term].weight = partial[term] }
        next += order.p
        unfold(point, from: next, terms: order.q)
        for term in 0..<order.q { movingAverage[term].weight = -partial[term] }
        next += order.q
        if order.seasonalP > 0 {
            let weight = point[next]
            next += 1
            autoregressive[order.p].weight = weight
            for term in 0..<order.p {
                autoregressive[order.p + 1 + term].weight = -weight * autoregressive[term].weight
            }
        }
        if order.seasonalQ > 0 {
            let weight = point[next]
            next += 1
            movingAverage[order.q].weight = weight
            for term in 0..<order.q { movingAverage[order.q + 1 + term].weight = weight * movingAverage[term].weight }
        }
        mean = order.constant ? point[next] : 0
    }

    /// Durbin and Levinson: up to two partial autocorrelations into weights.
    private mutating func unfold(_ point: [Double], from start: Int, terms: Int) {
        guard terms > 0 else { return }
        partial[0] = point[start]
        guard terms > 1 else { return }
        partial[1] = point[start + 1]
        partial[0] -= partial[1] * point[start]
    }
}
