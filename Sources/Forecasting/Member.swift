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

    /// The scale of the members that know both scales: ets, theta, arima and snaive_yoy.
    private(set) var scale = Scale.identity
    /// Whether published methods stand alone; then theta works on the values as they are.
    private let isSingle: Bool
    private var chosen: SmoothingFit?
    private var starts: [Scale: [SmoothingForm: [Double]]] = [:]
    private var arima: ArimaFit?

    init(isSingle: Bool) {
        self.isSingle = isSingle
    }

    /// Chooses the scale, and with it the ETS model, from these values alone.
    ///
    /// Both scales are fitted; the likelihoods compare when the logarithms' one is brought back to the values: the sum
    /// of the logarithms is the Jacobian.
    mutating func chooseScale(_ values: [Double]) {
        scale = .identity
        chosen = nil
        let isPositive = values.allSatisfy { $0 > 0 }
        let logarithms = isPositive ? Scale.logarithm.forward(values) : []
        guard values.count >= Self.seasonalMinimum else {
            if isPositive, Seasonality.isEvident(logarithms) { scale = .logarithm }
            return
        }
        let plain = bestSmoothing(values, on: .identity)
        chosen = plain
        guard isPositive else { return }
        let logarithmic = bestSmoothing(logarithms, on: .logarithm)
        let jacobian = 2 * logarithms.reduce(0, +)
        guard logarithmic.criterion + jacobian < plain.criterion else { return }
        scale = .logarithm
        chosen = logarithmic
    }

    /// The coming months as one member sees them, from all that is known at an origin.
    ///
    /// If `fresh`, the orders of an ARIMA model are chosen anew; the form of an ETS model is chosen with the scale.
    mutating func projection(_ member: Member, of values: [Double], horizon: Int, fresh: Bool) -> Projection {
        switch member {
        case .naive: SimpleMethods.naive(values, horizon: horizon)
        case .snaive: SimpleMethods.seasonalNaive(values, horizon: horizon)
        case .drift: SimpleMethods.drift(values, horizon: horizon)
        case .ses: adjusted(values, .none, horizon: horizon)
        case .holt: adjusted(values, .linear, horizon: horizon)
        case .damped: adjusted(values, .damped, horizon: horizon)
        case .ets: ets(scale.forward(values), horizon: horizon)
        case .theta: theta(values, horizon: horizon)
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
    private func adjusted(_ values: [Double], _ trend: SmoothingForm.Trend, horizon: Int) -> Projection {
        let decomposition = decomposition(values)
        let fit = SmoothingFit(decomposition.adjusted, SmoothingForm(trend: trend, seasonal: false))
        return decomposition.restored(fit.projection(horizon: horizon))
    }

    private func decomposition(_ values: [Double]) -> Decomposition {
        Decomposition.ifEvident(values, multiplicative: values.allSatisfy { $0 > 0 })
    }

    private mutating func ets(_ values: [Double], horizon: Int) -> Projection {
        guard values.count >= Self.seasonalMinimum else {
            // Too short for seasonal states: a season that shows is taken out before.
            let decomposition = Decomposition.ifEvident(values, multiplicative: false)
            return decomposition.restored(bestSmoothing(decomposition.adjusted, on: scale).projection(horizon: horizon))
        }
        let fit: SmoothingFit
        if let chosen {
            fit = chosen.isOf(values) ? chosen : SmoothingFit(values, chosen.form, warm: chosen.point)
        } else {
            fit = bestSmoothing(values, on: scale)
        }
        chosen = fit
        return fit.projection(horizon: horizon)
    }

    private func theta(_ values: [Double], horizon: Int) -> Projection {
        guard !isSingle, scale == .logarithm else {
            return Theta.projection(decomposition(values), horizon: horizon)
        }
        return Theta.projection(
            Decomposition.ifEvident(scale.forward(values), multiplicative: false),
            horizon: horizon
        )
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
