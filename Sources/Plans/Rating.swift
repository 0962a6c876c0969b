package import Values

/// What a price is rated over.
package enum RatingUsage: Hashable, Sendable {
    /// So many units: a quantity of the subscription, or usage that was aggregated before (levels with their ratio).
    ///
    /// Not for `percentage`, `matrix` and `dynamic`, which look at events (unless it is 0: then there were none).
    case quantity(Exact)
    /// The events of a part; see `UsageLog.usage`.
    case events(PartUsage)
}

/// What a tier took.
package struct RatedTier: Hashable, Sendable {
    /// The units in it.
    package var quantity: Exact
    /// What they cost, with the tier's flat amount; before ratio, discount, minimum and maximum.
    package var exact: Exact

    /// Makes a row.
    package init(quantity: Exact, exact: Exact) {
        self.quantity = quantity
        self.exact = exact
    }

    /// Nothing.
    static let empty = RatedTier(quantity: .zero, exact: .zero)
}

/// What a price comes to.
package struct RatedPrice: Hashable, Sendable {
    /// The quantity before free units, never below 0.
    package let quantity: Exact
    /// The exact amount of the line, not yet rounded.
    package let exact: Exact
    /// One row for each tier of the price, in order; empty for models without tiers.
    package let tiers: [RatedTier]

    /// Makes what a price comes to.
    package init(quantity: Exact, exact: Exact, tiers: [RatedTier] = []) {
        self.quantity = quantity
        self.exact = exact
        self.tiers = tiers
    }
}

/// Prices and usage make amounts: exact, pure, the same for the simulator and for production.
package enum Rating {
    /// What a price comes to for a part of a period.
    ///
    /// Free units; the model; × ratio (prices without a meter only); the discount; at least the minimum × ratio; at
    /// most the maximum × ratio.
    ///
    /// `ratio`: the part's share of its whole period, 0 to 1. Levels take theirs from the usage.
    ///
    /// `path`: where the price stands in the input, for errors.
    ///
    /// Throws no cell for a group of events, an event without a property that is needed, a negative value under the
    /// percentage models.
    package static func rate(
        _ price: Price,
        _ usage: RatingUsage,
        ratio: Exact = .one,
        path: String = "price"
    ) throws(Problem) -> RatedPrice {
        let priced: RatedPrice
        switch usage {
        case .quantity(let quantity):
            priced = try rate(price, quantity: quantity, path: path)
        case .events(let events):
            priced = try rate(price, events, path: path)
        }
        return RatedPrice(
            quantity: priced.quantity,
            exact: price.line(of: priced.exact, ratio: ratio),
            tiers: priced.tiers
        )
    }

    private static func rate(_ price: Price, _ usage: PartUsage, path: String) throws(Problem) -> RatedPrice {
        if price.model.refusesNegativeValues, let event = usage.events.first(where: \.value.isNegative) {
            throw .invalid(
                "\(event.path).value",
                "must not be negative under \(price.model.name.rawValue), not \"\(event.value.decimalText())\""
            )
        }
        switch price.model {
        case .percentage(let terms):
            return RatedPrice(quantity: usage.sum, exact: terms.amount(of: usage.events))
        case .matrix(let terms):
            return try terms.rate(usage, freeUnits: price.freeUnits, path: path)
        case .dynamic:
            return RatedPrice(quantity: max(.zero, usage.sum), exact: try ownAmounts(usage.events))
        case .graduatedPercentage:
            return try rate(price, quantity: usage.sum, path: path)
        case .flat, .perUnit, .graduated, .volume, .package:
            return try rate(price, quantity: try usage.quantity(), path: path)
        }
    }

    private static func rate(_ price: Price, quantity: Exact, path: String) throws(Problem) -> RatedPrice {
        let units = max(.zero, quantity - price.freeUnits)
        var tiers: [RatedTier] = []
        let exact: Exact
        switch price.model {
        case .flat(let amount):
            exact = amount
        case .perUnit(let unitAmount):
            exact = units * unitAmount
        case .package(let size, let amount, let roundsDown):
            let packages = units / size
            exact = (roundsDown ? packages.floor() : packages.ceiling()) * amount
        case .graduated(let steps), .graduatedPercentage(let steps):
            tiers = graduated(units, steps, chargeAtZero: price.chargeAtZero)
            exact = tiers.reduce(.zero) { $0 + $1.exact }
        case .volume(let steps):
            tiers = volume(units, steps, chargeAtZero: price.chargeAtZero)
            exact = tiers.reduce(.zero) { $0 + $1.exact }
        case .percentage, .matrix, .dynamic:
            guard quantity.isZero else {
                throw .invalid(
                    "\(path).model",
                    "\(price.model.name.rawValue) prices single events, not a quantity of them"
                )
            }
            exact = .zero
        }
        return RatedPrice(quantity: quantity, exact: exact, tiers: tiers)
    }

    /// Each tier prices the units that fall in it.
    private static func graduated(_ units: Exact, _ tiers: [PriceTier], chargeAtZero: Bool) -> [RatedTier] {
        if units.isZero { return unused(tiers, chargeAtZero: chargeAtZero) }
        var below = Exact.zero
        return tiers.map { tier in
            guard units > below else { return .empty }
            let inTier = tier.upTo.map { min(units, $0) } ?? units
            defer { below = tier.upTo ?? units }
            return RatedTier(quantity: inTier - below, exact: (inTier - below) * tier.unitAmount + tier.flatAmount)
        }
    }

    /// The tier that holds the total prices all of it.
    private static func volume(_ units: Exact, _ tiers: [PriceTier], chargeAtZero: Bool) -> [RatedTier] {
        if units.isZero { return unused(tiers, chargeAtZero: chargeAtZero) }
        var rated = [RatedTier](repeating: .empty, count: tiers.count)
        if let index = tiers.firstIndex(where: { tier in tier.upTo.map { units <= $0 } ?? true }) {
            let tier = tiers[index]
            rated[index] = RatedTier(quantity: units, exact: units * tier.unitAmount + tier.flatAmount)
        }
        return rated
    }

    /// No units: at most the first tier's flat amount.
    private static func unused(_ tiers: [PriceTier], chargeAtZero: Bool) -> [RatedTier] {
        var rated = [RatedTier](repeating: .empty, count: tiers.count)
        if chargeAtZero, let first = tiers.first { rated[0].exact = first.flatAmount }
        return rated
    }

    /// The sum of what the events themselves say.
    private static func ownAmounts(_ events: [RatingEvent]) throws(Problem) -> Exact {
        var sum = Exact.zero
        for event in events {
            guard let value = event.property("amount") else {
                throw event.invalid("amount", "is required: a decimal string like \"12.50\"")
            }
            guard let amount = value.string.flatMap({ Exact(decimal: $0) }), !amount.isNegative else {
                throw event.invalid(
                    "amount",
                    "must be a decimal string like \"12.50\" that is not negative, not \(value.seen)"
                )
            }
            sum += amount
        }
        return sum
    }
}

extension Price {
    /// What the line is of what the model says: ratio, discount, minimum and maximum, in this order.
    fileprivate func line(of amount: Exact, ratio: Exact) -> Exact {
        var line = meter == nil ? amount * ratio : amount
        if !discountPercent.isZero { line *= discountFactor }
        if let minimum { line = max(line, minimum * ratio) }
        if let maximum { line = min(line, maximum * ratio) }
        return line
    }
}
