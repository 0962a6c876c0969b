package import Values

/// What a forecast of revenue is asked for.
package struct RevenueForecastOptions: Hashable, Sendable {
    /// How many months, that of the as-of included.
    package let horizon: Int
    /// The levels of the intervals in percent, ascending.
    package let levels: [Int]
    /// How many futures.
    package let paths: Int
    /// Repeats what is drawn at random.
    package let seed: UInt64

    /// Checks and keeps the options.
    package init(
        horizon: Int = 12,
        levels: [Int] = [80, 95],
        paths: Int = 5_000,
        seed: UInt64 = 1
    ) throws(Problem) {
        let checked = try ForecastOptions(horizon: horizon, levels: levels, seed: seed)
        guard (100...20_000).contains(paths) else {
            throw .invalid("paths", "\(paths); 100 to 20000 paths are right, 5000 by default")
        }
        self.horizon = horizon
        self.levels = checked.levels
        self.paths = paths
        self.seed = seed
    }
}

/// The forecast of a book of subscriptions: revenue and gross margin by month and added up, with intervals, for the
/// book as it is and for scenarios over it.
package struct RevenueOutlook: Sendable {
    /// A number with its intervals.
    package struct Band: Hashable, Sendable {
        /// The expected value.
        package let mean: Double
        /// The bounds of each level.
        package let lower: [Double]
        package let upper: [Double]
    }

    /// A month, or all months together.
    package struct Row: Hashable, Sendable {
        /// Revenue.
        package let revenue: Band
        /// Revenue of all months so far together: its bounds are those of the sums of paths, not sums of bounds.
        package let cumulative: Band
        /// Agreed until the next ends of terms.
        package let committed: Double
        /// Expected beyond them, and from what those who stay pay more.
        package let renewal: Double
        /// Expected usage.
        package let usage: Double
        /// Expected from new business.
        package let new: Double
        /// Revenue less its costs; nil where costs are not known.
        package let margin: Band?

        /// The share of what is expected that is agreed; nil without any.
        package var contractedShare: Double? {
            revenue.mean > 0 ? min(1, committed / revenue.mean) : nil
        }
    }

    /// The forecast under one scenario.
    package struct Case: Sendable {
        /// The scenario.
        package let scenario: Scenario
        /// By month.
        package let rows: [Row]
        /// All months together.
        package let total: Row
        /// How much more than the base all months bring, path by path; nil of the base.
        package let difference: Band?
        /// The same of the gross margin.
        package let marginDifference: Band?
    }

    /// The currency.
    package let currency: Currency
    /// The first month; the as-of is in it.
    package let first: Month
    /// What was asked for.
    package let options: RevenueForecastOptions
    /// The book as it is, then the scenarios in their order.
    package let cases: [Case]
    /// What invoices in the books have deferred, by month.
    package let deferred: [Double]
    /// Revenue of the last whole months, at most two years, for pictures.
    package let history: [Double]
    /// How it would have gone in the past.
    package let backtest: RevenueAccuracy?
    /// The back-test's factor of the widths.
    package let factor: Double
    /// What was fitted.
    let drivers: RevenueDrivers
    /// What a reader has to know.
    package let notes: [String]

    /// Forecasts a book.
    ///
    /// `backtest`: of the same book as it was known at earlier instants; nil is none, and no factor.
    package init(
        of book: RevenueBook,
        scenarios: [Scenario] = [],
        options: RevenueForecastOptions,
        backtest: RevenueBacktest? = nil
    ) throws(Problem) {
        let drivers = try RevenueDrivers(book, horizon: options.horizon)
        let simulation = RevenueSimulation(
            book,
            drivers,
            horizon: options.horizon,
            paths: options.paths,
            seed: options.seed
        )
        let factor = backtest?.factor ?? 1
        let hasCosts = !book.costs.isEmpty
        let base = simulation.run(.base).widened(factor)
        var cases = [
            Case(base, .base, simulation.committed, options, hasCosts: hasCosts, against: nil)
        ]
        for scenario in scenarios {
            let own = simulation.run(scenario).widened(factor)
            cases.append(Case(own, scenario, simulation.committed, options, hasCosts: hasCosts, against: base))
        }
        currency = book.currency
        first = Month(index: book.firstMonth)
        self.options = options
        self.cases = cases
        deferred = (0..<options.horizon).map { book.deferred.indices.contains($0) ? book.deferred[$0] : 0 }
        let months = min(24, max(0, book.firstMonth - (book.historyStart ?? book.firstMonth)))
        history = book.revenue(from: book.firstMonth - months, months: months)
        self.backtest = backtest?.accuracy
        self.factor = factor
        self.drivers = drivers
        notes = book.notes + Self.notes(drivers, book, backtest)
    }

    /// Expected revenue by month, and the bounds of one level, without anything else: for back-tests.
    static func bands(of book: RevenueBook, horizon: Int, paths: Int, seed: UInt64) throws(Problem) -> [Band] {
        let drivers = try RevenueDrivers(book, horizon: horizon)
        let simulation = RevenueSimulation(book, drivers, horizon: horizon, paths: paths, seed: seed)
        let paths = simulation.run(.base)
        return (0..<horizon).map { Band(paths.month($0), levels: RevenueBacktest.levels) }
    }

    private static func notes(
        _ drivers: RevenueDrivers,
        _ book: RevenueBook,
        _ backtest: RevenueBacktest?
    ) -> [String] {
        var notes: [String] = []
        for segment in drivers.segments where segment.model.atRisk == 0 {
            let length = segment.model.term
            notes.append(
                "no term of \(length) \(length == 1 ? "month" : "months") has ended yet: its renewals are a guess, "
                    + "\(Int((100 * segment.model.hazard(1)).rounded())) % lost at the first"
            )
        }
        if drivers.months < 12 {
            notes.append("short history: \(drivers.months) whole months")
        }
        notes += drivers.new.notes.map { "new business: \($0)" }
        notes += drivers.usage.notes.map { "usage: \($0)" }
        if let backtest, backtest.origins.isEmpty {
            notes.append("no back-test: the book was not known at any month's end long enough before the as-of")
        }
        if book.costs.isEmpty { notes.append("no gross margin: no revenue and costs of whole months are in the books") }
        return notes
    }
}

extension RevenueOutlook.Band {
    /// The mean and the quantiles of values.
    init(_ values: [Double], levels: [Int]) {
        let sorted = values.sorted()
        func quantile(_ share: Double) -> Double {
            guard let last = sorted.last else { return 0 }
            let place = share * Double(sorted.count - 1)
            let below = Int(place)
            guard below + 1 < sorted.count else { return last }
            return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
        }
        mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        lower = levels.map { quantile((1 - Double($0) / 100) / 2) }
        upper = levels.map { quantile((1 + Double($0) / 100) / 2) }
    }
}

extension RevenueSimulation.Paths {
    /// All paths of a month.
    func month(_ month: Int) -> [Double] { (0..<count).map { totals[$0 * horizon + month] } }

    /// The same paths, so much further away from their mean; the share of costs stays.
    func widened(_ factor: Double) -> RevenueSimulation.Paths {
        guard factor != 1 else { return self }
        var wide = self
        for month in 0..<horizon {
            let mean = self.month(month).reduce(0, +) / Double(max(1, count))
            for path in 0..<count {
                let place = path * horizon + month
                let total = max(0, mean + factor * (totals[place] - mean))
                if totals[place] > 0 { wide.costs[place] = costs[place] * total / totals[place] }
                wide.totals[place] = total
            }
        }
        return wide
    }

    /// What is left by month after costs, path by path.
    var margins: [Double] { zip(totals, costs).map { $0 - $1 } }

    /// The sums of the first months of each path.
    func sums(_ values: [Double], months: Int) -> [Double] {
        (0..<count).map { path in values[(path * horizon)..<(path * horizon + months)].reduce(0, +) }
    }
}

extension RevenueOutlook.Case {
    init(
        _ paths: RevenueSimulation.Paths,
        _ scenario: Scenario,
        _ committed: [Double],
        _ options: RevenueForecastOptions,
        hasCosts: Bool,
        against base: RevenueSimulation.Paths?
    ) {
        let levels = options.levels
        let margins = paths.margins
        rows = (0..<paths.horizon).map { month in
            RevenueOutlook.Row(
                revenue: RevenueOutlook.Band(paths.month(month), levels: levels),
                cumulative: RevenueOutlook.Band(paths.sums(paths.totals, months: month + 1), levels: levels),
                committed: committed[month],
                renewal: paths.renewal[month],
                usage: paths.usage[month],
                new: paths.new[month],
                margin: hasCosts
                    ? RevenueOutlook.Band(
                        (0..<paths.count).map { margins[$0 * paths.horizon + month] },
                        levels: levels
                    ) : nil
            )
        }
        let sums = paths.sums(paths.totals, months: paths.horizon)
        let marginSums = paths.sums(margins, months: paths.horizon)
        let all = RevenueOutlook.Band(sums, levels: levels)
        total = RevenueOutlook.Row(
            revenue: all,
            cumulative: all,
            committed: committed.reduce(0, +),
            renewal: paths.renewal.reduce(0, +),
            usage: paths.usage.reduce(0, +),
            new: paths.new.reduce(0, +),
            margin: hasCosts ? RevenueOutlook.Band(marginSums, levels: levels) : nil
        )
        self.scenario = scenario
        guard let base else {
            difference = nil
            marginDifference = nil
            return
        }
        let baseSums = base.sums(base.totals, months: base.horizon)
        difference = RevenueOutlook.Band(zip(sums, baseSums).map { $0 - $1 }, levels: levels)
        let baseMargins = base.sums(base.margins, months: base.horizon)
        marginDifference =
            hasCosts ? RevenueOutlook.Band(zip(marginSums, baseMargins).map { $0 - $1 }, levels: levels) : nil
    }
}
