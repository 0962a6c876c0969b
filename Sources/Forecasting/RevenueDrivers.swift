import Foundation
import Values

/// What moves revenue, fitted to one book: renewals by length of term, what those who stay pay more, new business,
/// usage, what months have in common, and costs.
struct RevenueDrivers: Sendable {
    /// Subscriptions of one length of term.
    struct Segment: Sendable {
        let model: RenewalModel
        /// The share of those whose next end of term is known to be their last.
        var announced = 0.0
        /// The share of new business of the last year.
        var share = 0.0
    }

    /// Monthly growth of what those who stay pay, as logarithms.
    struct Expansion: Sendable {
        var mean = 0.0
        var standardError = 0.0
        /// What months had beside the mean.
        var residuals: [Double] = []
    }

    /// By length of term, the shortest first.
    var segments: [Segment] = []
    var expansion = Expansion()
    /// New business a month.
    var new: RevenueSeries
    /// Usage a month.
    var usage: RevenueSeries
    /// At which part of a month new business begins, on average.
    var newStart = 0.5
    /// The standard deviation of the logarithm of what the hazards of a month have in common.
    var sharedSpread = 0.0
    /// How surprises of new business and of usage go with those of losses.
    var newCorrelation = 0.0
    var usageCorrelation = 0.0
    /// Whole months with new business to learn from.
    var months = 0

    init(_ book: RevenueBook, horizon: Int) throws(Problem) {
        let last = book.firstMonth
        let first = book.historyStart ?? last
        months = max(0, last - first)
        var histories: [Int: RenewalHistory] = [:]
        var inflow = Inflow(first: first, months: months)
        var standing: [Int: (all: Double, ending: Double)] = [:]
        for contract in book.contracts {
            // Also what is only agreed, and begins later, goes on or not.
            for stretch in contract.stretches where stretch.monthly > 0 && histories[stretch.term] == nil {
                histories[stretch.term] = RenewalHistory(term: stretch.term)
            }
            let spells = RevenueSpell.all(of: contract, asOf: book.asOf)
            for spell in spells {
                inflow.add(spell)
                histories[spell.term, default: RenewalHistory(term: spell.term)]
                    .add(spell, asOf: book.asOf, boundary: contract.boundary)
            }
            if let current = spells.last, !current.isLost, contract.boundary != nil {
                standing[current.term, default: (0, 0)].all += 1
                if contract.ends { standing[current.term, default: (0, 0)].ending += 1 }
            }
        }
        for (term, history) in histories.sorted(by: { $0.key < $1.key }) {
            var segment = Segment(model: RenewalModel(history))
            if let count = standing[term], count.all > 0 { segment.announced = count.ending / count.all }
            segments.append(segment)
        }
        inflow.share(&segments, until: last)
        newStart = inflow.start
        new = try RevenueSeries(values: inflow.monthly, start: first, next: last, horizon: horizon)
        let usageMonths = book.usage.drop { $0 == 0 }
        usage = try RevenueSeries(
            values: Array(usageMonths),
            start: book.usageStart + book.usage.count - usageMonths.count,
            next: last,
            horizon: horizon
        )
        expansion = Self.expansion(book, last: last, months: min(24, months))
        share(histories, inflow: inflow.monthly, first: first, usage: book)
    }

    /// Which segment has a length of term; one that was never seen is that of the next length.
    func segment(of term: Int) -> Int {
        segments.firstIndex { $0.model.term >= term } ?? max(0, segments.count - 1)
    }

    /// What those who had something as a month began, and have as it ends, pay more.
    private static func expansion(_ book: RevenueBook, last: Int, months: Int) -> Expansion {
        guard months > 0 else { return Expansion() }
        var before = [Double](repeating: 0, count: months)
        var after = before
        let first = last - months
        for contract in book.contracts {
            var place = 0
            func level(_ time: Double) -> Double {
                while place + 1 < contract.stretches.count, contract.stretches[place + 1].start < time { place += 1 }
                guard place < contract.stretches.count else { return 0 }
                let stretch = contract.stretches[place]
                return stretch.start < time && time <= stretch.end ? stretch.monthly : 0
            }
            var opening = level(Double(first))
            for month in 0..<months {
                let closing = level(Double(first + month + 1))
                if opening > 0, closing > 0 {
                    before[month] += opening
                    after[month] += closing
                }
                opening = closing
            }
        }
        let growth = zip(before, after).filter { $0.0 > 0 }.map { log($0.1 / $0.0) }
        guard !growth.isEmpty else { return Expansion() }
        // Two months without any stand for what is thought before: few months say little.
        let mean = growth.reduce(0, +) / Double(growth.count + 2)
        let residuals = growth.map { $0 - mean }
        let square = residuals.reduce(0) { $0 + $1 * $1 } / Double(max(1, growth.count - 1))
        return Expansion(
            mean: mean,
            standardError: (square / Double(growth.count)).squareRoot(),
            residuals: residuals
        )
    }

    /// What months have in common: losses beyond chance, and what goes along with them.
    private mutating func share(
        _ histories: [Int: RenewalHistory],
        inflow: [Double],
        first: Int,
        usage book: RevenueBook
    ) {
        var surprises: [Int: Double] = [:]
        var (excess, squares) = (0.0, 0.0)
        let all = Set(histories.values.flatMap { $0.months.keys }).sorted()
        for month in all {
            var (expected, variance, seen) = (0.0, 0.0, 0.0)
            for segment in segments {
                guard let counts = histories[segment.model.term]?.months[month] else { continue }
                for (place, cell) in counts.cells.enumerated() {
                    let hazard = segment.model.hazard(place + 1)
                    expected += cell.atRisk * hazard
                    variance += cell.atRisk * hazard * (1 - hazard)
                    seen += cell.lost
                }
            }
            guard expected > 0, variance > 0 else { continue }
            let away = seen - expected
            excess += away * away - variance
            squares += expected * expected
            surprises[month] = away / variance.squareRoot()
        }
        // The variance of the shared factor is that of losses beyond what chance explains.
        if squares > 0, all.count >= 6 { sharedSpread = log(1 + min(0.25, max(0, excess / squares))).squareRoot() }
        newCorrelation = Self.correlation(surprises, inflow, first: first)
        usageCorrelation = Self.correlation(surprises, book.usage, first: book.usageStart)
    }

    /// The correlation of monthly changes, drawn towards none with the weight of two years.
    private static func correlation(_ surprises: [Int: Double], _ values: [Double], first: Int) -> Double {
        var pairs: [(Double, Double)] = []
        for place in values.indices.dropFirst() {
            guard values[place] > 0, values[place - 1] > 0, let now = surprises[first + place],
                let before = surprises[first + place - 1]
            else { continue }
            pairs.append((now - before, log(values[place] / values[place - 1])))
        }
        guard pairs.count >= 6 else { return 0 }
        let count = Double(pairs.count)
        let (left, right) = (pairs.reduce(0) { $0 + $1.0 } / count, pairs.reduce(0) { $0 + $1.1 } / count)
        var (both, one, other) = (0.0, 0.0, 0.0)
        for pair in pairs {
            both += (pair.0 - left) * (pair.1 - right)
            one += (pair.0 - left) * (pair.0 - left)
            other += (pair.1 - right) * (pair.1 - right)
        }
        guard one > 0, other > 0 else { return 0 }
        return both / (one * other).squareRoot() * count / (count + 24)
    }
}

extension RenewalHistory {
    /// Adds the ends of terms that a spell came to.
    mutating func add(_ spell: RevenueSpell, asOf: Double, boundary: Double?) {
        let count = spell.terms(asOf: asOf, boundary: boundary)
        guard count > 0 else { return }
        for number in 1...count {
            let at = spell.start + Double(number * spell.term)
            let isLast = number == count && spell.isLost
            add(month: Int((isLast ? spell.end : at).rounded(.down)), term: number, isLost: isLast)
        }
    }
}

/// New business by month.
private struct Inflow {
    let first: Int
    var monthly: [Double]
    private var byTerm: [Int: [Double]] = [:]
    private var weighted = 0.0
    private var sum = 0.0

    init(first: Int, months: Int) {
        self.first = first
        monthly = [Double](repeating: 0, count: months)
    }

    mutating func add(_ spell: RevenueSpell) {
        let month = Int(spell.start.rounded(.down))
        guard spell.isNew, monthly.indices.contains(month - first) else { return }
        monthly[month - first] += spell.monthly
        byTerm[spell.term, default: Array(repeating: 0, count: monthly.count)][month - first] += spell.monthly
        weighted += spell.monthly * (spell.start - Double(month))
        sum += spell.monthly
    }

    /// At which part of a month it begins, on average.
    var start: Double { sum > 0 ? weighted / sum : 0.5 }

    /// How it was divided in the last year.
    func share(_ segments: inout [RevenueDrivers.Segment], until last: Int) {
        let year = byTerm.mapValues { $0.suffix(12).reduce(0, +) }
        let all = year.values.reduce(0, +)
        for place in segments.indices {
            segments[place].share =
                all > 0 ? (year[segments[place].model.term] ?? 0) / all : 1 / Double(segments.count)
        }
    }
}
