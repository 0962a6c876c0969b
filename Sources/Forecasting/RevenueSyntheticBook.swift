import Foundation
import Values

/// A made-up book whose truth is known: it is forecast to see whether intervals hold what they say, and whether what
/// was put in comes out.
///
/// Pure: a seed gives one book, its future included.
package struct RevenueSyntheticBook: Sendable {
    /// What is true of it.
    package struct Truth: Sendable {
        /// Renewals of monthly plans: Beta(alpha, beta).
        package var monthly = ShiftedBetaGeometric(alpha: 0.8, beta: 12)
        /// Renewals of yearly plans.
        package var yearly = ShiftedBetaGeometric(alpha: 0.9, beta: 4)
        /// The share of new subscriptions that pay by the year.
        package var yearlyShare = 0.25
        /// New subscriptions in the first month.
        package var arrivals = 12.0
        /// Their growth a month.
        package var arrivalGrowth = 0.015
        /// The standard deviation of the logarithm of what a month's arrivals have beside it.
        package var arrivalNoise = 0.12
        /// The same of what it has more or less than the month before, which stays.
        package var arrivalDrift = 0.02
        /// What plans cost a month.
        package var prices = [29.0, 99, 290]
        /// The share of subscriptions that pay more in a month, and by what factor.
        package var expansionShare = 0.03
        package var expansionFactor = 1.15
        /// The standard deviation of the logarithm of what hazards of a month have in common.
        package var sharedSpread = 0.1
        /// Usage of a subscription in the first month, its growth a month, and the noise of a month.
        package var usage = 18.0
        package var usageGrowth = 0.005
        package var usageNoise = 0.06
        /// The same of what a month has more or less than the month before, which stays.
        package var usageDrift = 0.01

        /// The mean growth a month of what those who stay pay, as a logarithm.
        package var expansion: Double { log(1 + expansionShare * (expansionFactor - 1)) }

        /// What is true of books as a rule.
        package init() {}

        /// What is true of one of many: everything differs.
        package init(seed: UInt64) {
            let random = CounterRandom(seed: seed, stream: 9_000)
            func between(_ low: Double, _ high: Double, _ what: UInt64) -> Double {
                low + (high - low) * random.uniform(0, what)
            }
            monthly = ShiftedBetaGeometric(alpha: between(0.5, 1.2, 1), beta: between(8, 25, 2))
            yearly = ShiftedBetaGeometric(alpha: between(0.5, 1.2, 3), beta: between(2.5, 6, 4))
            yearlyShare = between(0.1, 0.4, 5)
            arrivals = between(6, 25, 6)
            arrivalGrowth = between(-0.005, 0.025, 7)
            arrivalNoise = between(0.05, 0.2, 8)
            expansionShare = between(0, 0.05, 9)
            sharedSpread = between(0, 0.2, 10)
            usage = between(0, 40, 11)
            usageGrowth = between(-0.005, 0.015, 12)
            usageNoise = between(0.03, 0.1, 13)
            arrivalDrift = between(0, 0.04, 14)
            usageDrift = between(0, 0.02, 15)
        }
    }

    /// What is true.
    package let truth: Truth
    /// The months of history, then those to be forecast.
    package let months: Int
    private let contracts: [RevenueBook.Contract]
    private let usage: [Double]

    /// What a month costs of a plan that is paid by the year: two are free.
    package static let yearlyPrice = 10.0 / 12

    /// The first month of every book.
    package static let start = 2_020 * 12

    /// Makes a book of so many months.
    package init(truth: Truth, seed: UInt64, months: Int) {
        self.truth = truth
        self.months = months
        let random = CounterRandom(seed: seed, stream: 9_100)
        let shared = (0..<months).map { month in
            exp(truth.sharedSpread * random.normal(1, UInt64(month)) - truth.sharedSpread * truth.sharedSpread / 2)
        }
        var contracts: [RevenueBook.Contract] = []
        var wandered = 0.0
        for month in 0..<months {
            wandered += truth.arrivalDrift * random.normal(5, UInt64(month))
            let noise = wandered + truth.arrivalNoise * random.normal(2, UInt64(month))
            let level =
                truth.arrivals * pow(1 + truth.arrivalGrowth, Double(month))
                * exp(noise - truth.arrivalNoise * truth.arrivalNoise / 2)
            for _ in 0..<Self.poisson(level, random, UInt64(month)) {
                contracts.append(
                    Self.contract(truth, shared, month: month, months: months, random, UInt64(contracts.count))
                )
            }
        }
        self.contracts = contracts
        var usage: [Double] = []
        wandered = 0
        for month in 0..<months {
            wandered += truth.usageDrift * random.normal(6, UInt64(month))
            let middle = Double(Self.start + month) + 0.5
            let active = contracts.count { contract in
                contract.stretches.contains { $0.start <= middle && middle < $0.end }
            }
            let noise = wandered + truth.usageNoise * random.normal(3, UInt64(month))
            let each = truth.usage * pow(1 + truth.usageGrowth, Double(month))
            usage.append(Double(active) * each * exp(noise - truth.usageNoise * truth.usageNoise / 2))
        }
        self.usage = usage
    }

    private static func poisson(_ mean: Double, _ random: CounterRandom, _ month: UInt64) -> Int {
        // Beyond this the first term has no digits left, and the normal distribution is as good.
        guard mean < 500 else { return Int(max(0, mean + mean.squareRoot() * random.normal(4, month)).rounded()) }
        let luck = random.uniform(4, month)
        var term = exp(-mean)
        var sum = term
        var count = 0
        while sum < luck, count < 10_000 {
            count += 1
            term *= mean / Double(count)
            sum += term
        }
        return count
    }

    /// One life: a hazard of its own from the Beta distribution, drawn as the hazards of terms that it implies.
    private static func contract(
        _ truth: Truth,
        _ shared: [Double],
        month: Int,
        months: Int,
        _ random: CounterRandom,
        _ number: UInt64
    ) -> RevenueBook.Contract {
        let stream = 1_000_000 + number
        let isYearly = random.uniform(stream, 0) < truth.yearlyShare
        let model = isYearly ? truth.yearly : truth.monthly
        let term = isYearly ? 12 : 1
        let begins = Double(month) + random.uniform(stream, 1)
        var monthly = truth.prices[Int(random.uniform(stream, 2) * Double(truth.prices.count))]
        if isYearly { monthly *= yearlyPrice }
        var end = Double.infinity
        var number = 1
        while begins + Double(number * term) < Double(months) {
            let at = begins + Double(number * term)
            let hazard = min(0.999, model.hazard(number) * shared[Int(at)])
            if random.uniform(stream, 1_000 + UInt64(number)) < hazard {
                end = at
                break
            }
            number += 1
        }
        var stretches: [RevenueBook.Stretch] = []
        var from = begins
        var next = begins + 1
        var turn: UInt64 = 2_000
        while next < min(end, Double(months)) {
            if random.uniform(stream, turn) < truth.expansionShare {
                stretches.append(.init(start: from, end: next, monthly: monthly, term: term))
                monthly *= truth.expansionFactor
                from = next
            }
            turn += 1
            next += 1
        }
        stretches.append(.init(start: from, end: end, monthly: monthly, term: term))
        let offset = Double(Self.start)
        return RevenueBook.Contract(
            stretches: stretches.map {
                .init(start: $0.start + offset, end: $0.end + offset, monthly: $0.monthly, term: $0.term)
            },
            boundary: nil,
            ends: false
        )
    }

    /// What was known as so many months had gone.
    package func book(after months: Int) -> RevenueBook {
        let now = Double(Self.start + months)
        var known: [RevenueBook.Contract] = []
        for contract in contracts {
            var stretches: [RevenueBook.Stretch] = []
            for stretch in contract.stretches where stretch.start < now {
                var own = stretch
                if own.end > now { own.end = .infinity }
                stretches.append(own)
            }
            guard let first = stretches.first, let last = stretches.last else { continue }
            var boundary: Double?
            if last.end == .infinity {
                let term = Double(last.term)
                boundary = first.start + ((now - first.start) / term).rounded(.up) * term
            }
            known.append(RevenueBook.Contract(stretches: stretches, boundary: boundary, ends: false))
        }
        return RevenueBook(
            currency: .usd,
            asOf: now,
            contracts: known,
            usageStart: Self.start,
            usage: Array(usage.prefix(months))
        )
    }
}
