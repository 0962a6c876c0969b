package import Values

/// How a series is forecast.
package enum ForecastMethod: String, CaseIterable, Sendable {
    /// Chosen by the length of the history and a back-test.
    case auto
    /// The last value.
    case naive
    /// The value twelve months before.
    case snaive
    /// The last value and the mean growth.
    case drift
    /// Simple exponential smoothing of the seasonally adjusted values.
    case ses
    /// Holt's linear trend of the seasonally adjusted values.
    case holt
    /// The damped trend of the seasonally adjusted values.
    case damped
    /// Exponential smoothing in state-space form, chosen by AICc: additive, on logarithms, or multiplicative.
    case ets
    /// The Theta method.
    case theta
    /// The dynamic optimised Theta model.
    case dynamicTheta = "dtheta"
    /// Seasonal ARIMA of small orders, chosen by AICc.
    case arima
    /// The plain mean of what `auto` has to choose from.
    case comb

    /// Reads a name; an unknown one is refused with the list.
    package init(parsing name: String) throws(Problem) {
        guard let method = Self(rawValue: name) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("method", "\"\(name.prefix(40))\" is no method; there are \(names)")
        }
        self = method
    }
}

/// What a forecast is asked for.
package struct ForecastOptions: Hashable, Sendable {
    /// The furthest horizon in months.
    package static let maximumHorizon = 60

    /// How many months ahead.
    package let horizon: Int
    /// The levels of the intervals in percent, ascending.
    package let levels: [Int]
    /// The method.
    package let method: ForecastMethod
    /// The seed of what is drawn at random; none of the methods here draws, so that it changes nothing.
    package let seed: UInt64

    /// Checks and keeps the options.
    package init(
        horizon: Int = 12,
        levels: [Int] = [80, 95],
        method: ForecastMethod = .auto,
        seed: UInt64 = 1
    ) throws(Problem) {
        guard (1...Self.maximumHorizon).contains(horizon) else {
            throw .invalid("horizon", "\(horizon) months; a horizon is 1 to \(Self.maximumHorizon)")
        }
        guard !levels.isEmpty, levels.count <= 10 else {
            throw .invalid("levels", "there are \(levels.count) levels; write one to ten, like 80,95")
        }
        for level in levels where !(1...99).contains(level) {
            throw .invalid("levels", "\(level) is no level; levels are whole percents from 1 to 99")
        }
        guard Set(levels).count == levels.count else {
            throw .invalid("levels", "a level is repeated; write each once, like 80,95")
        }
        self.horizon = horizon
        self.levels = levels.sorted()
        self.method = method
        self.seed = seed
    }

    /// Reads the options as they are written on a command line: levels like `80,95`, and a method's name.
    package init(horizon: Int, levels: String, method: String, seed: UInt64) throws(Problem) {
        try self.init(
            horizon: horizon,
            levels: Self.levels(parsing: levels),
            method: ForecastMethod(parsing: method),
            seed: seed
        )
    }

    /// Reads levels like `80,95`.
    package static func levels(parsing text: String) throws(Problem) -> [Int] {
        var levels: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let digits = part.filter { $0 != " " }
            guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let level = Int(digits) else {
                throw .invalid("levels", "\"\(part.prefix(20))\" is no level; write whole percents like 80,95")
            }
            levels.append(level)
        }
        return levels
    }
}
