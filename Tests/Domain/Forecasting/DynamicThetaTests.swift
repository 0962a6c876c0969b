import Foundation
import Testing

@testable import Forecasting

@Suite struct DynamicThetaTests {
    /// The recursion as Fiorucci and others (2016) print it.
    ///
    /// Gives the sum of squared errors from the second value on, and the coming values.
    private func printed(
        _ values: [Double],
        alpha: Double,
        first: Double,
        theta: Double,
        horizon: Int = 0
    ) -> (squaredError: Double, coming: [Double]) {
        var known = values
        var level = alpha * values[0] + (1 - alpha) * first
        var mean = values[0]
        var (intercept, slope) = (values[0], 0.0)
        var squaredError = 0.0
        for time in 2...(values.count + horizon) {
            let before = Double(time - 1)
            let line =
                pow(1 - alpha, before) * intercept + (1 - pow(1 - alpha, before + 1)) / alpha * slope
            let expected = level + (1 - 1 / theta) * line
            if time > values.count { known.append(expected) }
            let value = known[time - 1]
            if time <= values.count { squaredError += (value - expected) * (value - expected) }
            let now = Double(time)
            slope = ((now - 2) * slope + 6 * (value - mean) / now) / (now + 1)
            mean += (value - mean) / now
            intercept = mean - (now + 1) / 2 * slope
            level = alpha * value + (1 - alpha) * level
        }
        return (squaredError, Array(known[values.count...]))
    }

    @Test(arguments: 1...4)
    func `level and line are solved for as the printed recursion has them`(seed: Int) {
        var source = SyntheticSeries(seed: UInt64(seed))
        let values = source.level(months: 50, start: 100, share: 0.5, deviation: 6).enumerated().map { place, value in
            value + 1.5 * Double(place)
        }
        for alpha in [0.05, 0.3, 0.8] {
            var problem = DynamicThetaProblem(values)
            let found = problem.value(at: [alpha])
            let state = problem.state
            let theta = 1 / (1 - state.share)
            let same = printed(values, alpha: alpha, first: problem.first, theta: theta, horizon: 12)
            #expect(abs(same.squaredError - found) <= 1e-6 * found)
            for (ours, theirs) in zip(state.path(12), same.coming) { #expect(abs(ours - theirs) < 1e-6 * abs(theirs)) }
            // No neighbour is better.
            for (shift, factor) in [(5.0, 1.0), (-5, 1), (0, 1.2), (0, 0.9)] where theta * factor >= 1 {
                let near = printed(values, alpha: alpha, first: problem.first + shift, theta: theta * factor)
                #expect(near.squaredError >= found * (1 - 1e-9))
            }
        }
    }

    @Test func `a trend goes on and a constant stays`() throws {
        let line = Decomposition.ifEvident((0..<60).map { 100 + 2 * Double($0) }, multiplicative: false)
        let coming = DynamicTheta.projection(line, horizon: 12)
        #expect(coming.mean[11] > 230 && coming.mean[11] < 243.1)
        let constant = Decomposition.ifEvident(Array(repeating: 7, count: 30), multiplicative: false)
        let still = DynamicTheta.projection(constant, horizon: 3)
        for mean in still.mean { #expect(abs(mean - 7) < 1e-9) }
        #expect(still.spread.allSatisfy { $0 < 1e-6 })
    }

    @Test func `its band is as wide as its errors on series of its make`() throws {
        var inside = 0.0
        var count = 0.0
        for seed in 1...40 {
            var source = SyntheticSeries(seed: UInt64(100 + seed))
            let values = source.level(months: 72, start: 500, share: 0.4, deviation: 20)
            let options = try ForecastOptions(method: .dynamicTheta)
            let held = try HoldOut(of: series(values), options: options)
            inside += held.coverage[0] * Double(held.months)
            count += Double(held.months)
        }
        #expect((0.72...0.9).contains(inside / count), "\(inside / count)")
    }
}
