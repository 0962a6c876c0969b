import Foundation

/// Which parts an exponential smoothing model has; its error is additive on the scale it is fitted on.
struct SmoothingForm: Hashable, Sendable {
    /// How the slope goes on.
    enum Trend: Hashable, Sendable {
        case none
        case linear
        case damped
    }

    /// The slope.
    var trend: Trend
    /// Whether twelve seasonal states are kept.
    var seasonal: Bool

    /// Initial states that are estimated; the seasonal ones sum to zero.
    var stateCount: Int { 1 + (trend == .none ? 0 : 1) + (seasonal ? seasonLength - 1 : 0) }

    /// The box of the weights: alpha, beta as a share of alpha, phi, gamma as a share of 1 - alpha.
    var box: SearchBox {
        var box = SearchBox()
        box.add(1e-4...0.9999, step: 0.2)
        if trend != .none { box.add(1e-4...1, step: 0.2) }
        if trend == .damped { box.add(0.8...0.98, step: -0.05) }
        if seasonal { box.add(1e-4...1, step: 0.2) }
        return box
    }

    /// Where the search begins: slow weights, and quick ones.
    var starts: [[Double]] {
        var slow = [0.3]
        var quick = [0.8]
        if trend != .none {
            slow.append(0.1)
            quick.append(0.05)
        }
        if trend == .damped {
            slow.append(0.95)
            quick.append(0.9)
        }
        if seasonal {
            slow.append(0.1)
            quick.append(0.3)
        }
        return [slow, quick]
    }
}

/// The weights of one model, decoded from a point of the search.
struct SmoothingWeights: Hashable, Sendable {
    /// Alpha, how much of an error the level takes.
    var level: Double
    /// Beta, how much of it the slope takes.
    var slope = 0.0
    /// Gamma, how much of it the season takes.
    var season = 0.0
    /// Phi, what is left of the slope a month later.
    var damping = 1.0

    init(_ point: [Double], _ form: SmoothingForm) {
        level = point[0]
        var next = 1
        if form.trend != .none {
            slope = level * point[next]
            next += 1
        }
        if form.trend == .damped {
            damping = point[next]
            next += 1
        }
        if form.seasonal { season = (1 - level) * point[next] }
    }
}

/// An exponential smoothing model fitted to a series.
struct SmoothingFit: Sendable {
    /// Its parts.
    let form: SmoothingForm
    /// The point of the search: where the next fit of a similar series begins.
    let point: [Double]
    /// The sum of the squared one-step errors.
    let squaredError: Double
    /// Akaike's criterion for small samples; infinite where the sample is too small for it.
    let criterion: Double
    private let values: [Double]
    /// Its weights.
    let weights: SmoothingWeights
    private let variance: Double
    private let level: Double
    private let slope: Double
    /// The seasonal states in the order of the coming months.
    private let seasons: [Double]
    /// The states before the first value, the seasons in the order of the first months.
    let first: (level: Double, slope: Double, seasons: [Double])

    /// Fits one form: the weights by a bounded search, the initial states exactly for each of its points.
    ///
    /// - Parameters:
    ///   - values: the series on its scale, the oldest first.
    ///   - form: the parts of the model; a seasonal one needs more than twelve values.
    ///   - warm: the point of an earlier fit to begin at, with smaller steps, instead of two cold starts.
    init(_ values: [Double], _ form: SmoothingForm, warm: [Double]? = nil) {
        var problem = SmoothingProblem(values, form)
        var box = form.box
        var starts = form.starts
        var minimiser = Minimiser()
        if let warm {
            starts = [warm]
            box.step = box.step.map { $0 * 0.4 }
            minimiser.maximumSteps = 60
        }
        var point = starts[0]
        var least = Double.infinity
        for start in starts {
            var candidate = start
            let found = minimiser.minimise(&problem, from: &candidate, in: box)
            if found < least {
                least = found
                point = candidate
            }
        }
        let end = problem.end(at: point)
        self.form = form
        self.point = point
        self.values = values
        weights = SmoothingWeights(point, form)
        squaredError = end.squaredError
        level = end.level
        slope = end.slope
        seasons = end.seasons
        first = problem.first
        let count = Double(values.count)
        let parameters = Double(point.count + form.stateCount)
        variance = squaredError / max(1, count - parameters)
        let total = parameters + 1
        criterion =
            count - total - 1 > 0
            ? count * log(max(squaredError, problem.smallestError) / count) + 2 * total
                + 2 * total * (total + 1) / (count - total - 1)
            : .infinity
    }

    /// Whether it was fitted to exactly these values.
    func isOf(_ values: [Double]) -> Bool { self.values == values }

    /// The coming months, with the variance of the state-space model.
    func projection(horizon: Int) -> Projection {
        var mean: [Double] = []
        var spread: [Double] = []
        var share = 1.0
        var shares = 0.0
        var growth = 1.0
        for ahead in 1...horizon {
            spread.append((variance * growth).squareRoot())
            share *= weights.damping
            shares += share
            mean.append(level + shares * slope + (form.seasonal ? seasons[(ahead - 1) % seasonLength] : 0))
            var effect = weights.level + weights.slope * shares
            if form.seasonal, ahead % seasonLength == 0 { effect += weights.season }
            growth += effect * effect
        }
        return Projection(mean: mean, spread: spread)
    }
}
