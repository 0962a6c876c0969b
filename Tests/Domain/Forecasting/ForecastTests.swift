import Forecasting
import Testing
import Values

@Suite struct ForecastTests {
    @Test func `the document has the shape of the contract`() throws {
        var source = SyntheticSeries(seed: 7)
        let series = try series(source.seasonal(months: 40))
        let json = try SeriesForecast.run(series, options: ForecastOptions(horizon: 3)).json
        #expect(json.object?.keys == ["method", "members", "n", "period", "forecast", "backtest", "notes"])
        #expect(json["method"]?.string == "auto")
        #expect(json["members"]?.array?.isEmpty == false)
        #expect(json["n"]?.int == 40)
        #expect(json["period"]?.int == 12)
        #expect(json["forecast"]?.array?.count == 3)
        #expect(json["forecast"]?[0]?["month"]?.string == "2018-05")
        #expect(json["forecast"]?[0]?["mean"]?.double != nil)
        #expect(json["forecast"]?[0]?["intervals"]?.object?.keys == ["80", "95"])
        #expect(json["forecast"]?[0]?["intervals"]?["95"]?.array?.count == 2)
        let backtest = try #require(json["backtest"])
        #expect(
            backtest.object?.keys
                == ["origins", "horizon", "mase", "smape", "bias_percent", "coverage", "skill_vs_snaive"]
        )
        #expect(backtest["coverage"]?.object?.keys == ["80", "95"])
        #expect(try JSONValue(parsing: json.text) == json)
    }

    @Test func `the same series gives the same bytes`() throws {
        var source = SyntheticSeries(seed: 11)
        let series = try series(source.seasonal(months: 50))
        let options = try ForecastOptions(horizon: 6, levels: [50, 80, 95])
        let first = try SeriesForecast.run(series, options: options)
        let second = try SeriesForecast.run(series, options: options)
        #expect(first.json.text == second.json.text)
        #expect(first.csv == second.csv)
        #expect(first.table == second.table)
        let other = try ForecastOptions(horizon: 6, levels: [50, 80, 95], seed: 2)
        #expect(try SeriesForecast.run(series, options: other).json.text == first.json.text)
    }

    @Test func `a longer horizon does not change the months before`() throws {
        var source = SyntheticSeries(seed: 13)
        let series = try series(source.seasonal(months: 38))
        let short = try SeriesForecast.run(series, options: ForecastOptions(horizon: 2))
        let long = try SeriesForecast.run(series, options: ForecastOptions(horizon: 60))
        #expect(Array(long.rows.prefix(2)) == short.rows)
        #expect(long.rows.count == 60)
    }

    @Test(arguments: [4, 5, 6, 8, 11, 12, 13, 18, 23, 24, 25, 27, 28, 30, 35, 36, 41, 47])
    func `every length of history has a forecast`(months: Int) throws {
        var source = SyntheticSeries(seed: UInt64(months))
        let forecast = try SeriesForecast.run(
            series(source.seasonal(months: months)),
            options: ForecastOptions(horizon: 14)
        )
        #expect(forecast.rows.count == 14)
        #expect(forecast.backtest.origins >= 1)
        for row in forecast.rows {
            #expect(row.mean.isFinite && row.mean > 0)
            #expect(row.lower[1] <= row.lower[0] && row.lower[0] <= row.mean)
            #expect(row.mean <= row.upper[0] && row.upper[0] <= row.upper[1])
            #expect(row.lower[1] >= 0)
        }
    }

    @Test(arguments: [
        (5, ["drift"]), (13, ["snaive", "theta"]), (18, ["snaive", "snaive_yoy", "theta"]), (25, ["snaive_yoy"]),
    ])
    func `a short history is forecast by the rules of its length`(months: Int, members: [String]) throws {
        var source = SyntheticSeries(seed: 3)
        let values = source.seasonal(months: months, noise: 0.01)
        let forecast = try SeriesForecast.run(series(values), options: ForecastOptions())
        #expect(forecast.members == members)
        #expect(forecast.notes.contains { $0.hasPrefix("short history") })
    }

    @Test(arguments: ForecastMethod.allCases)
    func `every method answers under its own name`(method: ForecastMethod) throws {
        var source = SyntheticSeries(seed: 5)
        let values = source.seasonal(months: 37)
        let forecast = try SeriesForecast.run(series(values), options: ForecastOptions(horizon: 4, method: method))
        #expect(forecast.method == method)
        if method != .auto, method != .comb { #expect(forecast.members == [method.rawValue]) }
    }

    @Test func `a method that needs more months says how many`() throws {
        let problem = #expect(throws: Problem.self) {
            try SeriesForecast.run(series([1, 2, 3, 4, 5]), options: ForecastOptions(method: .snaive))
        }
        #expect(problem?.message.contains("12 months") == true)
    }

    private static let oddSeries: [[Double]] = {
        let pulses = (0..<40).map { (month: Int) -> Double in month % 4 == 0 ? 3 : 0 }
        let line = (0..<40).map { (month: Int) -> Double in 100 + 2 * Double(month) }
        let negative = (0..<30).map { (month: Int) -> Double in -5 + Double(month % 3) }
        let steep = (1...24).map { (month: Int) -> Double in 1000 * Double(month) }
        return [
            [5, 5, 5, 5, 5, 5], Array(repeating: 0, count: 40), Array(repeating: 7, count: 40), pulses, line, negative,
            [1, 1000, 1, 1000, 1, 1000, 1], steep, [1e-9, 2e-9, 1e-9, 3e-9, 2e-9],
            [1e15, 9e14, 1e15, 8e14, 9e14, 1e15, 9e14],
        ]
    }()

    @Test(arguments: oddSeries)
    func `odd series are forecast or refused, never by nonsense`(values: [Double]) throws {
        let forecast = try SeriesForecast.run(series(values), options: ForecastOptions(horizon: 24))
        for row in forecast.rows {
            #expect(row.mean.isFinite)
            #expect(row.lower[0] <= row.mean && row.mean <= row.upper[0])
            if values.allSatisfy({ $0 >= 0 }) { #expect(row.lower[1] >= 0) }
        }
    }

    @Test func `a young business that grows in steps goes on growing, not doubling`() throws {
        let forecast = try SeriesForecast.run(
            series((1...24).map { 1000 * Double($0) }),
            options: ForecastOptions(horizon: 12)
        )
        #expect(forecast.rows[11].mean > 24_000)
        #expect(forecast.rows[11].mean < 40_000)
    }

    @Test func `the table and the spreadsheet hold the same months`() throws {
        let forecast = try SeriesForecast.run(
            series([10, 11, 12, 13, 14, 15]),
            options: ForecastOptions(horizon: 2, levels: [80])
        )
        let csv = forecast.csv.split(separator: "\n")
        #expect(csv.count == 3)
        #expect(csv[0] == "month,mean,lower_80,upper_80")
        #expect(csv[1].hasPrefix("2015-07,16"))
        #expect(forecast.table.contains("2015-08"))
        #expect(forecast.table.contains("back-test"))
    }
}
