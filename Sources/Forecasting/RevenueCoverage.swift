import Foundation
package import Values

/// How well forecasts of made-up books hold what they say, and whether what was put into the books comes out.
package struct RevenueCoverage: Sendable {
    /// How many books.
    package private(set) var books = 0
    private var months = 0.0
    private var inside = (eighty: 0.0, ninetyFive: 0.0, year: 0.0)
    private var signed = 0.0
    private var size = 0.0
    private var hazards: [Double] = []
    private var yearly: [Double] = []
    private var expansion: [Double] = []
    private var new: [Double] = []

    /// Months of history of every book.
    package static let history = 36
    /// Months that are forecast, and then looked at.
    package static let horizon = 12

    /// Nothing yet.
    package init() {}

    /// Makes, forecasts and scores one book.
    ///
    /// `withBacktest`: whether its bands are scaled by its own back-test, as those of real books are; without it a
    /// seventh of the work.
    package mutating func add(seed: UInt64, paths: Int, withBacktest: Bool = true) throws(Problem) {
        let truth = RevenueSyntheticBook.Truth(seed: seed)
        let synthetic = RevenueSyntheticBook(truth: truth, seed: seed, months: Self.history + Self.horizon)
        let book = synthetic.book(after: Self.history)
        let options = try RevenueForecastOptions(horizon: Self.horizon, paths: paths, seed: seed)
        var backtest: RevenueBacktest?
        if withBacktest {
            let known = RevenueBacktest.monthsBack.reversed().map { synthetic.book(after: Self.history - $0) }
            backtest = try RevenueBacktest(of: book, known: known, options: options)
        }
        let outlook = try RevenueOutlook(of: book, options: options, backtest: backtest)
        let later = synthetic.book(after: Self.history + Self.horizon)
        let actual = later.revenue(from: book.firstMonth, months: Self.horizon)
        for (row, value) in zip(outlook.cases[0].rows, actual) {
            months += 1
            if row.revenue.lower[0] <= value, value <= row.revenue.upper[0] { inside.eighty += 1 }
            if row.revenue.lower[1] <= value, value <= row.revenue.upper[1] { inside.ninetyFive += 1 }
            signed += row.revenue.mean - value
            size += value
        }
        let sum = actual.reduce(0, +)
        let total = outlook.cases[0].total.revenue
        if total.lower[0] <= sum, sum <= total.upper[0] { inside.year += 1 }
        books += 1
        compare(outlook.drivers, truth)
    }

    /// What was fitted beside what is true.
    private mutating func compare(_ drivers: RevenueDrivers, _ truth: RevenueSyntheticBook.Truth) {
        for segment in drivers.segments {
            if segment.model.term == 1 { hazards.append(segment.model.survival(12) - truth.monthly.survival(12)) }
            if segment.model.term == 12 { yearly.append(segment.model.survival(1) - truth.yearly.survival(1)) }
        }
        expansion.append(drivers.expansion.mean - truth.expansion)
        let mean = truth.prices.reduce(0, +) / Double(truth.prices.count)
        let price = mean * (1 - truth.yearlyShare * (1 - RevenueSyntheticBook.yearlyPrice))
        let known = drivers.new.history.suffix(24)
        let first = Double(Self.history - known.count)
        let level = truth.arrivals * pow(1 + truth.arrivalGrowth, first + Double(known.count - 1) / 2) * price
        new.append(log(known.reduce(0, +) / Double(max(1, known.count)) / level))
    }

    /// The share of months inside the band of 80 %.
    package var coverage80: Double { months > 0 ? inside.eighty / months : 0 }
    /// The same of 95 %.
    package var coverage95: Double { months > 0 ? inside.ninetyFive / months : 0 }
    /// The share of years inside the band of 80 % of sums.
    package var coverage80OfYears: Double { books > 0 ? inside.year / Double(books) : 0 }
    /// Forecast less revenue over revenue.
    package var bias: Double { size > 0 ? signed / size : 0 }
    /// Fitted less true share of monthly subscriptions left after twelve months: the mean, and the root of the mean
    /// square.
    package var survivalError: (mean: Double, rootMeanSquare: Double) { Self.error(hazards) }
    /// The same of the share of yearly subscriptions that renew first.
    package var renewalError: (mean: Double, rootMeanSquare: Double) { Self.error(yearly) }
    /// The same of the monthly growth of what those who stay pay: what prices do.
    package var expansionError: (mean: Double, rootMeanSquare: Double) { Self.error(expansion) }
    /// The same of the logarithm of new business in the last two years: what growth and prices come to.
    package var newBusinessError: (mean: Double, rootMeanSquare: Double) { Self.error(new) }

    private static func error(_ values: [Double]) -> (mean: Double, rootMeanSquare: Double) {
        let count = Double(max(1, values.count))
        return (
            values.reduce(0, +) / count, (values.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
        )
    }
}
