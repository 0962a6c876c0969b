package import Values

/// What a subscription bills, and when.
package struct Plan: Hashable, Sendable {
    /// Its name.
    package let code: String
    /// The currency of all its amounts.
    package let currency: Currency
    /// The length of its periods.
    package let interval: Interval
    /// Where its periods begin and end.
    package let alignment: Alignment
    /// How the share of a part is measured.
    package let proration: Proration
    /// Whole local days in which nothing is billed.
    package let trialDays: Int
    /// What the lines of a whole period come to at least; nil: there is no commitment.
    package let minimumCommitment: Exact?
    /// What is billed; codes are unique.
    package let prices: [Price]

    /// Reads a plan strictly, as the simulator takes it: its currency may be any three capital letters.
    package init(json: JSONValue, path: String = "") throws(Problem) {
        var fields = try JSONFields(json, path: path)
        code = try fields.string("code")
        currency = try fields.simulatedCurrency("currency")
        var interval = try fields.object("interval")
        self.interval = try Interval(json: &interval)
        alignment = try fields.optionalChoice("alignment", as: Alignment.self) ?? .anniversary
        proration = try fields.optionalChoice("proration", as: Proration.self) ?? .day
        trialDays = try fields.optionalInt("trial_days") ?? 0
        guard trialDays >= 0 else { throw fields.invalid("trial_days", "must not be negative, not \(trialDays)") }
        minimumCommitment = try fields.optionalNonNegative("minimum_commitment")
        prices = try Plan.prices(try fields.array("prices"))
        try fields.finish()
    }

    /// The same plan with other prices.
    func with(prices: [Price]) -> Plan { Plan(self, prices: prices) }

    /// The same plan, billed from the start on.
    package func withoutTrial() -> Plan { Plan(self, prices: prices, trialDays: 0) }

    private init(_ plan: Plan, prices: [Price], trialDays: Int? = nil) {
        code = plan.code
        currency = plan.currency
        interval = plan.interval
        alignment = plan.alignment
        proration = plan.proration
        self.trialDays = trialDays ?? plan.trialDays
        minimumCommitment = plan.minimumCommitment
        self.prices = prices
    }

    private static func prices(_ elements: [(value: JSONValue, path: String)]) throws(Problem) -> [Price] {
        var prices: [Price] = []
        prices.reserveCapacity(elements.count)
        var codes: Set<String> = []
        for element in elements {
            let price = try Price(json: element.value, path: element.path)
            guard codes.insert(price.code).inserted else {
                throw .invalid(
                    "\(element.path).code",
                    "\(JSONValue.string(price.code).seen) is the code of another price, too"
                )
            }
            prices.append(price)
        }
        return prices
    }

    /// The price with a code.
    package func price(_ code: String) -> Price? { prices.first { $0.code == code } }

    /// The meters that it prices, each once.
    package var meters: [String] {
        var seen: Set<String> = []
        return prices.compactMap(\.meter).filter { seen.insert($0).inserted }
    }

    /// The most that one more unit of a meter can cost on any tier or in any cell; 0 if the plan does not price it.
    ///
    /// This is what a reservation takes for each unit. Amounts that do not depend on the unit (flat amounts, minimums)
    /// are left out, and so are amounts that only the events themselves tell (`dynamic`); of a package it is the share.
    package func dearestMarginalPrice(meter: String) -> Exact {
        prices.filter { $0.meter == meter }.reduce(.zero) { $0 + $1.dearestMarginalPrice }
    }
}

extension Price {
    /// The most that one more unit can cost, discounted.
    package var dearestMarginalPrice: Exact {
        let dearest: Exact =
            switch model {
            case .flat, .dynamic: .zero
            case .perUnit(let unitAmount): unitAmount
            case .graduated(let tiers), .volume(let tiers), .graduatedPercentage(let tiers):
                tiers.map(\.unitAmount).max() ?? .zero
            case .package(let size, let amount, _): amount / size
            case .percentage(let terms): terms.rate
            case .matrix(let terms):
                (terms.cells.map(\.unitAmount) + [terms.defaultUnitAmount ?? .zero]).max() ?? .zero
            }
        return dearest * discountFactor
    }

    /// What the discount leaves of an amount.
    var discountFactor: Exact { (100 - discountPercent) / 100 }
}

extension JSONFields {
    /// Any three capital letters: the simulator prices what was never, or is no longer, a currency.
    package mutating func simulatedCurrency(_ key: String) throws(Problem) -> Currency {
        let code = try string(key)
        guard let currency = Currency.simulated(code) else {
            throw invalid(key, "must be a currency of three capital letters, not \(JSONValue.string(code).seen)")
        }
        return currency
    }
}
