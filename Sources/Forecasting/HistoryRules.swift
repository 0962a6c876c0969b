/// What a series of some length is forecast with, and what the back-test may choose instead.
struct Pool: Sendable {
    /// The members, in the order in which they are shown.
    var members: [Member]
    /// The places of those that are averaged unless others are clearly better.
    var base: [Int]
    /// Sets of places that the back-test may prefer.
    var candidates: [[Int]] = []
    /// What a reader has to know about the choice.
    var notes: [String] = []
    /// The factor of the bands of series like this one, before the series' own back-test has a say.
    var pooledFactor: Double

    /// The pool of a method for a history; the rules of length are those of the contract.
    init(_ method: ForecastMethod, values: [Double]) throws(ForecastingError) {
        let months = values.count
        if let single = method.member {
            members = [single]
            base = [0]
            pooledFactor = months < 2 * seasonLength ? 1.4 : 1.15
            guard months >= method.minimumMonths else {
                throw .tooShort(method: method, months: months, needs: method.minimumMonths)
            }
            return
        }
        switch months {
        case ..<12: self = Self.underOneYear(months)
        case ..<24: self = Self.underTwoYears(months)
        case ..<36: self = Self.underThreeYears(values)
        default: self = Self.threeYears(months)
        }
        if method == .comb { candidates = [] }
    }

    private init(_ members: [Member], base: [Int], candidates: [[Int]] = [], notes: [String] = [], factor: Double) {
        self.members = members
        self.base = base
        self.candidates = candidates
        self.notes = notes
        pooledFactor = factor
    }

    private static func underOneYear(_ months: Int) -> Pool {
        let note = "short history: \(months) months; the band is wide and comes from other series, not from this one"
        guard months >= 6 else { return Pool([.drift], base: [0], notes: [note], factor: 1.6) }
        return Pool([.drift, .damped], base: [0], candidates: [[1]], notes: [note], factor: 1.6)
    }

    private static func underTwoYears(_ months: Int) -> Pool {
        let isKnownTwice = months >= YearOnYear.minimumMonths
        let growth = isKnownTwice ? ", the same with the growth since," : ""
        return Pool(
            isKnownTwice ? [.snaive, .seasonalYearOnYear, .theta] : [.snaive, .theta],
            base: isKnownTwice ? [0, 1, 2] : [0, 1],
            notes: ["short history: \(months) months; the mean of last year's months\(growth) and theta"],
            factor: 1.15
        )
    }

    private static func underThreeYears(_ values: [Double]) -> Pool {
        let isPositive = values.allSatisfy { $0 > 0 }
        let isSeasonal = Seasonality.isEvident(isPositive ? Scale.logarithm.forward(values) : values)
        let isDistorted = YearOnYear(values, scale: .identity)?.isDistorted ?? false
        var notes = ["short history: \(values.count) months; last year's months times the growth of the year"]
        if !isSeasonal { notes.append("no season shows in two years: averaged with ets") }
        if isDistorted { notes.append("single months bend last year's growth: averaged with ets") }
        let isLong = values.count >= Fitter.seasonalMinimum
        let isMixed = isLong || isDistorted || !isSeasonal
        return Pool(
            [.ets, .seasonalYearOnYear],
            base: isMixed ? [0, 1] : [1],
            notes: notes,
            factor: isLong ? 1.2 : 1.6
        )
    }

    private static func threeYears(_ months: Int) -> Pool {
        Pool(
            [.ets, .theta, .arima, .seasonalYearOnYear, .dynamicTheta, .snaive, .naive],
            base: [0, 1, 2, 3],
            candidates: [[0, 1, 2], [0, 1, 3], [0, 2, 3], [0, 2, 4], [0, 2], [0, 3]] + (0...6).map { [$0] },
            factor: months < 90 ? 1.15 : 0.95
        )
    }
}

extension ForecastMethod {
    /// The member that the method is; nil for those that combine.
    var member: Member? {
        switch self {
        case .auto, .comb: nil
        case .naive: .naive
        case .snaive: .snaive
        case .drift: .drift
        case .ses: .ses
        case .holt: .holt
        case .damped: .damped
        case .ets: .ets
        case .theta: .theta
        case .dynamicTheta: .dynamicTheta
        case .arima: .arima
        }
    }

    /// The shortest history it can be fitted to.
    var minimumMonths: Int {
        switch self {
        case .snaive: seasonLength
        case .arima: 8
        case .damped: 6
        case .holt, .ets: 5
        case .auto, .naive, .drift, .ses, .theta, .dynamicTheta, .comb: MonthlySeries.minimumMonths
        }
    }
}
