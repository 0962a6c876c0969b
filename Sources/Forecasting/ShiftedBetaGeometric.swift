import Foundation
package import Values

/// How many came to the end of each of their terms, and how many left there: right-censored, since who is still in a
/// term has not come to its end.
package struct RenewalCounts: Hashable, Sendable {
    /// One term.
    package struct Cell: Hashable, Sendable {
        /// How many came to its end.
        package var atRisk: Double
        /// How many of them did not go on.
        package var lost: Double
    }

    /// By term, the first first.
    package private(set) var cells: [Cell] = []

    /// Nothing yet.
    package init() {}

    /// The survivors of one cohort: its size, then how many are left after each term.
    package init(survivors: [Double]) throws(Problem) {
        guard survivors.count >= 2 else {
            throw .invalid("survivors", "has \(survivors.count) numbers; the size and what is left of it are expected")
        }
        for (place, pair) in zip(survivors, survivors.dropFirst()).enumerated() {
            guard pair.1 >= 0, pair.1 <= pair.0, pair.0.isFinite else {
                throw .invalid("survivors[\(place + 1)]", "is \(pair.1) after \(pair.0); survivors never grow")
            }
            cells.append(Cell(atRisk: pair.0, lost: pair.0 - pair.1))
        }
    }

    /// Adds who came to the end of a term, counted from 1.
    package mutating func add(term: Int, atRisk: Double, lost: Double) {
        guard term >= 1 else { return }
        while cells.count < term { cells.append(Cell(atRisk: 0, lost: 0)) }
        cells[term - 1].atRisk += atRisk
        cells[term - 1].lost += lost
    }

    /// Adds all of others.
    mutating func add(_ other: RenewalCounts) {
        for (place, cell) in other.cells.enumerated() {
            add(term: place + 1, atRisk: cell.atRisk, lost: cell.lost)
        }
    }

    /// How many ends of terms.
    package var atRisk: Double { cells.reduce(0) { $0 + $1.atRisk } }

    /// How many left.
    package var lost: Double { cells.reduce(0) { $0 + $1.lost } }

    /// The logarithm of the probability of the counts if `hazard` is true of each term.
    func logLikelihood(_ hazard: (Int) -> Double) -> Double {
        var sum = 0.0
        for (place, cell) in cells.enumerated() where cell.atRisk > 0 {
            let risk = min(1 - 1e-9, max(1e-9, hazard(place + 1)))
            sum += cell.lost * log(risk) + (cell.atRisk - cell.lost) * log(1 - risk)
        }
        return sum
    }
}

/// Renewals of customers who differ: each has a probability of its own to leave at the end of a term, and these are
/// distributed as Beta(alpha, beta) (the shifted-beta-geometric model of Fader and Hardie 2007).
///
/// Those who leave easily leave first, so the hazard falls from term to term: a constant rate forecasts too few
/// survivors.
package struct ShiftedBetaGeometric: Hashable, Sendable {
    /// The weight of leaving.
    package let alpha: Double
    /// The weight of staying.
    package let beta: Double
    /// The variances of ln alpha and ln beta, and their covariance: the inverse of the curvature.
    let spread: (alpha: Double, beta: Double, both: Double)

    /// A model with known parameters.
    package init(alpha: Double, beta: Double) {
        self.init(alpha: alpha, beta: beta, spread: (0, 0, 0))
    }

    private init(alpha: Double, beta: Double, spread: (alpha: Double, beta: Double, both: Double)) {
        self.alpha = alpha
        self.beta = beta
        self.spread = spread
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.alpha == right.alpha && left.beta == right.beta && left.spread == right.spread
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(alpha)
        hasher.combine(beta)
    }

    /// The share of those who come to the end of a term, counted from 1, and leave there.
    package func hazard(_ term: Int) -> Double { alpha / (alpha + beta + Double(max(1, term) - 1)) }

    /// The share of a cohort that is left after so many terms.
    package func survival(_ terms: Int) -> Double {
        guard terms > 0 else { return 1 }
        return (1...terms).reduce(1) { $0 * (1 - hazard($1)) }
    }

    /// What is thought of a model before anything was seen: of the logarithms of alpha ÷ beta and of alpha + beta.
    struct Prior: Sendable {
        var odds: Double
        var oddsSpread = 1.5
        var size = log(8.0)
        var sizeSpread = 1.5
    }

    /// The parameters that make the counts most probable.
    package static func fit(_ counts: RenewalCounts) -> ShiftedBetaGeometric { fit(counts, prior: nil) }

    /// The same with a prior, which few counts need: without any loss the likelihood has no maximum.
    static func fit(_ counts: RenewalCounts, prior: Prior?) -> ShiftedBetaGeometric {
        let surface = Surface(counts: counts, prior: prior)
        let share = min(0.9, max(0.001, counts.lost / max(1, counts.atRisk)))
        var point = (log(share * 3), log((1 - share) * 3))
        if let prior, counts.atRisk < 1 { point = (prior.size + prior.odds - log(1 + exp(prior.odds)), prior.size) }
        var value = surface.value(point)
        var damping = 1e-3
        for _ in 0..<200 {
            let slope = surface.slope(point)
            guard abs(slope.gradient.0) + abs(slope.gradient.1) > 1e-9 * (1 + abs(value)) else { break }
            guard let step = slope.step(damping: damping) else {
                damping *= 10
                continue
            }
            let next = (
                min(14, max(-14, point.0 + min(2, max(-2, step.0)))),
                min(14, max(-14, point.1 + min(2, max(-2, step.1))))
            )
            let better = surface.value(next)
            if better >= value {
                let gain = better - value
                point = next
                value = better
                damping = max(1e-9, damping / 10)
                if gain < 1e-13 * (1 + abs(value)) { break }
            } else {
                damping *= 10
                guard damping < 1e12 else { break }
            }
        }
        return ShiftedBetaGeometric(
            alpha: exp(point.0),
            beta: exp(point.1),
            spread: surface.slope(point).covariance
        )
    }

    /// The same model with its parameters moved by so many standard errors in two independent directions.
    func moved(_ first: Double, _ second: Double) -> ShiftedBetaGeometric {
        let one = spread.alpha.squareRoot()
        let slope = one > 0 ? spread.both / one : 0
        let rest = max(0, spread.beta - slope * slope).squareRoot()
        return ShiftedBetaGeometric(
            alpha: alpha * exp(min(2, max(-2, one * first))),
            beta: beta * exp(min(2, max(-2, slope * first + rest * second)))
        )
    }
}

/// The logarithm of the likelihood over (ln alpha, ln beta), with its slopes in closed form.
private struct Surface {
    let counts: RenewalCounts
    let prior: ShiftedBetaGeometric.Prior?

    struct Slope {
        var gradient = (0.0, 0.0)
        var curvature = (first: 0.0, second: 0.0, both: 0.0)

        /// A step uphill; nil where the damped curvature does not bend down.
        func step(damping: Double) -> (Double, Double)? {
            let (first, second) = (damping - curvature.first, damping - curvature.second)
            let determinant = first * second - curvature.both * curvature.both
            guard first > 0, determinant > 1e-300 else { return nil }
            return (
                (second * gradient.0 + curvature.both * gradient.1) / determinant,
                (curvature.both * gradient.0 + first * gradient.1) / determinant
            )
        }

        /// The inverse of the curvature turned round; wide where it does not bend.
        var covariance: (alpha: Double, beta: Double, both: Double) {
            let (first, second) = (-curvature.first, -curvature.second)
            let determinant = first * second - curvature.both * curvature.both
            guard first > 0, determinant > 1e-12 else { return (1, 1, 0) }
            return (second / determinant, first / determinant, curvature.both / determinant)
        }
    }

    func value(_ point: (Double, Double)) -> Double {
        let model = ShiftedBetaGeometric(alpha: exp(point.0), beta: exp(point.1))
        var sum = counts.logLikelihood(model.hazard)
        if let prior {
            let odds = (point.0 - point.1 - prior.odds) / prior.oddsSpread
            let size = (log(exp(point.0) + exp(point.1)) - prior.size) / prior.sizeSpread
            sum -= (odds * odds + size * size) / 2
        }
        return sum
    }

    func slope(_ point: (Double, Double)) -> Slope {
        let (alpha, beta) = (exp(point.0), exp(point.1))
        var (byAlpha, byBeta, alphaTwice, betaTwice, both) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for (place, cell) in counts.cells.enumerated() where cell.atRisk > 0 {
            let kept = cell.atRisk - cell.lost
            let stays = beta + Double(place)
            let all = alpha + stays
            byAlpha += cell.lost / alpha - cell.atRisk / all
            byBeta += kept / stays - cell.atRisk / all
            let square = cell.atRisk / (all * all)
            alphaTwice += square - cell.lost / (alpha * alpha)
            betaTwice += square - kept / (stays * stays)
            both += square
        }
        var slope = Slope()
        slope.gradient = (alpha * byAlpha, beta * byBeta)
        slope.curvature = (
            alpha * alpha * alphaTwice + alpha * byAlpha, beta * beta * betaTwice + beta * byBeta, alpha * beta * both
        )
        guard let prior else { return slope }
        let oddsWeight = 1 / (prior.oddsSpread * prior.oddsSpread)
        let sizeWeight = 1 / (prior.sizeSpread * prior.sizeSpread)
        let odds = point.0 - point.1 - prior.odds
        let size = log(alpha + beta) - prior.size
        let (left, stay) = (alpha / (alpha + beta), beta / (alpha + beta))
        slope.gradient.0 -= odds * oddsWeight + size * sizeWeight * left
        slope.gradient.1 -= -odds * oddsWeight + size * sizeWeight * stay
        slope.curvature.first -= oddsWeight + sizeWeight * (left * left + size * left * stay)
        slope.curvature.second -= oddsWeight + sizeWeight * (stay * stay + size * left * stay)
        slope.curvature.both -= -oddsWeight + sizeWeight * (left * stay - size * left * stay)
        return slope
    }
}
