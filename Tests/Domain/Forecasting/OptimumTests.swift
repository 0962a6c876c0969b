import Foundation
import Testing

@testable import Forecasting

/// A search over a grid, with states solved for by plain least squares: slow and without any cleverness.
@Suite struct OptimumTests {
    private func squaredError(_ values: [Double], alpha: Double, beta: Double, phi: Double, hasSlope: Bool) -> Double {
        // The errors are linear in the first level and slope: one run for each gives the normal equations.
        func run(_ values: [Double], _ level: Double, _ slope: Double) -> [Double] {
            var (level, slope) = (level, slope)
            return values.map { value in
                let error = value - level - phi * slope
                level += phi * slope + alpha * error
                slope = phi * slope + beta * error
                return error
            }
        }
        let zero = Array(repeating: 0.0, count: values.count)
        let rest = run(values, 0, 0)
        let ofLevel = run(zero, 1, 0)
        let ofSlope = run(zero, 0, 1)
        func dot(_ one: [Double], _ two: [Double]) -> Double { zip(one, two).reduce(0) { $0 + $1.0 * $1.1 } }
        let (ll, ls, ss) = (dot(ofLevel, ofLevel), dot(ofLevel, ofSlope), dot(ofSlope, ofSlope))
        let (rl, rs) = (dot(rest, ofLevel), dot(rest, ofSlope))
        guard hasSlope else { return dot(rest, rest) - rl * rl / ll }
        let determinant = ll * ss - ls * ls
        let level = -(rl * ss - rs * ls) / determinant
        let slope = -(rs * ll - rl * ls) / determinant
        let errors = run(values, level, slope)
        return dot(errors, errors)
    }

    private func grid(_ values: [Double], _ trend: SmoothingForm.Trend) -> Double {
        var least = Double.infinity
        let shares = stride(from: 0.0, through: 1, by: 0.04).map { min(0.9999, max(1e-4, $0)) }
        for alpha in shares {
            if trend == .none {
                least = min(least, squaredError(values, alpha: alpha, beta: 0, phi: 1, hasSlope: false))
                continue
            }
            for share in shares {
                for phi in trend == .linear ? [1.0] : [0.8, 0.85, 0.9, 0.95, 0.98] {
                    let beta = max(1e-4 * alpha, share * alpha)
                    least = min(least, squaredError(values, alpha: alpha, beta: beta, phi: phi, hasSlope: true))
                }
            }
        }
        return least
    }

    @Test(arguments: 1...6)
    func `no point of a grid beats the search by half a percent`(seed: Int) {
        var source = SyntheticSeries(seed: UInt64(700 + seed))
        let level = source.level(months: 36 + 12 * seed, start: 100, share: 0.15 * Double(seed), deviation: 5)
        let values = level.enumerated().map { place, value in
            value + (seed.isMultiple(of: 2) ? 1.2 * Double(place) : 30 * sin(Double(place) / 9))
        }
        for trend in [SmoothingForm.Trend.none, .linear, .damped] {
            let fit = SmoothingFit(values, SmoothingForm(trend: trend, seasonal: false))
            #expect(fit.squaredError <= 1.005 * grid(values, trend), "\(trend)")
        }
    }

    @Test func `the notes of a published method hold its weights and its error`() throws {
        var source = SyntheticSeries(seed: 733)
        let values = source.level(months: 30, start: 100, share: 0.4, deviation: 5)
        let fit = SmoothingFit(values, SmoothingForm(trend: .damped, seasonal: false))
        let notes = try SeriesForecast.run(series(values), options: ForecastOptions(method: .damped)).notes
        let note = try #require(notes.first { $0.hasPrefix("alpha ") })
        #expect(note.contains("beta") && note.contains("phi"))
        let told = try #require(note.split(separator: " ").last.flatMap { Double($0) })
        #expect(abs(told - fit.squaredError) < 1e-6 * fit.squaredError)
        let combined = try SeriesForecast.run(series(values), options: ForecastOptions(method: .comb)).notes
        #expect(!combined.contains { $0.hasPrefix("alpha ") })
    }
}
