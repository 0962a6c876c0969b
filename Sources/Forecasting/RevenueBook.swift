package import Values

/// What a forecast of revenue knows: the subscriptions of one currency, usage and costs, as they were known at an
/// instant.
///
/// Times are months since January of the year 0, with the part of the month gone: 24300.5 is the middle of a month.
/// Money is in units of the currency.
package struct RevenueBook: Sendable {
    /// A stretch of a subscription at one price.
    package struct Stretch: Hashable, Sendable {
        /// From when on.
        package var start: Double
        /// Until when; infinite while nothing else is known.
        package var end: Double
        /// What it brings a month; 0 in a trial and in a pause.
        package var monthly: Double
        /// How many months of its plan are paid at once; less than one is one.
        package var term: Int

        /// Takes the four.
        package init(start: Double, end: Double, monthly: Double, term: Int) {
            self.start = start
            self.end = end
            self.monthly = monthly
            self.term = max(1, term)
        }
    }

    /// A subscription.
    package struct Contract: Hashable, Sendable {
        /// Until now, in the order of time, and as far as is known beyond.
        package var stretches: [Stretch]
        /// The next end of a term that is paid for; nil if none runs.
        package var boundary: Double?
        /// Whether it is known to end there.
        package var ends: Bool

        /// Takes the three.
        package init(stretches: [Stretch], boundary: Double?, ends: Bool) {
            self.stretches = stretches
            self.boundary = boundary
            self.ends = ends
        }
    }

    /// A month's revenue as the books have it, and what it cost.
    package struct CostMonth: Hashable, Sendable {
        /// Recognised, net.
        package var revenue: Double
        /// Measured inference, compute, payment fees and partners' shares, in this order.
        package var costs: [Double]

        /// Takes both.
        package init(revenue: Double, costs: [Double]) {
            self.revenue = revenue
            self.costs = costs
        }
    }

    /// What costs of revenue are called, in the order of `CostMonth.costs`.
    package static let costNames = ["inference", "compute", "payment_fees", "partner_share"]

    /// The currency of all amounts.
    package let currency: Currency
    /// What happened, or was recorded, later is not in it.
    package let asOf: Double
    /// The subscriptions; their order is the order of their luck.
    package let contracts: [Contract]
    /// The first month of `usage`.
    package let usageStart: Int
    /// Revenue of usage by whole month, up to the last before `asOf`.
    package let usage: [Double]
    /// What invoices in the books have deferred, by month from the first one forecast.
    package let deferred: [Double]
    /// The last whole months, at most twelve; empty if costs are not known.
    package let costs: [CostMonth]
    /// What a reader has to know.
    package let notes: [String]

    /// Takes all of it.
    package init(
        currency: Currency,
        asOf: Double,
        contracts: [Contract],
        usageStart: Int = 0,
        usage: [Double] = [],
        deferred: [Double] = [],
        costs: [CostMonth] = [],
        notes: [String] = []
    ) {
        self.currency = currency
        // An origin is the last microsecond of a month: what the month after begins with is still to come.
        self.asOf = (asOf * 1e6).rounded() / 1e6
        self.contracts = contracts
        self.usageStart = usageStart
        self.usage = usage
        self.deferred = deferred
        self.costs = costs
        self.notes = notes
    }

    /// The month that holds the as-of: the first that is forecast.
    package var firstMonth: Int { Int(asOf.rounded(.down)) }

    /// The month in which the first subscription brought something; nil if none ever did.
    package var historyStart: Int? {
        var first = Double.infinity
        for contract in contracts {
            for stretch in contract.stretches where stretch.monthly > 0 && stretch.start < asOf {
                first = min(first, stretch.start)
            }
        }
        return first.isFinite ? Int(first.rounded(.down)) : nil
    }

    /// Agreed recurring revenue of so many months from one on, by the part of each month in which a price was in
    /// force; only what is known, and nothing after the end of a term that runs if `isCommitted`.
    package func recurring(from first: Int, months: Int, isCommitted: Bool = false) -> [Double] {
        var sums = [Double](repeating: 0, count: max(0, months))
        let last = Double(first + months)
        for contract in contracts {
            let limit = isCommitted ? contract.boundary ?? asOf : .infinity
            for stretch in contract.stretches where stretch.monthly > 0 {
                let start = max(stretch.start, Double(first))
                let end = min(stretch.end, limit, last)
                guard start < end else { continue }
                var month = Int(start.rounded(.down))
                while Double(month) < end, month - first < months {
                    let part = min(end, Double(month + 1)) - max(start, Double(month))
                    sums[month - first] += stretch.monthly * part
                    month += 1
                }
            }
        }
        return sums
    }

    /// All revenue of a whole month as it is known: recurring and usage.
    package func revenue(from first: Int, months: Int) -> [Double] {
        var sums = recurring(from: first, months: months)
        for place in sums.indices { sums[place] += usage(first + place) }
        return sums
    }

    /// Revenue of usage of a month.
    package func usage(_ month: Int) -> Double {
        usage.indices.contains(month - usageStart) ? usage[month - usageStart] : 0
    }
}

/// A subscription from when it brought something until it does not any more, at one length of term.
struct RevenueSpell: Sendable {
    var start: Double
    /// Infinite while it goes on.
    var end: Double
    var term: Int
    /// What it brought a month as it began.
    var monthly: Double
    /// Whether it came from nothing: the first time, after a trial, or again.
    var isNew: Bool
    /// Whether it ended with nothing.
    var isLost = false

    /// The stretches of a contract put together, as far as they are known.
    static func all(of contract: RevenueBook.Contract, asOf: Double) -> [RevenueSpell] {
        var spells: [RevenueSpell] = []
        for stretch in contract.stretches
        where stretch.monthly > 0 && stretch.start < stretch.end && stretch.start <= asOf {
            let place = spells.count - 1
            if place >= 0, stretch.start <= spells[place].end + 1e-6 {
                if spells[place].term == stretch.term {
                    spells[place].end = stretch.end
                    continue
                }
                spells[place].end = stretch.start
                spells.append(spell(stretch, isNew: false))
            } else {
                if place >= 0 { spells[place].isLost = true }
                spells.append(spell(stretch, isNew: true))
            }
        }
        if let last = spells.indices.last { spells[last].isLost = spells[last].end <= asOf }
        return spells
    }

    private static func spell(_ stretch: RevenueBook.Stretch, isNew: Bool) -> RevenueSpell {
        RevenueSpell(
            start: stretch.start,
            end: stretch.end,
            term: stretch.term,
            monthly: stretch.monthly,
            isNew: isNew
        )
    }

    /// How many ends of terms it has come to until now, the last included if it was lost there.
    func terms(asOf: Double, boundary: Double?) -> Int {
        let length = Double(term)
        if isLost { return max(1, Int(((end - start) / length).rounded())) }
        if end.isFinite, end <= asOf { return Int((end - start) / length + 0.04) }
        guard let boundary else { return Int((asOf - start) / length + 1e-6) }
        return max(0, Int(((boundary - start) / length).rounded()) - 1)
    }
}
