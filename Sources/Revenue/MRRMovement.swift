import Values

/// How what moved at a customer in a month falls to the groups that it belongs to.
///
/// Pure. What the groups have moved adds up to what the customer has; what passes from one group to another adds up to
/// nothing.
struct MRRMovement: Hashable {
    /// What came to each group, or left it, beside transfers.
    private(set) var moved: [String: Int64] = [:]
    /// What came from other groups, or went to them.
    private(set) var transferred: [String: Int64] = [:]

    /// Tells both apart, in minor units: groups that moved as the customer did share its movement in proportion of
    /// their own (largest remainder), all else are transfers.
    init(from before: [String: Int64], to after: [String: Int64]) {
        let groups = Set(before.keys).union(after.keys).sorted()
        let deltas = groups.map { (after[$0] ?? 0) - (before[$0] ?? 0) }
        let total = deltas.reduce(0, +)
        let own = deltas.map { total != 0 && ($0 < 0) == (total < 0) ? $0 : 0 }
        let shares = total == 0 ? own : split(total, by: own.map { Exact(abs(Int($0))) })
        for (place, group) in groups.enumerated() {
            moved[group] = shares[place]
            transferred[group] = deltas[place] - shares[place]
        }
    }

    /// The same in another currency.
    ///
    /// `convert`: brings an amount to it; of each kind the whole is converted once, and shared out as it was.
    func converted(
        _ convert: (Int64) throws(Problem) -> Int64
    ) throws(Problem) -> MRRMovement {
        var other = self
        let groups = moved.keys.sorted()
        other.moved = Self.shared(try convert(moved.values.reduce(0, +)), moved, groups)
        let passed = try convert(transferred.values.filter { $0 > 0 }.reduce(0, +))
        let gained = Self.shared(passed, transferred.mapValues { max($0, 0) }, groups)
        let lost = Self.shared(passed, transferred.mapValues { max(-$0, 0) }, groups)
        other.transferred = gained.merging(lost) { $0 - $1 }
        return other
    }

    private static func shared(_ total: Int64, _ amounts: [String: Int64], _ groups: [String]) -> [String: Int64] {
        guard total != 0 else { return [:] }
        let weights = groups.map { Exact(abs(Int(amounts[$0] ?? 0))) }
        return Dictionary(zip(groups, split(total, by: weights))) { first, _ in first }
    }
}
