import Foundation
import Testing

@testable import Forecasting

@Suite struct BacktestTests {
    private func backtest(_ values: [Double], _ method: ForecastMethod) throws -> Backtest {
        let pool = try Pool(method, values: values)
        var fitter = Fitter(isSingle: method.member != nil)
        return Backtest(values, pool: pool, fitter: &fitter)
    }

    @Test func `what comes after an origin does not change what was forecast from it`() throws {
        var source = SyntheticSeries(seed: 17)
        let values = source.seasonal(months: 48)
        let before = try backtest(values, .auto)
        let origin = before.origins[0].months
        var changed = values
        for month in origin..<values.count { changed[month] *= 3 + sin(Double(month)) }
        let after = try backtest(changed, .auto)
        #expect(after.origins[0].months == origin)
        #expect(after.origins[0].projections == before.origins[0].projections)
        #expect(after.origins[0].seasonalNaive == before.origins[0].seasonalNaive)
        for place in 1..<before.origins.count {
            let known = before.origins[place].months
            var later = values
            for month in known..<values.count { later[month] = 1 }
            let changed = try backtest(later, .theta).origins[place]
            #expect(try changed.projections == backtest(values, .theta).origins[place].projections)
        }
    }

    @Test(arguments: [4, 7, 8, 12, 23, 24, 29, 30, 35, 36, 45, 46, 60, 89, 90, 400])
    func `origins leave something to learn from and something to score`(months: Int) {
        let places = Backtest.places(months)
        #expect(!places.isEmpty)
        #expect(places == places.sorted())
        #expect(Set(places).count == places.count)
        #expect(places.allSatisfy { $0 >= 3 && $0 < months })
        if months >= 46 { #expect(places.allSatisfy { $0 + 12 <= months && $0 >= 24 }) }
        if months >= 60 { #expect(places.count >= 6) }
    }

    @Test func `errors are scaled by the yearly change of what was known`() throws {
        // Each year is ten above the one before, but the last is twenty above.
        let values = (0..<60).map { (month: Int) -> Double in
            let jump: Double = month >= 48 ? 10 : 0
            return Double(month % 12) * 3 + Double(month / 12) * 10 + jump
        }
        let backtest = try backtest(values, .snaive)
        let accuracy = Accuracy(backtest, of: values, places: [0], levels: [80], pooledFactor: 1)
        let last = try #require(backtest.origins.last)
        #expect(last.months == 48)
        #expect(last.yearlyChange == 10)
        #expect(backtest.error(last, [0]) == 20)
        #expect(accuracy.skill == 0)
        let bias = try #require(accuracy.biasPercent)
        #expect(bias < 0)
    }

    @Test func `bands of an origin use scores that were known there`() throws {
        var source = SyntheticSeries(seed: 23)
        let values = source.level(months: 60, start: 100, share: 0.4, deviation: 5)
        let backtest = try backtest(values, .ses)
        for (place, origin) in backtest.origins.enumerated() {
            let scores = backtest.scores([0], fromFirst: place, known: origin.months)
            let possible = backtest.origins.prefix(place).reduce(0) { $0 + min(12, origin.months - $1.months) }
            #expect(scores.count == possible)
        }
    }

    @Test func `a band holds what it says on series of a known make`() throws {
        var inside = [0.0, 0.0]
        var count = 0.0
        for seed in 1...40 {
            var source = SyntheticSeries(seed: UInt64(seed))
            let values = source.level(months: 72, start: 500, share: 0.3, deviation: 20)
            let known = try series(Array(values.prefix(60)))
            let forecast = try SeriesForecast.run(known, options: ForecastOptions(method: .ses))
            for (row, value) in zip(forecast.rows, values.suffix(12)) {
                count += 1
                for level in 0...1 where row.lower[level] <= value && value <= row.upper[level] { inside[level] += 1 }
            }
        }
        #expect((0.74...0.9).contains(inside[0] / count), "80 %: \(inside[0] / count)")
        #expect((0.91...0.995).contains(inside[1] / count), "95 %: \(inside[1] / count)")
    }

    @Test func `bands widen with the horizon`() throws {
        var source = SyntheticSeries(seed: 29)
        let values = source.level(months: 60, start: 500, share: 0.5, deviation: 10)
        for method in [ForecastMethod.naive, .snaive, .drift, .ses, .damped, .arima] {
            let options = try ForecastOptions(horizon: 24, method: method)
            let rows = try SeriesForecast.run(series(values), options: options).rows
            for (near, far) in zip(rows, rows.dropFirst()) {
                #expect(far.upper[0] - far.lower[0] >= (near.upper[0] - near.lower[0]) * (1 - 1e-6), "\(method)")
            }
            #expect(rows[23].upper[0] - rows[23].lower[0] > rows[0].upper[0] - rows[0].lower[0], "\(method)")
        }
    }

    /// Growth that ends, at a place before, between or after the origins.
    @Test(arguments: [20, 30, 41, 55, 59], [0.0, -40.0])
    func `values that no logarithm holds come into a series of growth`(month: Int, value: Double) throws {
        var source = SyntheticSeries(seed: UInt64(month))
        var values = source.seasonal(months: 60)
        for later in month..<60 { values[later] = value }
        for method in ForecastMethod.allCases {
            let forecast = try SeriesForecast.run(series(values), options: ForecastOptions(method: method))
            for row in forecast.rows {
                #expect(row.mean.isFinite && row.lower[1].isFinite && row.upper[1].isFinite, "\(method)")
                #expect(row.lower[1] <= row.mean && row.mean <= row.upper[1], "\(method)")
            }
            #expect(forecast.backtest.smape.isFinite, "\(method)")
            #expect(forecast.backtest.mase?.isFinite != false, "\(method)")
        }
    }

    @Test func `members of a combination speak of one scale`() throws {
        var source = SyntheticSeries(seed: 59)
        let values = source.seasonal(months: 72, swing: 0.5)
        let backtest = try backtest(values, .auto)
        for origin in backtest.origins {
            #expect(origin.scale == .logarithm)
            for projection in origin.projections {
                // Logarithms of values about 1000.
                #expect(projection.mean.allSatisfy { (5...9).contains($0) })
            }
        }
    }

    @Test func `what has come to rest is forecast to stay, where models learn it slowly`() throws {
        let values = (0..<120).map { (month: Int) -> Double in month < 60 ? Double(month % 5) : 0 }
        let forecast = try SeriesForecast.run(series(values), options: ForecastOptions())
        let combined = try SeriesForecast.run(series(values), options: ForecastOptions(method: .comb))
        let (error, usual) = (try #require(forecast.backtest.mase), try #require(combined.backtest.mase))
        #expect(error < usual)
        #expect(forecast.members == ["naive"])
        #expect(forecast.rows.allSatisfy { $0.mean == 0 })
    }

    @Test func `an origin that knows a value without a logarithm is on the scale of values`() throws {
        var source = SyntheticSeries(seed: 53)
        var values = source.seasonal(months: 60)
        values[44] = 0
        let backtest = try backtest(values, .auto)
        for origin in backtest.origins {
            #expect(origin.scale == .identity || origin.months <= 44)
            #expect(origin.projections.allSatisfy { $0.isFinite })
        }
        #expect(backtest.origins.contains { $0.scale == .logarithm })
        #expect(backtest.origins.contains { $0.scale == .identity })
    }

    @Test(arguments: 1...6)
    func `positive values never get a negative bound`(seed: Int) throws {
        var source = SyntheticSeries(seed: UInt64(seed))
        let values = source.level(months: 30, start: 3, share: 0.8, deviation: 3).map { max(0.01, $0) }
        for method in ForecastMethod.allCases {
            let forecast = try SeriesForecast.run(series(values), options: ForecastOptions(horizon: 36, method: method))
            for row in forecast.rows { #expect(row.lower.allSatisfy { $0 >= 0 }, "\(method) \(row.month)") }
        }
    }
}
