import Foundation
import Testing

@testable import Forecasting

@Suite struct ModelTests {
    @Test func `initial states are the best there are for their weights`() {
        var source = SyntheticSeries(seed: 31)
        let values = source.seasonal(months: 40)
        for form in [
            SmoothingForm(trend: .none, seasonal: false), SmoothingForm(trend: .damped, seasonal: false),
            SmoothingForm(trend: .none, seasonal: true), SmoothingForm(trend: .linear, seasonal: true),
        ] {
            var problem = SmoothingProblem(values, form)
            let point = form.starts[0]
            let solved = problem.value(at: point)
            // The error on the way with these states is the one that the normal equations promise.
            let end = problem.end(at: point)
            #expect(abs(end.squaredError - solved) <= 1e-6 * solved)
            // A single value counts more than any state can explain: a shifted series is fitted as well.
            var shifted = SmoothingProblem(values.map { $0 + 1e4 }, form)
            #expect(abs(shifted.value(at: point) - solved) <= 1e-5 * solved)
        }
    }

    @Test func `a season that repeats exactly is found exactly`() {
        let values = (0..<48).map { 100 + 10 * sin(2 * .pi * Double($0 % 12) / 12) }
        let fit = SmoothingFit(values, SmoothingForm(trend: .none, seasonal: true))
        for (ahead, value) in fit.projection(horizon: 12).mean.enumerated() {
            #expect(abs(value - values[ahead]) < 0.01)
        }
        #expect(Seasonality.isEvident(values))
        let decomposition = Decomposition(values, multiplicative: true)
        #expect(abs(Seasonality.mean(decomposition.indices) - 1) < 1e-12)
        #expect(decomposition.adjusted.allSatisfy { abs($0 - 100) < 0.1 })
    }

    @Test func `a straight line goes on`() {
        let values = (0..<40).map { 50 + 3 * Double($0) }
        let holt = SmoothingFit(values, SmoothingForm(trend: .linear, seasonal: false)).projection(horizon: 12)
        #expect(abs(holt.mean[11] - (50 + 3 * 51)) < 0.01)
        #expect(SimpleMethods.drift(values, horizon: 12).mean[11] == 50 + 3 * 51)
        // Theta halves the slope of what is left: it goes on more slowly.
        let theta = Theta.projection(Decomposition.ifEvident(values, multiplicative: true), horizon: 12)
        #expect(theta.mean[11] > values[39] && theta.mean[11] < 50 + 3 * 51 + 0.01)
    }

    @Test func `an autoregression is recovered`() throws {
        var source = SyntheticSeries(seed: 37)
        var values = [0.0]
        for _ in 1..<400 { values.append(0.7 * (values[values.count - 1]) + source.normal()) }
        let fit = try #require(ArimaFit(values, ArimaOrder(p: 1)))
        #expect(abs(fit.point[0] - 0.7) < 0.08)
        let far = fit.projection(after: values, horizon: 40)
        #expect(abs(far.mean[39]) < 0.1)
        // The variance goes to 1 / (1 - 0.7²).
        #expect(abs(far.spread[39] - 1.4) < 0.2)
    }

    @Test func `a moving average of the differences is recovered`() throws {
        var source = SyntheticSeries(seed: 41)
        let values = source.level(months: 500, start: 10, share: 0.4, deviation: 1)
        let fit = try #require(ArimaFit(values, ArimaOrder(d: 1, q: 1)))
        // Invertible by its own sign: the share of a shock that stays is one plus the weight.
        let projection = fit.projection(after: values, horizon: 3)
        #expect(abs(projection.spread[2] / projection.spread[0] - (1 + 2 * 0.16).squareRoot()) < 0.06)
    }

    @Test func `a seasonal model of differences repeats the season`() throws {
        var source = SyntheticSeries(seed: 43)
        let values = source.seasonal(months: 72, noise: 0.01).map { log($0) }
        let fit = try #require(ArimaFit.chosen(values))
        #expect(fit.order.seasonalD == 1)
        let mean = fit.projection(after: values, horizon: 12).mean
        for ahead in 0..<12 { #expect(abs(mean[ahead] - values[60 + ahead] - 0.12) < 0.06) }
    }

    @Test func `growth of a year is a ratio where months grow alike and a difference where they do not`() throws {
        let alike = (0..<24).map { Double($0 % 12 + 1) * ($0 < 12 ? 10 : 15) }
        let ratio = try #require(YearOnYear(alike, scale: .identity))
        #expect(abs(ratio.projection(horizon: 1).mean[0] - 22.5) < 1e-9)
        #expect(!ratio.isDistorted)
        let steps = (1...24).map { 100 * Double($0) }
        let difference = try #require(YearOnYear(steps, scale: .identity))
        #expect(abs(difference.projection(horizon: 12).mean[11] - 3600) < 1e-9)
        var bent = alike
        bent[20] *= 6
        #expect(try #require(YearOnYear(bent, scale: .identity)).isDistorted)
        #expect(YearOnYear(Array(alike.prefix(14)), scale: .identity) == nil)
        // Six months are known twice: two thirds of their growth are believed.
        let half = try #require(YearOnYear(Array(alike.prefix(18)), scale: .identity))
        #expect(abs(half.projection(horizon: 1).mean[0] - 70 * pow(1.5, 2.0 / 3)) < 1e-9)
    }

    @Test func `a factor is the conformal quantile drawn towards the pooled one`() {
        #expect(Calibration.factor([], pooled: 1.3) == 1.3)
        let many = (1...1000).map { Double($0) / 1000 }
        #expect(abs(Calibration.factor(many, pooled: 0.8) - 0.8) < 0.01)
        #expect(Calibration.factor(Array(repeating: 0.1, count: 9), pooled: 1.2) < 1.2)
        // Student's distribution with four degrees of freedom.
        #expect(abs(Calibration.quantile(95) - 2.776445) < 1e-6)
        #expect(abs(Calibration.quantile(80) - 1.533206) < 1e-6)
    }

    @Test func `a member far from the others is left out`() {
        let near = Projection(mean: [1, 1], spread: [1, 2])
        let far = Projection(mean: [1, 9], spread: [1, 1])
        let all = Combination.of([near, near, far], at: [0, 1, 2], limit: 3)
        #expect(all == near)
        #expect(Combination.of([near, far], at: [0, 1], limit: 3).mean == [1, 5])
        #expect(Combination.of([far], at: [0], limit: 3).spread == [1, 1])
    }

    @Test func `the search finds the bottom of a bounded valley`() {
        struct Valley: Objective {
            mutating func value(at point: [Double]) -> Double {
                let (x, y) = (point[0], point[1])
                return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x)
            }
        }
        var box = SearchBox()
        box.add(-2...2, step: 0.5)
        box.add(-2...2, step: 0.5)
        var valley = Valley()
        var point = [-1.2, 1.0]
        let least = Minimiser(maximumSteps: 400, tolerance: 1e-12).minimise(&valley, from: &point, in: box)
        #expect(least < 1e-6)
        box.upper[0] = 0.5
        point = [0, 0]
        _ = Minimiser(maximumSteps: 400, tolerance: 1e-12).minimise(&valley, from: &point, in: box)
        #expect(abs(point[0] - 0.5) < 1e-3 && abs(point[1] - 0.25) < 1e-3)
    }
}
