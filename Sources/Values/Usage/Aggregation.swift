/// How the events of a meter become a quantity.
package enum Aggregation: String, CaseIterable, Sendable {
    /// The number of events.
    case count
    /// The sum of their values.
    case sum
    /// The greatest value.
    case max
    /// The least value.
    case min
    /// The mean of the values.
    case average
    /// The value of the last event.
    case latest
    /// The number of distinct values of a property.
    case unique
    /// The time-weighted mean of the running sum of the values.
    case weightedSum = "weighted_sum"

    /// Whether the quantity is a level, which counts for a part of a period only by the part's ratio.
    package var isLevel: Bool {
        switch self {
        case .max, .min, .average, .latest: true
        case .count, .sum, .unique, .weightedSum: false
        }
    }
}

/// An aggregation with what belongs to it: all of a meter but its code.
package struct AggregationRule: Hashable, Sendable {
    /// How events become a quantity.
    package let aggregation: Aggregation
    /// The property whose distinct values `unique` counts; nil with any other.
    package let uniqueBy: String?
    /// Whether a weighted sum begins at the sum of all earlier events; false with any other.
    package let carryOver: Bool

    /// An aggregation that needs nothing beside; of `unique` see `unique(by:)`.
    package init(_ aggregation: Aggregation) {
        self.init(aggregation, uniqueBy: nil, carryOver: false)
    }

    private init(_ aggregation: Aggregation, uniqueBy: String?, carryOver: Bool) {
        self.aggregation = aggregation
        self.uniqueBy = uniqueBy
        self.carryOver = carryOver
    }

    /// The number of distinct values of a property.
    package static func unique(by property: String) -> AggregationRule {
        AggregationRule(.unique, uniqueBy: property, carryOver: false)
    }

    /// A time-weighted mean; with `carryOver` it begins at the sum of all earlier events.
    package static func weightedSum(carryOver: Bool) -> AggregationRule {
        AggregationRule(.weightedSum, uniqueBy: nil, carryOver: carryOver)
    }

    /// Reads `aggregation`, `unique_by` and `carry_over` of a meter; the reader finishes.
    package init(json fields: inout JSONFields) throws(Problem) {
        aggregation = try fields.choice("aggregation", as: Aggregation.self)
        // On another aggregation either field is unknown: it is left for `finish()` to refuse.
        uniqueBy = aggregation == .unique ? try fields.string("unique_by") : nil
        carryOver = aggregation == .weightedSum ? try fields.optionalBool("carry_over") ?? false : false
    }
}
