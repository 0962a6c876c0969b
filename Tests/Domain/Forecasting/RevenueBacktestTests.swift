import Testing
import Values

@testable import Forecasting

/// Forecasts of books whose truth is known.
@Suite struct RevenueBacktestTests {
    private func backtest(seed: UInt64, months: Int = 36) throws -> (RevenueSyntheticBook, RevenueBook, RevenueBacktest)
    {
        let synthetic = RevenueSyntheticBook(truth: .init(), seed: seed, months: months)
        let book = synthetic.book(after: months)
        let known = RevenueBacktest.monthsBack.reversed().filter { $0 < months }
            .map { synthetic.book(after: months - $0) }
        let test = try RevenueBacktest(of: book, known: known, options: RevenueForecastOptions(paths: 200))
        return (synthetic, book, test)
    }

    @Test func `origins are every other month, and scored as far as is known`() throws {
        let (_, book, test) = try backtest(seed: 1)
        #expect(test.origins.map { book.firstMonth - $0.first } == [12, 10, 8, 6, 4, 2])
        #expect(test.origins.map(\.actual.count) == [12, 10, 8, 6, 4, 2])
        for origin in test.origins {
            #expect(origin.actual == book.revenue(from: origin.first, months: origin.actual.count))
        }
        let accuracy = try #require(test.accuracy)
        #expect(accuracy.origins == 6 && accuracy.horizon == 12)
        // The book grows by a third a year: the months a year before, and no new business, are worse by far.
        #expect(try #require(accuracy.skillAgainstNaive) > 0.3)
        #expect(try #require(accuracy.skillAgainstContracts) > 0.3)
        #expect(try #require(accuracy.wape) < 10)
    }

    @Test func `what came later changes the score of a forecast, not the forecast`() throws {
        let (synthetic, book, test) = try backtest(seed: 2)
        let earlier = synthetic.book(after: 24)
        let other = try RevenueBacktest(
            of: RevenueBook(currency: .usd, asOf: book.asOf, contracts: [], usage: []),
            known: [earlier],
            options: RevenueForecastOptions(paths: 200)
        )
        #expect(other.origins[0].bands == test.origins[0].bands)
        #expect(other.origins[0].actual.allSatisfy { $0 == 0 })
    }

    @Test func `bands that missed are made wider, those that were too wide narrower`() throws {
        let (synthetic, book, _) = try backtest(seed: 3)
        func factor(_ scale: Double) throws -> Double {
            let moved = RevenueBook(
                currency: .usd,
                asOf: book.asOf,
                contracts: book.contracts.map { own in
                    var own = own
                    for place in own.stretches.indices { own.stretches[place].monthly *= scale }
                    return own
                }
            )
            let known = RevenueBacktest.monthsBack.reversed().map { synthetic.book(after: 36 - $0) }
            return try RevenueBacktest(of: moved, known: known, options: RevenueForecastOptions(paths: 200)).factor
        }
        #expect(try factor(3) > 1.3)
    }

    @Test func `a book that was not known has no back-test`() throws {
        let (_, book, _) = try backtest(seed: 1, months: 8)
        let none = try RevenueBacktest(of: book, known: [], options: RevenueForecastOptions(paths: 100))
        #expect(none.accuracy == nil && none.factor == 1)
        let outlook = try RevenueOutlook(of: book, options: RevenueForecastOptions(paths: 100), backtest: none)
        #expect(outlook.notes.contains { $0.hasPrefix("no back-test") })
        #expect(outlook.json(asOf: Instant(seconds: 0))["backtest"] == .null)
    }

    /// A sample of what `abono bench forecast --books 200` measures with back-tests: there 80 % of bands hold 83 %.
    @Test func `bands hold what they say, and what is true of books comes out`() throws {
        var coverage = RevenueCoverage()
        for seed in 0..<30 { try coverage.add(seed: UInt64(seed), paths: 200, withBacktest: false) }
        #expect((0.72...0.92).contains(coverage.coverage80), "\(coverage.coverage80)")
        #expect((0.60...0.97).contains(coverage.coverage80OfYears), "\(coverage.coverage80OfYears)")
        #expect(coverage.coverage95 > 0.88, "\(coverage.coverage95)")
        #expect(abs(coverage.bias) < 0.03, "\(coverage.bias)")
        #expect(abs(coverage.survivalError.mean) < 0.015 && coverage.survivalError.rootMeanSquare < 0.04)
        #expect(abs(coverage.renewalError.mean) < 0.03 && coverage.renewalError.rootMeanSquare < 0.07)
        #expect(abs(coverage.expansionError.mean) < 0.0006)
        #expect(abs(coverage.newBusinessError.mean) < 0.08)
    }
}
