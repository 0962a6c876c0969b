import Testing
import Values

@testable import Forecasting

/// How subscriptions go on: fitted to counts.
@Suite struct RenewalModelTests {
    /// The example of Fader and Hardie (2007): of 1000 customers, how many are left after each year; seven are known.
    private static let regular = [1000.0, 631, 468, 382, 326, 289, 262, 241]
    private static let highEnd = [1000.0, 869, 743, 653, 593, 551, 517, 491]

    @Test func `the fit is that of the paper`() throws {
        let regular = ShiftedBetaGeometric.fit(try RenewalCounts(survivors: Self.regular))
        #expect(abs(regular.alpha - 0.704) < 0.0005 && abs(regular.beta - 1.182) < 0.0005)
        let highEnd = ShiftedBetaGeometric.fit(try RenewalCounts(survivors: Self.highEnd))
        #expect(abs(highEnd.alpha - 0.668) < 0.0005 && abs(highEnd.beta - 3.806) < 0.0005)
    }

    @Test func `five years later it is right where a constant rate is far off`() throws {
        let model = ShiftedBetaGeometric.fit(try RenewalCounts(survivors: Self.highEnd))
        // 394 were left; the rate of seven years to the twelfth power says less than 300.
        #expect(abs(model.survival(12) - 0.394) < 0.02)
        let counts = try RenewalCounts(survivors: Self.highEnd)
        var constant = 1.0
        for _ in 1...12 { constant *= 1 - counts.lost / counts.atRisk }
        #expect(constant < 0.31)
    }

    @Test func `who is still there counts as having stayed so far`() throws {
        // Two cohorts, one of which began two terms later: the likelihood is that of both, not of the longer alone.
        var counts = try RenewalCounts(survivors: Self.regular)
        counts.add(try RenewalCounts(survivors: [1000, 700, 550]))
        let model = ShiftedBetaGeometric.fit(counts)
        #expect(model.survival(1) > 0.64 && model.survival(1) < 0.69)
        func logLikelihood(_ alpha: Double, _ beta: Double) -> Double {
            counts.logLikelihood(ShiftedBetaGeometric(alpha: alpha, beta: beta).hazard)
        }
        let best = logLikelihood(model.alpha, model.beta)
        for (up, down) in [(1.02, 1.0), (0.98, 1.0), (1.0, 1.02), (1.0, 0.98)] {
            #expect(logLikelihood(model.alpha * up, model.beta * down) < best)
        }
    }

    @Test func `a prior keeps the fit finite where nobody left, and hardly moves it where many did`() throws {
        var counts = RenewalCounts()
        counts.add(term: 1, atRisk: 12, lost: 0)
        let prior = ShiftedBetaGeometric.Prior(odds: -3)
        let few = ShiftedBetaGeometric.fit(counts, prior: prior)
        #expect(few.hazard(1) > 0.005 && few.hazard(1) < 0.05)
        let none = ShiftedBetaGeometric.fit(RenewalCounts(), prior: prior)
        #expect(none.hazard(1) > 0.03 && none.hazard(1) < 0.07)
        let many = ShiftedBetaGeometric.fit(try RenewalCounts(survivors: Self.highEnd), prior: prior)
        #expect(abs(many.survival(12) - 0.378) < 0.01)
    }

    @Test func `what leaves more open is drawn wider`() throws {
        func spread(_ survivors: [Double]) throws -> Double {
            let fit = ShiftedBetaGeometric.fit(try RenewalCounts(survivors: survivors))
            let random = CounterRandom(seed: 1, stream: 1)
            let draws: [Double] = (0..<UInt64(400)).map { draw in
                fit.moved(random.normal(draw, 0), random.normal(draw, 1)).survival(3)
            }
            let mean = draws.reduce(0, +) / 400
            let squares = draws.map { ($0 - mean) * ($0 - mean) }
            return (squares.reduce(0, +) / 400).squareRoot()
        }
        let many = try spread(Self.regular)
        let few = try spread(Self.regular.map { $0 / 100 })
        // Binomial: of a thousand the third year's share has a standard error of about 1.4 points, of ten ten times
        // that.
        #expect(many > 0.008 && many < 0.02)
        #expect(few > 5 * many && few < 15 * many)
    }

    @Test func `survivors that grow are refused with their place`() {
        let error = #expect(throws: Problem.self) { try RenewalCounts(survivors: [10, 9, 9.5]) }
        #expect(error?.errors.map(\.field) == ["survivors[2]"])
        #expect(throws: Problem.self) { try RenewalCounts(survivors: [10]) }
    }

    @Test func `a term that was seen little is drawn to those around it`() {
        var counts = RenewalCounts()
        counts.add(term: 1, atRisk: 1000, lost: 100)
        counts.add(term: 2, atRisk: 2, lost: 2)
        counts.add(term: 3, atRisk: 800, lost: 40)
        let model = TenureHazard(counts, mean: 0.05)
        #expect(abs(model.hazard(1) - 0.1) < 0.003)
        #expect(model.hazard(2) > 0.06 && model.hazard(2) < 0.2)
        #expect(abs(model.hazard(3) - 0.05) < 0.003)
        #expect(model.hazard(99) == model.hazard(3))
    }

    /// So many subscriptions begin every month and go on by hazards.
    private func history(_ hazard: (Int) -> Double, months: Int, each: Int) -> RenewalHistory {
        var history = RenewalHistory(term: 1)
        let random = CounterRandom(seed: 5, stream: 0)
        for start in 0..<months {
            for number in 0..<each {
                for term in 1...max(1, months - start) where start + term < months {
                    let isLost = random.uniform(UInt64(start * each + number), UInt64(term)) < hazard(term)
                    history.add(month: start + term, term: term, isLost: isLost)
                    if isLost { break }
                }
            }
        }
        return history
    }

    @Test func `a hazard with a step is foretold better by its table, a falling one by two parameters`() throws {
        let stepped = RenewalModel(history({ $0 == 3 ? 0.5 : 0.02 }, months: 30, each: 60))
        #expect(stepped.name == "tenure_hazard")
        #expect(abs(stepped.hazard(3) - 0.5) < 0.05 && stepped.hazard(2) < 0.05)
        let truth = ShiftedBetaGeometric(alpha: 0.7, beta: 4)
        let falling = RenewalModel(history(truth.hazard, months: 30, each: 8))
        #expect(falling.name == "shifted_beta_geometric")
        #expect(abs(falling.survival(6) - truth.survival(6)) < 0.08)
        let heldOut = try #require(falling.heldOut)
        #expect(heldOut.shiftedBetaGeometric > heldOut.tenureHazard)
        // Nothing to choose by.
        #expect(RenewalModel(history(truth.hazard, months: 5, each: 2)).heldOut == nil)
    }
}
