/// The plain mean of some members' projections, on their common scale.
enum Combination {
    /// The mean of the projections at `places`, whose spread never falls with the horizon.
    ///
    /// With three or more, one that leaves the others is left out: a model beyond three times the median, or, where
    /// values are not on the scale of logarithms, further from it than three times the range of the history.
    static func of(_ projections: [Projection], at places: [Int], limit: Double) -> Projection {
        let finite = places.filter { projections[$0].isFinite }
        var kept = finite
        if finite.count > 2 {
            kept = finite.filter { place in
                !projections[place].mean.indices.contains { ahead in
                    let others = finite.map { projections[$0].mean[ahead] }.sorted()
                    let median = (others[(others.count - 1) / 2] + others[others.count / 2]) / 2
                    return abs(projections[place].mean[ahead] - median) > limit
                }
            }
            if kept.isEmpty { kept = finite }
        }
        guard let first = kept.first ?? places.first else { return Projection(mean: [], spread: []) }
        var result = projections[first]
        for place in kept.dropFirst() {
            for ahead in result.mean.indices {
                result.mean[ahead] += projections[place].mean[ahead]
                result.spread[ahead] += projections[place].spread[ahead]
            }
        }
        let count = Double(max(1, kept.count))
        for ahead in result.mean.indices {
            result.mean[ahead] /= count
            result.spread[ahead] /= count
            if ahead > 0 { result.spread[ahead] = max(result.spread[ahead], result.spread[ahead - 1]) }
        }
        return result
    }

    /// How far from the median a member may be, on the scale.
    static func limit(_ values: [Double], on scale: Scale) -> Double {
        guard scale == .identity else { return 1.0986122886681098 }
        let recent = values.suffix(2 * seasonLength)
        let range = (recent.max() ?? 0) - (recent.min() ?? 0)
        return range > 0 ? 3 * range : .infinity
    }
}

extension Fitter {
    /// The mean of some members of a pool, each chosen anew from all values.
    mutating func combined(_ places: [Int], of pool: Pool, values: [Double], horizon: Int) -> Projection {
        var projections: [Projection] = []
        for place in places {
            projections.append(projection(pool.members[place], of: values, horizon: horizon, fresh: true))
        }
        return Combination.of(
            projections,
            at: Array(projections.indices),
            limit: Combination.limit(values, on: scale)
        )
    }
}
