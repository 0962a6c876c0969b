import Foundation

/// Numbers that look random, each a function of a seed and of what it is for.
///
/// Nothing has to be drawn in order: the same contract has the same luck on the same path in every scenario, so that
/// what differs between scenarios is the scenario.
struct CounterRandom: Sendable {
    private let key: UInt64

    init(seed: UInt64, stream: UInt64) {
        key = Self.mixed(Self.mixed(seed) &+ stream &* 0x9E37_79B9_7F4A_7C15)
    }

    /// The finishing function of SplitMix64 (Steele, Lea, Flood 2014).
    private static func mixed(_ value: UInt64) -> UInt64 {
        var value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// A number above 0 and below 1.
    @inline(__always)
    func uniform(_ first: UInt64, _ second: UInt64) -> Double {
        let row = Self.mixed(key &+ first &* 0x9E37_79B9_7F4A_7C15)
        let bits = Self.mixed(row &+ second &* 0xD1B5_4A32_D192_ED03)
        return (Double(bits >> 11) + 0.5) * 0x1p-53
    }

    /// A number of the standard normal distribution.
    func normal(_ first: UInt64, _ second: UInt64) -> Double { NormalDistribution.quantile(uniform(first, second)) }

    /// How many of `count` stay, each with a probability; more stay where the probability is greater.
    @inline(__always)
    func survivors(of count: Int, each probability: Double, _ first: UInt64, _ second: UInt64) -> Int {
        let luck = uniform(first, second)
        if count == 1 { return luck < probability ? 1 : 0 }
        return Self.binomial(count, probability, luck)
    }

    /// The quantile of a binomial distribution; of large counts that of the normal distribution next to it.
    static func binomial(_ count: Int, _ probability: Double, _ luck: Double) -> Int {
        guard probability > 0, count > 0 else { return 0 }
        guard probability < 1 else { return count }
        let mean = Double(count) * probability
        if count > 60 {
            let spread = (mean * (1 - probability)).squareRoot()
            let found = (mean + spread * NormalDistribution.quantile(luck)).rounded()
            return Int(min(Double(count), max(0, found)))
        }
        // Counted are those who leave, few as a rule: the quantile from the other end.
        let leaving = 1 - probability
        var term = pow(probability, Double(count))
        var sum = term
        var gone = 0
        let other = 1 - luck
        while sum < other, gone < count {
            gone += 1
            term *= Double(count - gone + 1) / Double(gone) * leaving / probability
            sum += term
        }
        return count - gone
    }
}

/// The standard normal distribution.
enum NormalDistribution {
    /// Half of the middle 80 % in standard deviations.
    static let halfWidth80 = 1.2815515655446004

    private static let lower = (
        [
            -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838, -2.549732539343734, 4.374664141464968,
            2.938163982698783,
        ],
        [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996, 3.754408661907416]
    )
    private static let central = (
        [
            -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
            -3.066479806614716e+01, 2.506628277459239,
        ],
        [
            -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
            -1.328068155288572e+01,
        ]
    )

    /// The value below which a share lies, to nine digits (Acklam's rational functions).
    static func quantile(_ share: Double) -> Double {
        if share < 0.02425 { return tail((-2 * log(share)).squareRoot()) }
        if share > 1 - 0.02425 { return -tail((-2 * log(1 - share)).squareRoot()) }
        let away = share - 0.5
        let square = away * away
        return polynomial(central.0, square) * away / (polynomial(central.1, square) * square + 1)
    }

    private static func tail(_ value: Double) -> Double {
        polynomial(lower.0, value) / (polynomial(lower.1, value) * value + 1)
    }

    @inline(__always)
    private static func polynomial(_ factors: [Double], _ value: Double) -> Double {
        var sum = 0.0
        for factor in factors { sum = sum * value + factor }
        return sum
    }
}
