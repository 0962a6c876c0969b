/// Splits a whole in proportion to weights by largest remainder, ties to the earlier part.
///
/// The parts sum to the whole, and splitting −x gives the negatives of splitting x. If all weights are zero the first part
/// takes all. Without weights there are no parts.
package func split(_ total: Int64, by weights: [Exact]) -> [Int64] {
    guard !weights.isEmpty else { return [] }
    let sum = weights.reduce(.zero, +)
    guard !sum.isZero else {
        var parts = [Int64](repeating: 0, count: weights.count)
        parts[0] = total
        return parts
    }
    // The magnitude of Int64.min does not fit Int64: shares are counted in Int128.
    let whole = Int128(total.magnitude)
    let perWeight = Exact(whole) / sum
    var remainders: [(index: Int, rest: Exact)] = []
    remainders.reserveCapacity(weights.count)
    var parts: [Int128] = []
    parts.reserveCapacity(weights.count)
    for (index, weight) in weights.enumerated() {
        let share = perWeight * weight
        let floor = share.floor()
        remainders.append((index, share - floor))
        parts.append(floor.scaled128(digits: 0) ?? 0)
    }
    var missing = whole - parts.reduce(0, +)
    remainders.sort { $0.rest != $1.rest ? $0.rest > $1.rest : $0.index < $1.index }
    for remainder in remainders where missing > 0 {
        parts[remainder.index] += 1
        missing -= 1
    }
    return parts.map { Int64(truncatingIfNeeded: total < 0 ? -$0 : $0) }
}
