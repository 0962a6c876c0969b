/// Which members of a pool make the forecast.
struct Selection: Sendable {
    /// How much smaller the back-test's error must be, as a share, before others than the base are taken.
    ///
    /// Smaller margins were measured: below a quarter the choice follows noise and does worse than plain means.
    static let margin = 0.3

    /// The places of the members.
    let places: [Int]
    /// Why, for the reader.
    let note: String?

    /// Takes the base unless a candidate is better by the margin, at five of six origins at least.
    init(_ pool: Pool, _ backtest: Backtest, months: Int) {
        guard !pool.candidates.isEmpty else {
            places = pool.base
            note = nil
            return
        }
        guard backtest.origins.count >= 6, months < seasonLength || backtest.isComplete else {
            places = pool.base
            note = "too few origins with a whole year after them to prefer one model: equal weights"
            return
        }
        let usual = Self.errors(pool.base, backtest)
        let usualSum = usual.reduce(0, +)
        var least = usualSum * (1 - Self.margin)
        var best: [Int]?
        for candidate in pool.candidates {
            let errors = Self.errors(candidate, backtest)
            let sum = errors.reduce(0, +)
            let wins = zip(errors, usual).count { $0 < $1 }
            guard sum < least, wins * 6 >= usual.count * 5 else { continue }
            least = sum
            best = candidate
        }
        places = best ?? pool.base
        if best != nil {
            let gain = Int((100 * (1 - least / usualSum)).rounded())
            note = "chosen by the back-test: error \(gain) % below that of \(Self.names(pool.base, of: pool))"
        } else {
            note = pool.base.count > 1 ? "no choice was clearly better in the back-test: equal weights" : nil
        }
    }

    /// The mean absolute error at each origin over the yearly change there: late origins do not outweigh early ones.
    private static func errors(_ places: [Int], _ backtest: Backtest) -> [Double] {
        backtest.origins.map { backtest.error($0, places) / ($0.yearlyChange ?? 1) }
    }

    private static func names(_ places: [Int], of pool: Pool) -> String {
        places.count == 1 ? pool.members[places[0]].rawValue : "the mean of all"
    }
}
