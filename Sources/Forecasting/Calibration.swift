import Foundation

/// How wide a band must be to hold what it says.
///
/// A model's own band is too narrow: it knows neither that its form was chosen nor that it may be wrong. The back-test
/// gives scores |error| / own half width at 80 %; their conformal quantile is the factor that would have been right
/// (Vovk; here split by time). Scores of one series hang together and are few, so the factor is drawn towards one that
/// was measured over many series, with the weight of a year's twelve origins.
enum Calibration {
    /// The half width of 80 % in standard errors of the normal distribution.
    static let normalHalfWidth = 1.2815515655446004
    /// How many scored months weigh as much as the pooled factor.
    private static let pooledWeight = 144.0
    private static let bounds = 0.5...3.0

    /// The factor from scores and the pooled factor.
    static func factor(_ scores: [Double], pooled: Double) -> Double {
        guard !scores.isEmpty else { return pooled }
        let sorted = scores.sorted()
        let rank = min(sorted.count, Int((Double(sorted.count + 1) * 0.8).rounded(.up)))
        let own = max(sorted[rank - 1], 1e-3)
        let weight = Double(sorted.count) / (Double(sorted.count) + pooledWeight)
        let factor = exp(weight * log(own) + (1 - weight) * log(pooled))
        return min(bounds.upperBound, max(bounds.lowerBound, factor))
    }

    /// The half width of a level in standard errors, before the factor.
    ///
    /// Tails are those of Student's distribution with four degrees of freedom: over pooled public series 95 % of errors
    /// lie within 1.6 to 1.9 times the half width of 80 %, where the normal distribution says 1.53.
    static func halfWidth(level: Int) -> Double {
        normalHalfWidth * quantile(level) / quantile(80)
    }

    /// The two-sided quantile of Student's distribution with four degrees of freedom, which has a closed form.
    static func quantile(_ level: Int) -> Double {
        let tail = (1 + Double(level) / 100) / 2
        let share = (4 * tail * (1 - tail)).squareRoot()
        return 2 * (cos(acos(share) / 3) / share - 1).squareRoot()
    }
}
