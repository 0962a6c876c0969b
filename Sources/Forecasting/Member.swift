/// A model that a forecast can consist of; its name is the one that is shown.
enum Member: String, CaseIterable, Sendable {
    case naive
    case snaive
    case drift
    case ses
    case holt
    case damped
    case ets
    case theta
    case dynamicTheta = "dtheta"
    case arima
    case seasonalYearOnYear = "snaive_yoy"
}

/// Fits members to one series, again and again as it grows.
///
/// The forms of the ETS and ARIMA models and the scale are chosen on request; later fits keep them and begin at the
/// parameters found before, which is what makes a back-test of many origins affordable.
struct Fitter {
    /// The fewest months in which a seasonal ETS model is sought: two years and four months.
    static let seasonalMinimum = 2 * seasonLength + 4

    /// The scale of the members of a combination; the published methods of smoothing and drift stay on the values.
    private(set) var scale = Scale.identity
    /// Whether published methods stand alone; then the Theta methods work on the values as they are.
    private let isSingle: Bool
    private var chosen: ExponentialSmoothing?
    private var starts: [Scale: [SmoothingForm: [Double]]] = [:]
    private var arima: ArimaFit?
    /// The last fit of a method of the M4 competition.
    private(set) var competition: SmoothingFit?

    init(isSingle: Bool) {
        self.isSingle = isSingle
    }

    /// Chooses the scale, and with it the ETS model, from these values alone.
    ///
    /// Both scales are fitted; the likelihoods compare when the logarithms' one is brought back to the values: the sum
    /// of the logarithms is the Jacobian. A model with multiplicative errors is taken if it is likelier than both; it
    /// does not decide on the scale of the others.
    mutating func chooseScale(_ values: [Double]) {
        scale = .identity
        chosen = nil
        arima = nil
        let isPositive = values.allSatisfy { $0 > 0 }
        let logarithms = isPositive ? Scale.logarithm.forward(values) : []
        guard values.count >= Self.seasonalMinimum else {
            if isPositive, Seasonality.isEvident(logarithms) { scale = .logarithm }
            return
        }
        let plain = bestSmoothing(values, on: .identity)
        chosen = .additive(plain)
        guard isPositive else { return }
        let logarithmic = bestSmoothing(logarithms, on: .logarithm)
        let criterion = logarithmic.criterion + 2 * logarithms.reduce(0, +)
        if criterion < plain.criterion {
            scale = .logarithm
            chosen = .additive(logarithmic)
        }
        // Its likelihood is near that of the logarithms; where that is far behind it need not be tried.
        guard criterion < plain.criterion + 10 else { return }
        if let fit = MultiplicativeFit(values, like: logarithmic), fit.criterion < min(criterion, plain.criterion) {
            chosen = .multiplicative(fit, like: logarithmic)
        }
    }

    /// The coming months as one member sees them, from all that is known at an origin.
    ///
    /// If `fresh`, the orders of an ARIMA model are chosen anew; the form of an ETS model is chosen with the scale.
    mutating func projection(_ member: Member, of values: [Double], horizon: Int, fresh: Bool) -> Projection {
        switch member {
        case .naive: SimpleMethods.naive(scale.forward(values), horizon: horizon)
        case .snaive: SimpleMethods.seasonalNaive(scale.forward(values), horizon: horizon)
        case .drift: SimpleMethods.drift(values, horizon: horizon)
        case .ses: adjusted(values, .none, horizon: horizon)
        case .holt: adjusted(values, .linear, horizon: horizon)
        case .damped: adjusted(values, .damped, horizon: horizon)
        case .ets: ets(values, horizon: horizon)
        case .theta: Theta.projection(thetaDecomposition(values), horizon: horizon)
        case .dynamicTheta: DynamicTheta.projection(thetaDecomposition(values), horizon: horizon)
        case .arima: arima(scale.forward(values), horizon: horizon, fresh: fresh)
        case .seasonalYearOnYear:
            YearOnYear(values, scale: scale)?.projection(horizon: horizon)
                ?? SimpleMethods.seasonalNaive(scale.forward(values), horizon: horizon)
        }
    }

    /// The four forms in the order in which they are tried: every trend is damped.
    private static func forms(_ months: Int) -> [SmoothingForm] {
        let plain = [
            SmoothingForm(trend: .none, seasonal: false), SmoothingForm(trend: .damped, seasonal: false),
        ]
        guard months >= seasonalMinimum else { return plain }
        return plain + plain.map { SmoothingForm(trend: $0.trend, seasonal: true) }
    }

    private mutating func bestSmoothing(_ values: [Double], on scale: Scale) -> SmoothingFit {
        var best: SmoothingFit?
        for form in Self.forms(values.count) {
            let fit = SmoothingFit(values, form, warm: starts[scale]?[form])
            starts[scale, default: [:]][form] = fit.point
            if fit.criterion < best?.criterion ?? .infinity { best = fit }
        }
        return best ?? SmoothingFit(values, SmoothingForm(trend: .none, seasonal: false))
    }

    /// The method of the M4 competition: smoothing of the seasonally adjusted values.
    private mutating func adjusted(_ values: [Double], _ trend: SmoothingForm.Trend, horizon: Int) -> Projection {
        let decomposition = decomposition(values)
        let fit = SmoothingFit(decomposition.adjusted, SmoothingForm(trend: trend, seasonal: false))
        competition = fit
        return decomposition.restored(fit.projection(horizon: horizon))
    }

    private func decomposition(_ values: [Double]) -> Decomposition {
        Decomposition.ifEvident(values, multiplicative: values.allSatisfy { $0 > 0 })
    }

    private mutating func ets(_ values: [Double], horizon: Int) -> Projection {
        guard values.count >= Self.seasonalMinimum else {
            // Too short for seasonal states: a season that shows is taken out before.
            let decomposition = Decomposition.ifEvident(scale.forward(values), multiplicative: false)
            return decomposition.restored(bestSmoothing(decomposition.adjusted, on: scale).projection(horizon: horizon))
        }
        let fit = chosen?.fitted(to: values, on: scale) ?? .additive(bestSmoothing(scale.forward(values), on: scale))
        chosen = fit
        return fit.projection(horizon: horizon, on: scale)
    }

    /// What the Theta methods work on: adjusted values, or their logarithms if that is the scale.
    private func thetaDecomposition(_ values: [Double]) -> Decomposition {
        guard !isSingle, scale == .logarithm else { return decomposition(values) }
        return Decomposition.ifEvident(scale.forward(values), multiplicative: false)
    }

    private mutating func arima(_ values: [Double], horizon: Int, fresh: Bool) -> Projection {
        if !fresh, let arima, let fit = ArimaFit(values, arima.order, warm: arima.point) {
            self.arima = fit
        } else {
            arima = ArimaFit.chosen(values)
        }
        return arima?.projection(after: values, horizon: horizon) ?? SimpleMethods.drift(values, horizon: horizon)
    }
}
