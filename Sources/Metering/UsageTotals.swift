package import Values

/// What some events add up to: all that rollups keep of them.
package struct UsageTotals: Hashable, Sendable {
    /// How many there are.
    package let count: Int
    /// The sum of their values.
    package let sum: Exact
    /// The least of their values; nil if there are none.
    package let min: Decimal12?
    /// The greatest of their values; nil if there are none.
    package let max: Decimal12?

    /// No events.
    package static let empty = UsageTotals(count: 0, sum: .zero, min: nil, max: nil)

    /// Makes totals of their parts.
    package init(count: Int, sum: Exact, min: Decimal12?, max: Decimal12?) {
        self.count = count
        self.sum = sum
        self.min = min
        self.max = max
    }

    /// The totals of both together.
    package func adding(_ other: UsageTotals) -> UsageTotals {
        UsageTotals(
            count: count + other.count,
            sum: sum + other.sum,
            min: [min, other.min].compactMap(\.self).min(),
            max: [max, other.max].compactMap(\.self).max()
        )
    }

    /// The quantity that an aggregation makes of them; 0 of no events, and not below it.
    ///
    /// `ratio`: what levels are multiplied with.
    ///
    /// Returns nil for an aggregation that needs single events.
    package func quantity(_ aggregation: Aggregation, ratio: Exact = .one) -> Exact? {
        let measured: Exact
        switch aggregation {
        case .count: measured = Exact(count)
        case .sum: measured = sum
        case .max: measured = max?.exact ?? .zero
        case .min: measured = min?.exact ?? .zero
        case .average: measured = count == 0 ? .zero : sum / Exact(count)
        case .latest, .unique, .weightedSum: return nil
        }
        return Swift.max(.zero, aggregation.isLevel ? measured * ratio : measured)
    }
}
