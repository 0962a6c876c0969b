/// The dynamic optimised Theta model of Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), "Models for
/// optimising the theta method and their relationship to state space models", International Journal of Forecasting 32.
///
/// With the straight line Aₜ + Bₜ·t through the first t values,
///
///     μ(t+1) = l(t) + (1 − 1/θ) · ((1 − α)ᵗ A(t) + (1 − (1 − α)ᵗ⁺¹) / α · B(t)),   l(t) = α y(t) + (1 − α) l(t−1).
///
/// For a given α the one-step errors are linear in the first level l(0) and in 1 − 1/θ, so these two are solved for
/// exactly and α alone is searched.
enum DynamicTheta {
    /// The box of α: below, the line would be all there is of the forecast.
    private static let box: SearchBox = {
        var box = SearchBox()
        box.add(0.01...0.99, step: 0.25)
        return box
    }()

    /// The coming months of the adjusted values, with their season again.
    static func projection(_ decomposition: Decomposition, horizon: Int) -> Projection {
        let values = decomposition.adjusted
        var problem = DynamicThetaProblem(values)
        var best = [0.2]
        var least = Double.infinity
        for start in [0.2, 0.7] {
            var point = [start]
            let found = Minimiser().minimise(&problem, from: &point, in: box)
            if found < least {
                least = found
                best = point
            }
        }
        _ = problem.value(at: best)
        let variance = problem.squaredError / Double(max(1, values.count - 4))
        let state = problem.state
        let mean = state.path(horizon)
        // What a shock of one in the next month moves in the months after it.
        let shocked = state.path(horizon, shock: 1)
        var sum = 1.0
        var spread: [Double] = []
        for ahead in mean.indices {
            if ahead > 0 { sum += (shocked[ahead] - mean[ahead]) * (shocked[ahead] - mean[ahead]) }
            spread.append((variance * sum).squareRoot())
        }
        return decomposition.restored(Projection(mean: mean, spread: spread))
    }
}

/// What the dynamic Theta model knows after some months.
struct DynamicThetaState: Sendable {
    /// Alpha, how much of a new value the level takes.
    let weight: Double
    /// 1 − 1/θ, the share of the line.
    var share = 0.0
    /// The level.
    var level: Double
    private var count = 0.0
    private var mean = 0.0
    private var slope = 0.0
    private var decay = 1.0

    init(weight: Double, level: Double) {
        self.weight = weight
        self.level = level
    }

    /// What the line adds to the level, before its share is taken.
    var line: Double {
        let intercept = mean - (count + 1) / 2 * slope
        return decay * intercept + (1 - decay * (1 - weight)) / weight * slope
    }

    /// Takes one more value.
    mutating func add(_ value: Double) {
        count += 1
        if count > 1 {
            slope = ((count - 2) * slope + 6 * (value - mean) / count) / (count + 1)
        }
        mean += (value - mean) / count
        decay *= 1 - weight
        level = weight * value + (1 - weight) * level
    }

    /// The expected values of the coming months, each taken as what happened before the next; `shock` is added to the
    /// first.
    func path(_ horizon: Int, shock: Double = 0) -> [Double] {
        var state = self
        return (0..<horizon).map { ahead in
            let expected = state.level + state.share * state.line
            state.add(ahead == 0 ? expected + shock : expected)
            return expected
        }
    }
}

/// The squared one-step errors of the dynamic Theta model from the second value on, as a function of α.
struct DynamicThetaProblem: Objective {
    private let values: [Double]
    /// The state after the last value at the point that was asked for last.
    private(set) var state: DynamicThetaState
    /// The squared error there.
    private(set) var squaredError = 0.0
    /// The level before the first value there.
    private(set) var first = 0.0

    init(_ values: [Double]) {
        self.values = values
        state = DynamicThetaState(weight: 0.5, level: 0)
    }

    mutating func value(at point: [Double]) -> Double {
        let weight = point[0]
        // Errors of a first level of zero without the line, and what a first level of one and the whole line change.
        var run = DynamicThetaState(weight: weight, level: values[0])
        var response = 1.0
        var (ll, lg, gg, el, eg, ee) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for (place, value) in values.enumerated() {
            if place > 0 {
                let error = value - run.level
                let line = run.line
                ll += response * response
                lg += response * line
                gg += line * line
                el += error * response
                eg += error * line
                ee += error * error
            }
            run.add(value)
            response *= 1 - weight
        }
        let (shift, share) = Self.solve(ll, lg, gg, el, eg)
        squaredError = max(
            0,
            ee - 2 * shift * el - 2 * share * eg + shift * shift * ll + 2 * shift * share * lg + share * share * gg
        )
        first = values[0] + shift
        run.level += shift * response
        run.share = share
        state = run
        return squaredError
    }

    /// The least squares of the first level's shift and the line's share, which lies in 0...1 since θ ≥ 1.
    private static func solve(
        _ ll: Double,
        _ lg: Double,
        _ gg: Double,
        _ el: Double,
        _ eg: Double
    ) -> (shift: Double, share: Double) {
        guard ll > 0 else { return (0, gg > 0 ? min(1, max(0, eg / gg)) : 0) }
        let rest = gg - lg * lg / ll
        let share = rest > 1e-12 * gg ? min(1, max(0, (eg - lg * el / ll) / rest)) : 0
        return ((el - share * lg) / ll, share)
    }
}
