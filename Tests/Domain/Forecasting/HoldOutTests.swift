import Foundation
import Testing
import Values

@testable import Forecasting

@Suite struct HoldOutTests {
    @Test func `the last months are scored and not seen`() throws {
        // The same year three times, then ten more in every month of the last.
        let year = (0..<36).map { (month: Int) -> Double in Double(5 * (month % 12) + 2 * (month / 12)) }
        let jump = (0..<12).map { (month: Int) -> Double in Double(5 * month + 14) }
        let held = try HoldOut(of: series(year + jump), options: ForecastOptions(method: .snaive))
        #expect(held.months == 12)
        // Each month is 10 off; a year changed by 2.
        #expect(held.mase == 5)
        #expect(held.naiveMase == 5)
        let same = try HoldOut(of: series(year + jump.map { $0 * 3 }), options: ForecastOptions(method: .snaive))
        let worse = try #require(same.mase)
        #expect(worse > 5)
    }

    @Test func `a part of the months may lie inside`() throws {
        var source = SyntheticSeries(seed: 811)
        let values = source.seasonal(months: 84)
        let held = try HoldOut(of: series(values), options: ForecastOptions(horizon: 12, levels: [50, 99]))
        #expect(held.coverage.count == 2)
        #expect(held.coverage[0] <= held.coverage[1] && held.coverage[1] > 0.9)
        let (ours, naive) = (try #require(held.mase), try #require(held.naiveMase))
        #expect(ours < naive)
    }

    @Test func `a series that is too short is refused by its field`() throws {
        let problem = #expect(throws: Problem.self) {
            try HoldOut(of: series([1, 2, 3, 4, 5, 6]), options: ForecastOptions(horizon: 12))
        }
        #expect(problem?.errors.first?.field == "values")
        let short = try HoldOut(of: series([1, 2, 3, 4, 5, 6]), options: ForecastOptions(horizon: 2))
        #expect(short.mase == nil && short.naiveMase == nil)
    }

    @Test func `means are those of the combination`() throws {
        var source = SyntheticSeries(seed: 821)
        let series = try series(source.seasonal(months: 60))
        let forecast = try SeriesForecast.run(series, options: ForecastOptions(horizon: 12, method: .comb))
        let means = try SeriesForecast.means(series, horizon: 12)
        #expect(means.count == 12)
        for (mean, row) in zip(means, forecast.rows) { #expect(abs(mean / row.mean - 1) < 0.02) }
    }
}
