import Foundation

/// Many futures of one book, path by path: each subscription goes on or not at each end of a term, months share their
/// shocks, and parameters are drawn from what the history leaves open.
struct RevenueSimulation: Sendable {
    /// One scenario's futures.
    struct Paths: Sendable {
        let horizon: Int
        let count: Int
        /// Revenue, path by path.
        var totals: [Double]
        /// What of it costs of revenue take, path by path.
        var costs: [Double]
        /// Expected renewals, usage and new business by month.
        var renewal: [Double]
        var usage: [Double]
        var new: [Double]
    }

    /// How many draws of parameters there are; paths share them in turn.
    private static let draws = 250
    /// Hazards are drawn for so many terms; later ones have the last.
    private static let terms = 240

    let book: RevenueBook
    let drivers: RevenueDrivers
    let horizon: Int
    let paths: Int
    let seed: UInt64
    /// What is agreed until the next ends of terms, by month.
    let committed: [Double]
    private let lots: [RevenueLot]
    /// By draw and segment.
    private let hazards: [[[Double]]]

    init(_ book: RevenueBook, _ drivers: RevenueDrivers, horizon: Int, paths: Int, seed: UInt64) {
        self.book = book
        self.drivers = drivers
        self.horizon = horizon
        self.paths = paths
        self.seed = seed
        committed = book.recurring(from: book.firstMonth, months: horizon, isCommitted: true)
        lots = RevenueLots.all(of: book, drivers)
        hazards = (0..<min(Self.draws, paths)).map { draw in
            drivers.segments.indices.map { place in
                let random = CounterRandom(seed: seed, stream: 1_000 + UInt64(place))
                return drivers.segments[place].model.drawn(terms: Self.terms, random, UInt64(draw))
            }
        }
    }

    /// The futures under a scenario: the same luck in each.
    func run(_ scenario: Scenario) -> Paths {
        let count = horizon * paths
        var all = Paths(
            horizon: horizon,
            count: paths,
            totals: Array(repeating: 0, count: count),
            costs: Array(repeating: 0, count: count),
            renewal: Array(repeating: 0, count: horizon),
            usage: Array(repeating: 0, count: horizon),
            new: Array(repeating: 0, count: horizon)
        )
        var path = Path(self, scenario)
        for number in 0..<paths {
            path.draw(UInt64(number), hazards: hazards.isEmpty ? [] : hazards[number % hazards.count])
            for month in 0..<horizon {
                all.renewal[month] += path.renewal[month]
                all.usage[month] += path.usage[month]
                all.new[month] += path.new[month]
                let total = max(0, committed[month] + path.renewal[month] + path.usage[month] + path.new[month])
                all.totals[number * horizon + month] = total
                all.costs[number * horizon + month] = total * path.costShare[month]
            }
        }
        for month in 0..<horizon {
            all.renewal[month] /= Double(max(1, paths))
            all.usage[month] /= Double(max(1, paths))
            all.new[month] /= Double(max(1, paths))
        }
        return all
    }

    /// One future; its storage is used again for the next.
    private struct Path {
        let simulation: RevenueSimulation
        /// The scenario's factors by month.
        let price: [Double]
        let churn: [Double]
        let newFactor: [Double]
        let usageFactor: [Double]
        let costFactors: [[Double]]
        let partnerPercent: Double?
        var renewal: [Double]
        var usage: [Double]
        var new: [Double]
        var costShare: [Double]
        private var shared: [Double]
        private var hazardFactor: [Double]
        private var growth: [Double]
        private var surprises: [Double]
        private let monthly: CounterRandom
        private let luck: CounterRandom

        init(_ simulation: RevenueSimulation, _ scenario: Scenario) {
            self.simulation = simulation
            let first = simulation.book.firstMonth
            func factors(_ lever: Scenario.Lever) -> [Double] {
                (0..<simulation.horizon).map { lever.factor(in: first + $0) }
            }
            price = factors(scenario.price)
            churn = factors(scenario.churn)
            newFactor = factors(scenario.new)
            usageFactor = factors(scenario.usage)
            costFactors = scenario.costs.map(factors)
            partnerPercent = scenario.partnerPercent
            let zero = [Double](repeating: 0, count: simulation.horizon)
            renewal = zero
            usage = zero
            new = zero
            costShare = zero
            shared = zero
            hazardFactor = zero
            growth = zero
            surprises = zero
            monthly = CounterRandom(seed: simulation.seed, stream: 1)
            luck = CounterRandom(seed: simulation.seed, stream: 2)
        }

        mutating func draw(_ number: UInt64, hazards: [[Double]]) {
            drawMonths(number)
            for month in renewal.indices { renewal[month] = simulation.committed[month] * (growth[month] - 1) }
            for (place, lot) in simulation.lots.enumerated() { follow(lot, place, number, hazards) }
            drawNew(number, hazards)
            drawUsage(number)
            drawCosts(number)
        }

        /// What all have in common: the shocks of months, and what those who stay pay more.
        private mutating func drawMonths(_ number: UInt64) {
            let drivers = simulation.drivers
            let spread = drivers.sharedSpread
            let expansion = drivers.expansion
            let drift = expansion.mean + expansion.standardError * monthly.normal(number, 100_000)
            var sum = 0.0
            for month in shared.indices {
                shared[month] = monthly.normal(number, UInt64(month))
                hazardFactor[month] = churn[month] * exp(spread * shared[month] - spread * spread / 2)
                // The first month began before the as-of: on average half of what moves in it is in the levels.
                let part = month == 0 ? 0.5 : 1.0
                sum += part * drift
                if !expansion.residuals.isEmpty {
                    let luck = monthly.uniform(number, 200_000 + UInt64(month))
                    let place = Int(luck * Double(expansion.residuals.count))
                    sum += part * expansion.residuals[min(expansion.residuals.count - 1, place)]
                }
                growth[month] = exp(min(5, max(-5, sum)))
            }
        }

        /// What subscriptions bring after the end of their term.
        private mutating func follow(_ lot: RevenueLot, _ place: Int, _ number: UInt64, _ hazards: [[Double]]) {
            let horizon = simulation.horizon
            let stream = number &* 1_000_003 &+ UInt64(place)
            var boundary = lot.boundary
            var month = Int(max(0, boundary))
            guard month < horizon else { return }
            let announced = simulation.drivers.segments[lot.segment].announced
            var hazard = Self.hazard(hazards[lot.segment], lot.number)
            // What leaves at this end and is known to is not in any lot.
            if announced < 1 { hazard = max(0, hazard - announced) / (1 - announced) }
            let own = hazards[lot.nextSegment]
            var term = lot.nextSegment == lot.segment ? lot.number : 0
            var alive = lot.count
            var factor = 1.0
            var before = 0.0
            var turn: UInt64 = 0
            while month < horizon {
                let gone = min(1, max(0, boundary - Double(month)))
                let leaves = min(0.999, hazard * hazardFactor[month])
                alive = simulation.lucky(luck, alive, 1 - leaves, stream, turn)
                turn += 1
                if factor == 1 { factor = price[month] }
                let after = Double(alive) * lot.monthly * factor
                renewal[month] += (before * gone + after * (1 - gone)) * growth[month]
                guard alive > 0 else { return }
                before = after
                term += 1
                hazard = Self.hazard(own, term)
                boundary += Double(lot.nextTerm)
                let next = max(month + 1, Int(boundary))
                for between in (month + 1)..<max(month + 1, min(next, horizon)) {
                    renewal[between] += after * growth[between]
                }
                month = next
            }
        }

        @inline(__always)
        private static func hazard(_ hazards: [Double], _ term: Int) -> Double {
            hazards[min(hazards.count, max(1, term)) - 1]
        }

        /// New business, month by month, and what is left of it later.
        private mutating func drawNew(_ number: UInt64, _ hazards: [[Double]]) {
            let drivers = simulation.drivers
            drawSurprises(number, stream: 300_000, correlation: drivers.newCorrelation)
            drivers.new.path(surprises, tail: tail(number, 400_000), into: &usage)
            for month in new.indices { new[month] = 0 }
            let horizon = simulation.horizon
            let gone = simulation.book.asOf - Double(simulation.book.firstMonth)
            for month in 0..<horizon {
                // Of the month that has begun only the rest is to come.
                let left = month == 0 ? 1 - gone : 1
                let start = month == 0 ? gone + left * drivers.newStart : drivers.newStart
                let begun = usage[month] * left * newFactor[month] * price[month]
                guard begun > 0 else { continue }
                for (place, segment) in drivers.segments.enumerated() where segment.share > 0 {
                    let term = segment.model.term
                    var alive = begun * segment.share / growth[month]
                    new[month] += alive * (1 - start) * growth[month]
                    for later in (month + 1)..<max(month + 1, horizon) {
                        var brings = alive
                        if (later - month) % term == 0 {
                            let hazard = Self.hazard(hazards[place], (later - month) / term) * hazardFactor[later]
                            alive *= 1 - min(0.999, hazard)
                            brings = brings * start + alive * (1 - start)
                        }
                        new[later] += brings * growth[later]
                    }
                }
            }
        }

        private mutating func drawUsage(_ number: UInt64) {
            let drivers = simulation.drivers
            drawSurprises(number, stream: 500_000, correlation: drivers.usageCorrelation)
            drivers.usage.path(surprises, tail: tail(number, 600_000), into: &usage)
            for month in usage.indices { usage[month] *= usageFactor[month] * price[month] }
        }

        private mutating func drawSurprises(_ number: UInt64, stream: UInt64, correlation: Double) {
            let rest = max(0, 1 - correlation * correlation).squareRoot()
            for month in surprises.indices {
                let own = monthly.normal(number, stream + UInt64(month))
                surprises[month] = correlation * shared[month] + rest * own
            }
        }

        /// How much wider a path is than others: with it the surprises have Student's distribution with four degrees
        /// of freedom, whose 80 % are those of the normal distribution.
        private func tail(_ number: UInt64, _ stream: UInt64) -> Double {
            let square = -2 * log(monthly.uniform(number, stream) * monthly.uniform(number, stream + 1))
            return (4 / square).squareRoot() * NormalDistribution.halfWidth80 / 1.5332062740589438
        }

        /// The share of revenue that costs take: months of the last year, drawn with repetition.
        private mutating func drawCosts(_ number: UInt64) {
            let months = simulation.book.costs
            guard !months.isEmpty else { return }
            var revenue = 0.0
            var sums = [Double](repeating: 0, count: RevenueBook.costNames.count)
            for turn in months.indices {
                let luck = monthly.uniform(number, 700_000 + UInt64(turn))
                let month = months[min(months.count - 1, Int(luck * Double(months.count)))]
                revenue += month.revenue
                for (place, cost) in month.costs.enumerated() { sums[place] += cost }
            }
            for month in costShare.indices {
                costShare[month] = 0
                guard revenue > 0 else { continue }
                for (place, sum) in sums.enumerated() {
                    var share = sum / revenue
                    if place == sums.count - 1, let partnerPercent { share = partnerPercent / 100 }
                    costShare[month] += share * costFactors[place][month]
                }
            }
        }
    }

    @inline(__always)
    private func lucky(_ random: CounterRandom, _ count: Int, _ share: Double, _ first: UInt64, _ second: UInt64) -> Int
    {
        random.survivors(of: count, each: share, first, second)
    }
}
