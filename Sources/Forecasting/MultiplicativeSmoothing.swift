import Foundation

/// An exponential smoothing model with multiplicative errors and seasons and an additive, damped trend: ETS(M,N,N),
/// (M,Ad,N), (M,N,M) or (M,Ad,M) of Hyndman, Koehler, Ord and Snyder (2008), chapter 2.
///
///     μ = (l + φb) s,  e = (y − μ) / μ,  l′ = (l + φb)(1 + αe),  b′ = φb + β(l + φb)e,  s′ = s(1 + γe)
///
/// Where the errors are small it is near the additive model of the logarithms; it differs in the trend, which is
/// straight here and exponential there. Its initial seasons are those of that model, which are solved for exactly.
struct MultiplicativeFit: Sendable {
    /// Its parts.
    let form: SmoothingForm
    /// The point of the search, without the first level and slope: where the next fit of a similar series begins.
    let point: [Double]
    /// Akaike's criterion for small samples, comparable with that of an additive model of the same values.
    let criterion: Double
    private let values: [Double]
    private let weights: SmoothingWeights
    private let variance: Double
    private let end: MultiplicativeStates

    /// Fits it to positive values; nil where no weights keep the level above zero.
    ///
    /// - Parameters:
    ///   - values: the series, all above zero.
    ///   - logarithmic: the fit of the same form to the logarithms.
    ///   - warm: the point of an earlier fit, to begin at with smaller steps.
    init?(_ values: [Double], like logarithmic: SmoothingFit, warm: [Double]? = nil) {
        let form = logarithmic.form
        var problem = MultiplicativeProblem(values, form, first: logarithmic.first)
        var box = form.box
        box.add(-0.7...0.7, step: 0.03)
        if form.trend != .none { box.add(-0.2...0.2, step: 0.005) }
        var start = (warm ?? logarithmic.point) + [0]
        if form.trend != .none { start.append(min(0.2, max(-0.2, logarithmic.first.slope))) }
        box.step = box.step.map { $0 * 0.4 }
        let minimiser = Minimiser(maximumSteps: warm == nil ? 200 : 80)
        guard minimiser.minimise(&problem, from: &start, in: box) < .greatestFiniteMagnitude,
            let run = problem.run(start)
        else { return nil }
        self.form = form
        self.values = values
        let searched = form.box.lower.count
        point = Array(start.prefix(searched))
        weights = SmoothingWeights(point, form)
        end = run.end
        let count = Double(values.count)
        let parameters = Double(searched + form.stateCount)
        variance = run.squaredError / max(1, count - parameters)
        let total = parameters + 1
        criterion =
            count - total - 1 > 0
            ? count * log(max(run.squaredError, 1e-20 * count) / count) + 2 * (run.logarithm + problem.logarithms)
                + 2 * total + 2 * total * (total + 1) / (count - total - 1)
            : .infinity
    }

    /// Whether it was fitted to exactly these values.
    func isOf(_ values: [Double]) -> Bool { self.values == values }

    /// The coming months on the scale of logarithms; the relative errors are the errors there, to first order.
    func projection(horizon: Int) -> Projection {
        var mean: [Double] = []
        var spread: [Double] = []
        var share = 1.0
        var shares = 0.0
        var growth = 1.0
        let least = end.level * 1e-3
        for ahead in 1...horizon {
            spread.append((variance * growth).squareRoot())
            share *= weights.damping
            shares += share
            let level = max(least, end.level + shares * end.slope)
            mean.append(log(level * (form.seasonal ? end.seasons[(ahead - 1) % seasonLength] : 1)))
            var effect = weights.level + weights.slope * shares
            if form.seasonal, ahead % seasonLength == 0 { effect += weights.season }
            growth += effect * effect
        }
        return Projection(mean: mean, spread: spread)
    }
}

/// The states of a multiplicative model.
struct MultiplicativeStates: Sendable {
    var level: Double
    var slope: Double
    /// In the order of the coming months.
    var seasons: [Double]
}

/// The likelihood of a multiplicative model as a function of its weights, its first level and its first slope.
struct MultiplicativeProblem: Objective {
    private let values: [Double]
    private let form: SmoothingForm
    private let first: MultiplicativeStates
    /// The sum of the logarithms of the values.
    let logarithms: Double

    init(_ values: [Double], _ form: SmoothingForm, first: (level: Double, slope: Double, seasons: [Double])) {
        self.values = values
        self.form = form
        self.first = MultiplicativeStates(
            level: exp(first.level),
            slope: 0,
            seasons: first.seasons.map { exp($0) }
        )
        var sum = 0.0
        for value in values { sum += log(value) }
        logarithms = sum
    }

    /// The concentrated likelihood, as a mean squared error: Σe² · (Π μ/y)^(2/n).
    func value(at point: [Double]) -> Double {
        guard let run = run(point) else { return .infinity }
        return run.squaredError * exp(2 * run.logarithm / Double(values.count))
    }

    /// One run over the values: the squared relative errors, Σ log(μ/y), and the states at the end; nil if the expected
    /// value leaves the positive numbers.
    func run(_ point: [Double]) -> (squaredError: Double, logarithm: Double, end: MultiplicativeStates)? {
        let weights = SmoothingWeights(point, form)
        let searched = form.box.lower.count
        var level = first.level * exp(point[searched])
        var slope = form.trend == .none ? 0 : level * point[searched + 1]
        var seasons = first.seasons
        var (squaredError, product, logarithm) = (0.0, 1.0, 0.0)
        var season = 0
        for value in values {
            let base = level + weights.damping * slope
            let expected = base * seasons[season]
            guard base > 0, expected > 0 else { return nil }
            let error = (value - expected) / expected
            level = base * (1 + weights.level * error)
            slope = weights.damping * slope + weights.slope * base * error
            if form.seasonal { seasons[season] *= 1 + weights.season * error }
            season = season + 1 == seasonLength ? 0 : season + 1
            squaredError += error * error
            product *= expected / value
            if product > 1e100 || product < 1e-100 {
                logarithm += log(product)
                product = 1
            }
        }
        guard level > 0, squaredError.isFinite else { return nil }
        let coming = (0..<seasonLength).map { seasons[(season + $0) % seasonLength] }
        let end = MultiplicativeStates(level: level, slope: slope, seasons: coming)
        return (squaredError, logarithm + log(product), end)
    }
}
