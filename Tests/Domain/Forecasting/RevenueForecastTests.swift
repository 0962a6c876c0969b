import Forecasting
import Revenue
import Testing
import Values

/// From the report of recurring revenue to its forecast.
@Suite struct RevenueForecastTests {
    private static func report(
        months: Int,
        asOf: String = "2030-01-01",
        currencies: [Currency] = [.usd]
    ) throws -> MRRReport {
        let from = try Month(parsing: "2024-01", field: "test")
        let histories = currencies.enumerated().map { place, currency in
            RecurringHistory(
                tenant: ID(at: .epoch, random: (0, UInt64(place))),
                subscription: ID(at: .epoch, random: (0, UInt64(place))),
                levels: (0..<months).map { number in
                    // From March on a hundred more each month.
                    RecurringLevel(
                        at: from.adding(number + 2).start(in: .utc).adding(seconds: 86_400),
                        currency: currency,
                        monthly: Exact(1_000 + 100 * number)
                    )
                }
            )
        }
        let instant = try #require(Instant(asOf + "T00:00:00Z"))
        return try MRRReport(
            of: histories,
            months: try ReportMonths(from: from, to: from.adding(months + 1), asOf: instant)
        )
    }

    @Test func `the series are the closings from the first customer on`() throws {
        let series = try RevenueForecast.series(of: Self.report(months: 6))
        #expect(series.start.text == "2024-03")
        #expect(series.values == [1000, 1100, 1200, 1300, 1400, 1500])
    }

    @Test func `a month that is not over is left out`() throws {
        let series = try RevenueForecast.series(of: Self.report(months: 6, asOf: "2024-08-15"))
        #expect(series.values == [1000, 1100, 1200, 1300, 1400])
    }

    @Test func `steady growth goes on, inside its band`() throws {
        let forecast = try RevenueForecast.run(Self.report(months: 40), options: ForecastOptions(horizon: 3))
        #expect(forecast.rows.map(\.month.text) == ["2027-07", "2027-08", "2027-09"])
        let next = try #require(forecast.rows.first)
        #expect(abs(next.mean - 5000) < 150)
        #expect(next.lower[0] < next.mean && next.mean < next.upper[0])
    }

    @Test func `several currencies have to be told apart, and few months are not enough`() throws {
        let both = try Self.report(months: 6, currencies: [.usd, .eur])
        let error = #expect(throws: Problem.self) { try RevenueForecast.series(of: both) }
        #expect(error?.errors.map(\.field) == ["currency"])
        #expect(try RevenueForecast.series(of: both, currency: .eur).values.count == 6)
        #expect(throws: Problem.self) { try RevenueForecast.series(of: Self.report(months: 3)) }
        #expect(throws: Problem.self) { try RevenueForecast.series(of: Self.report(months: 6), currency: .eur) }
    }
}
