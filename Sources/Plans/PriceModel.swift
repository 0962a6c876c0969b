package import Values

/// A step of a price with tiers.
package struct PriceTier: Hashable, Sendable {
    /// The last unit of the tier, inclusive; nil for the last tier, which has no end.
    package let upTo: Exact?
    /// What a unit in it costs; under `graduated_percentage` the rate, what a unit of value costs.
    package let unitAmount: Exact
    /// What is charged once if the tier is used.
    package let flatAmount: Exact
}

/// What `percentage` charges on the value of each event.
package struct PercentageTerms: Hashable, Sendable {
    /// The share of the paid value: 0.013 is 1.3 %.
    package let rate: Exact
    /// What each event that is not fully free costs beside.
    package let fixed: Exact
    /// How many events are free; nil does not limit.
    package let freeEvents: Int?
    /// How much value is free; nil does not limit.
    package let freeAmount: Exact?
    /// What an event that is not fully free costs at least.
    package let perEventMinimum: Exact?
    /// What an event costs at most.
    package let perEventMaximum: Exact?
}

/// What `matrix` charges for units of events with certain properties.
package struct MatrixTerms: Hashable, Sendable {
    /// A price of the events that have certain properties.
    package struct Cell: Hashable, Sendable {
        /// What the dimensions must be; those that are not named may be anything.
        package let when: [String: JSONValue]
        /// What a unit costs.
        package let unitAmount: Exact
    }

    /// The properties that events are grouped by.
    package let dimensions: [String]
    /// The prices; the first that matches is taken.
    package let cells: [Cell]
    /// What a unit costs where no cell matches; nil: that is an error.
    package let defaultUnitAmount: Exact?

    /// What a unit of a group costs; nil if no cell matches and there is no default.
    ///
    /// `group`: the values of the dimensions in their order; null for an absent property, which matches only
    /// cells that do not name it.
    package func unitAmount(of group: [JSONValue]) -> Exact? {
        let cell = cells.first { cell in
            cell.when.isEmpty
                || zip(dimensions, group).allSatisfy { name, value in cell.when[name].map { $0 == value } ?? true }
        }
        return cell?.unitAmount ?? defaultUnitAmount
    }
}

/// How a quantity, or the events of a part, become an amount.
package enum PriceModel: Hashable, Sendable {
    /// The amount, whatever the quantity.
    case flat(amount: Exact)
    /// Units × amount.
    case perUnit(unitAmount: Exact)
    /// Each tier prices the units that fall in it.
    case graduated([PriceTier])
    /// The tier that holds the total prices all of it.
    case volume([PriceTier])
    /// Whole packages × amount.
    case package(size: Exact, amount: Exact, roundsDown: Bool)
    /// A share of the value of each event.
    case percentage(PercentageTerms)
    /// As graduated, on the sum of the values; `PriceTier.unitAmount` is the rate.
    case graduatedPercentage([PriceTier])
    /// Groups of events, each with its price.
    case matrix(MatrixTerms)
    /// The sum of the events' own amounts.
    case dynamic

    /// The names on the wire.
    package enum Name: String, CaseIterable, Sendable {
        case flat
        case perUnit = "per_unit"
        case graduated
        case volume
        case package
        case percentage
        case graduatedPercentage = "graduated_percentage"
        case matrix
        case dynamic

        /// Whether units can be free of charge.
        var takesFreeUnits: Bool {
            switch self {
            case .perUnit, .graduated, .volume, .package, .matrix, .graduatedPercentage: true
            case .flat, .percentage, .dynamic: false
            }
        }

        /// Whether it prices only what a meter counts.
        var needsMeter: Bool {
            switch self {
            case .percentage, .graduatedPercentage, .matrix, .dynamic: true
            case .flat, .perUnit, .graduated, .volume, .package: false
            }
        }
    }

    /// The name on the wire.
    package var name: Name {
        switch self {
        case .flat: .flat
        case .perUnit: .perUnit
        case .graduated: .graduated
        case .volume: .volume
        case .package: .package
        case .percentage: .percentage
        case .graduatedPercentage: .graduatedPercentage
        case .matrix: .matrix
        case .dynamic: .dynamic
        }
    }

    /// Whether it looks at each event, so that no quantity can stand for them.
    package var needsEvents: Bool {
        switch self {
        case .percentage, .matrix, .dynamic: true
        case .flat, .perUnit, .graduated, .volume, .package, .graduatedPercentage: false
        }
    }

    /// Whether a negative value of an event is an error under it.
    package var refusesNegativeValues: Bool {
        switch self {
        case .percentage, .graduatedPercentage: true
        case .flat, .perUnit, .graduated, .volume, .package, .matrix, .dynamic: false
        }
    }
}
