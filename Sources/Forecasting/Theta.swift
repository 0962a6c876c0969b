/// The Theta method of Assimakopoulos and Nikolopoulos (2000), as the M4 competition ran it.
enum Theta {
    /// Half the straight line through the adjusted values, half the smoothed line of double curvature.
    static func projection(_ decomposition: Decomposition, horizon: Int) -> Projection {
        let values = decomposition.adjusted
        let count = Double(values.count)
        let middle = (count - 1) / 2
        let mean = Seasonality.mean(values)
        var (product, squares) = (0.0, 0.0)
        for (place, value) in values.enumerated() {
            let time = Double(place) - middle
            product += time * (value - mean)
            squares += time * time
        }
        let slope = product / squares
        let curved = values.enumerated().map { place, value in
            2 * value - (mean + slope * (Double(place) - middle))
        }
        let smoothed = SmoothingFit(curved, SmoothingForm(trend: .none, seasonal: false))
        var projection = smoothed.projection(horizon: horizon)
        for ahead in 0..<horizon {
            let line = mean + slope * (count + Double(ahead) - middle)
            projection.mean[ahead] = 0.5 * (projection.mean[ahead] + line)
            projection.spread[ahead] *= 0.5
        }
        return decomposition.restored(projection)
    }
}
