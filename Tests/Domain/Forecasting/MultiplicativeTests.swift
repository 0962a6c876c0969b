import Foundation
import Testing

@testable import Forecasting

@Suite struct MultiplicativeTests {
    /// A straight trend times a season, with relative errors.
    private func values(seed: UInt64, months: Int) -> [Double] {
        var source = SyntheticSeries(seed: seed)
        return (0..<months).map { month in
            let season = exp(0.4 * sin(2 * .pi * Double(month % 12) / 12))
            return (100 + 6 * Double(month)) * season * (1 + 0.02 * source.normal())
        }
    }

    private func logarithmic(_ values: [Double]) -> SmoothingFit {
        SmoothingFit(Scale.logarithm.forward(values), SmoothingForm(trend: .damped, seasonal: true))
    }

    @Test func `a trend times a season is likelier than their sum, about as likely as logarithms`() throws {
        let values = values(seed: 61, months: 84)
        let near = logarithmic(values)
        let fit = try #require(MultiplicativeFit(values, like: near))
        let jacobian = 2 * Scale.logarithm.forward(values).reduce(0, +)
        #expect(abs(fit.criterion - near.criterion - jacobian) < 12)
        for form in [SmoothingForm(trend: .damped, seasonal: true), SmoothingForm(trend: .none, seasonal: true)] {
            #expect(fit.criterion < SmoothingFit(values, form).criterion - 50)
        }
        // The relative error is that of its make.
        #expect(abs(fit.projection(horizon: 1).spread[0] - 0.02) < 0.006)
    }

    @Test func `the run is the model's own recursion`() throws {
        let values = values(seed: 67, months: 40)
        let near = logarithmic(values)
        let problem = MultiplicativeProblem(values, near.form, first: near.first)
        let point = [0.3, 0.2, 0.9, 0.4, 0.05, 0.01]
        let run = try #require(problem.run(point))
        let (alpha, beta, phi, gamma) = (0.3, 0.3 * 0.2, 0.9, 0.7 * 0.4)
        var level = exp(near.first.level + 0.05)
        var slope = 0.01 * level
        var seasons = near.first.seasons.map { exp($0) }
        var (squares, logarithm) = (0.0, 0.0)
        for (month, value) in values.enumerated() {
            let season = seasons[month % 12]
            let expected = (level + phi * slope) * season
            let error = value / expected - 1
            let base = level + phi * slope
            level = base * (1 + alpha * error)
            slope = phi * slope + beta * base * error
            seasons[month % 12] = season * (1 + gamma * error)
            squares += error * error
            logarithm += log(expected / value)
        }
        #expect(abs(run.squaredError - squares) < 1e-9 * squares)
        #expect(abs(run.logarithm - logarithm) < 1e-9)
        #expect(abs(run.end.level - level) < 1e-9 * level)
        #expect(abs(run.end.slope - slope) < 1e-9 * level)
        #expect(abs(run.end.seasons[0] - seasons[40 % 12]) < 1e-9)
    }

    @Test func `the chosen model is fitted again from where it ended`() throws {
        let values = values(seed: 71, months: 96)
        let known = Array(values.prefix(84))
        var fitter = Fitter(isSingle: true)
        fitter.chooseScale(known)
        let first = fitter.projection(.ets, of: known, horizon: 12, fresh: true)
        let warm = fitter.projection(.ets, of: values, horizon: 12, fresh: false)
        var other = Fitter(isSingle: true)
        other.chooseScale(values)
        let cold = other.projection(.ets, of: values, horizon: 12, fresh: true)
        #expect(first != warm)
        for (one, two) in zip(fitter.scale.backward(warm.mean), other.scale.backward(cold.mean)) {
            #expect(abs(one / two - 1) < 0.03)
        }
        for (ahead, mean) in fitter.scale.backward(first.mean).enumerated() {
            #expect(abs(mean / values[84 + ahead] - 1) < 0.12)
        }
    }

    @Test func `no level below zero is followed`() {
        let falling = (0..<40).map { month in 400 - 10 * Double(month) + 0.5 }
        let near = SmoothingFit(Scale.logarithm.forward(falling), SmoothingForm(trend: .damped, seasonal: false))
        let fit = MultiplicativeFit(falling, like: near)
        for mean in fit?.projection(horizon: 60).mean ?? [] { #expect(mean.isFinite) }
    }
}
