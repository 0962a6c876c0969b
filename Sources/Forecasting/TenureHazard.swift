import Foundation

/// The hazard of each term as it was seen, without a form: what a shifted-beta-geometric model cannot follow, like a
/// month in which all promotions end.
///
/// Few counts are drawn towards the terms around them: the mean of a term is its own counts together with
/// `neighbourWeight` ends of terms at the hazard of its neighbours (weights fall by half a term), and the neighbours
/// towards all terms. Terms later than any that was seen have the hazard of the last.
package struct TenureHazard: Hashable, Sendable {
    /// How many ends of terms the neighbours weigh.
    static let neighbourWeight = 20.0

    /// By term, the first first.
    package let hazards: [Double]
    /// The standard errors of the logits, each term's own.
    let spreads: [Double]
    /// The standard error of the logit of all together.
    let commonSpread: Double

    /// Smooths counts; `mean` with the weight of a few losses is what is thought before anything was seen.
    package init(_ counts: RenewalCounts, mean: Double) {
        let weight = 4.0
        let all = (counts.lost + weight * mean) / (counts.atRisk + weight)
        let cells = counts.cells.isEmpty ? [RenewalCounts.Cell(atRisk: 0, lost: 0)] : counts.cells
        var hazards: [Double] = []
        var spreads: [Double] = []
        for (place, cell) in cells.enumerated() {
            var (near, nearLost) = (weight, weight * all)
            for (other, neighbour) in cells.enumerated() where other != place {
                let share = pow(0.5, Double(abs(other - place)))
                guard share > 1e-4 else { continue }
                near += share * neighbour.atRisk
                nearLost += share * neighbour.lost
            }
            let prior = min(0.995, max(0.0005, nearLost / near))
            let size = Self.neighbourWeight + cell.atRisk
            let mean = (Self.neighbourWeight * prior + cell.lost) / size
            hazards.append(mean)
            // The variance of a Beta's logit, about 1/a + 1/b; what is the neighbours' is in the common part.
            let own = cell.atRisk / size
            spreads.append((1 / (size * mean) + 1 / (size * (1 - mean))).squareRoot() * own.squareRoot())
        }
        self.hazards = hazards
        self.spreads = spreads
        commonSpread = (1 / (counts.lost + weight * mean + 0.5)).squareRoot()
    }

    /// The share of those who come to the end of a term, counted from 1, and leave there.
    package func hazard(_ term: Int) -> Double { hazards[min(hazards.count, max(1, term)) - 1] }

    /// The hazards moved by standard errors: all by a common one, each by its own.
    func moved(_ common: Double, _ own: (Int) -> Double) -> [Double] {
        hazards.indices.map { place in
            let logit = log(hazards[place] / (1 - hazards[place]))
            let step = common * commonSpread + own(place) * spreads[place]
            return 1 / (1 + exp(-(logit + min(2, max(-2, step)))))
        }
    }
}
