import Foundation

/// The ends of terms of one length that were seen, by the month in which they were.
struct RenewalHistory: Sendable {
    /// The length of the terms in months.
    let term: Int
    private(set) var months: [Int: RenewalCounts] = [:]

    init(term: Int) {
        self.term = term
    }

    mutating func add(month: Int, term: Int, isLost: Bool) {
        months[month, default: RenewalCounts()].add(term: term, atRisk: 1, lost: isLost ? 1 : 0)
    }

    /// All counts of months that pass a test.
    func counts(where isMeant: (Int) -> Bool = { _ in true }) -> RenewalCounts {
        var sum = RenewalCounts()
        for (month, counts) in months where isMeant(month) { sum.add(counts) }
        return sum
    }

    /// What the hazard of such a term is thought to be before anything was seen: 4 % of a month's, 20 % of a year's.
    var priorMean: Double { min(0.3, 0.04 + 0.16 * Double(min(12, term) - 1) / 11) }
}

/// How subscriptions of one interval go on: the model that foretold better what it had not seen.
package struct RenewalModel: Sendable {
    /// What it may be.
    package enum Form: Hashable, Sendable {
        /// Fader and Hardie's.
        case shiftedBetaGeometric(ShiftedBetaGeometric)
        /// Each term's own.
        case tenureHazard(TenureHazard)
    }

    /// The ends of terms that were held out, and how well each form foretold them.
    package struct HeldOut: Hashable, Sendable {
        /// How many ends of terms were held out.
        package let count: Int
        /// The mean logarithm of the likelihood of one, of either form; the greater the better.
        package let shiftedBetaGeometric: Double
        package let tenureHazard: Double
    }

    /// How few losses are too few to choose by.
    static let fewestLosses = 10.0

    /// The length of a term in months.
    package let term: Int
    /// What was chosen.
    package let form: Form
    /// How it was chosen; nil where there was too little to choose by.
    package let heldOut: HeldOut?
    /// How many ends of terms it is fitted to.
    package let atRisk: Int
    /// How many of them were the last.
    package let lost: Int

    /// Fits both forms to the first three quarters of the months, and keeps what makes the rest more probable, fitted
    /// to all of it; with too few losses on either side the form with two parameters.
    init(_ history: RenewalHistory) {
        let all = history.counts()
        term = history.term
        atRisk = Int(all.atRisk)
        lost = Int(all.lost)
        let mean = history.priorMean
        let prior = ShiftedBetaGeometric.Prior(odds: log(mean / (1 - mean)))
        heldOut = Self.heldOut(history, prior: prior, mean: mean)
        if let heldOut, heldOut.tenureHazard > heldOut.shiftedBetaGeometric {
            form = .tenureHazard(TenureHazard(all, mean: mean))
        } else {
            form = .shiftedBetaGeometric(.fit(all, prior: prior))
        }
    }

    private static func heldOut(
        _ history: RenewalHistory,
        prior: ShiftedBetaGeometric.Prior,
        mean: Double
    ) -> HeldOut? {
        guard let first = history.months.keys.min(), let last = history.months.keys.max(), last - first >= 7 else {
            return nil
        }
        let cut = last - max(1, (last - first + 1) / 4)
        let known = history.counts { $0 <= cut }
        let hidden = history.counts { $0 > cut }
        guard known.lost >= fewestLosses, hidden.lost >= fewestLosses else { return nil }
        let parametric = ShiftedBetaGeometric.fit(known, prior: prior)
        let tabular = TenureHazard(known, mean: mean)
        return HeldOut(
            count: Int(hidden.atRisk),
            shiftedBetaGeometric: hidden.logLikelihood(parametric.hazard) / hidden.atRisk,
            tenureHazard: hidden.logLikelihood(tabular.hazard) / hidden.atRisk
        )
    }

    /// The share of those who come to the end of a term, counted from 1, and leave there.
    package func hazard(_ term: Int) -> Double {
        switch form {
        case .shiftedBetaGeometric(let model): model.hazard(term)
        case .tenureHazard(let model): model.hazard(term)
        }
    }

    /// The share left after so many terms.
    package func survival(_ terms: Int) -> Double {
        guard terms > 0 else { return 1 }
        return (1...terms).reduce(1) { $0 * (1 - hazard($1)) }
    }

    /// Hazards of so many terms, with parameters drawn from what the counts leave open.
    func drawn(terms: Int, _ random: CounterRandom, _ draw: UInt64) -> [Double] {
        switch form {
        case .shiftedBetaGeometric(let model):
            let moved = model.moved(random.normal(draw, 0), random.normal(draw, 1))
            return (1...max(1, terms)).map(moved.hazard)
        case .tenureHazard(let model):
            let moved = model.moved(random.normal(draw, 0)) { random.normal(draw, UInt64($0) + 1) }
            return (0..<max(1, terms)).map { moved[min($0, moved.count - 1)] }
        }
    }
}
