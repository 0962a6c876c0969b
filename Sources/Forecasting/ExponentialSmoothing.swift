import Foundation

/// The exponential smoothing model that was chosen for a series.
enum ExponentialSmoothing: Sendable {
    /// Additive on the scale it was fitted on, values or logarithms.
    case additive(SmoothingFit)
    /// With multiplicative errors, fitted to the values beside the logarithms' model of the same form.
    case multiplicative(MultiplicativeFit, like: SmoothingFit)

    /// The same model of these values; other values than before are fitted from where the search ended.
    ///
    /// Falls back on the additive model of the scale where no multiplicative one can be had.
    func fitted(to values: [Double], on scale: Scale) -> ExponentialSmoothing {
        switch self {
        case .additive(let fit):
            let scaled = scale.forward(values)
            return fit.isOf(scaled) ? self : .additive(SmoothingFit(scaled, fit.form, warm: fit.point))
        case .multiplicative(let fit, let logarithmic):
            if fit.isOf(values) { return self }
            let near = SmoothingFit(Scale.logarithm.forward(values), logarithmic.form, warm: logarithmic.point)
            if let again = MultiplicativeFit(values, like: near, warm: fit.point) {
                return .multiplicative(again, like: near)
            }
            return .additive(SmoothingFit(scale.forward(values), near.form))
        }
    }

    /// The coming months on a scale.
    func projection(horizon: Int, on scale: Scale) -> Projection {
        switch self {
        case .additive(let fit): return fit.projection(horizon: horizon)
        case .multiplicative(let fit, _):
            var projection = fit.projection(horizon: horizon)
            guard scale == .identity else { return projection }
            for ahead in projection.mean.indices {
                let mean = exp(projection.mean[ahead])
                projection.mean[ahead] = mean
                projection.spread[ahead] *= mean
            }
            return projection
        }
    }
}
