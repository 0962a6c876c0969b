import Values

/// Units of a feature that can be used from one instant to another.
struct QuotaPot: Hashable, Sendable {
    /// Where the units come from.
    enum Kind: String, Sendable {
        /// A plan's, of a window.
        case allowance
        /// What was left of the window before.
        case rollover
        /// Given on top.
        case grant
    }

    /// Names it among the pots of its feature.
    let key: String
    let kind: Kind
    /// The wire id of what it comes from.
    let source: String
    /// The lowest is used first.
    let priority: Int
    /// Since when its units are there; of a rollover since the window before.
    let since: Instant
    /// From when on it cannot be used; nil is never.
    let end: Instant?
    let units: Exact
    var left: Exact

    /// By priority, then what expires first, then what is older.
    static func isUsedBefore(_ one: QuotaPot, _ other: QuotaPot) -> Bool {
        let ends = (one.end?.microseconds ?? .max, other.end?.microseconds ?? .max)
        return (one.priority, ends.0, one.since.microseconds, one.key)
            < (other.priority, ends.1, other.since.microseconds, other.key)
    }
}

/// A stretch of time in which no pot begins or ends, and what it used.
struct QuotaSegment: Sendable {
    let period: Period
    let used: Exact
    /// What nothing was there for.
    let overage: Exact
    /// The pots at its beginning.
    let opened: [QuotaPot]
    /// The pots at its end.
    let pots: [QuotaPot]

    var left: Exact { pots.reduce(.zero) { $0 + $1.left } }
}

/// A plan's allowance in the stretch in which it held.
struct QuotaTerm: Hashable, Sendable {
    let quota: Quota
    let end: Instant

    /// What held of rows that were written and taken back.
    ///
    /// A row that another of its source replaces never held where that one does; one that was taken back held until
    /// then.
    ///
    /// `rows`: each with when it was taken back in business time, nil if it holds.
    static func effective(_ rows: [(quota: Quota, until: Instant?)]) -> [QuotaTerm] {
        var terms: [QuotaTerm] = []
        for (_, group) in Dictionary(grouping: rows, by: \.quota.source).sorted(by: { $0.key < $1.key }) {
            var taken: [QuotaTerm] = []
            let ordered = group.sorted { one, other in
                (one.until?.microseconds ?? .max, one.quota.window.start) > (
                    other.until?.microseconds ?? .max, other.quota.window.start
                )
            }
            for (quota, until) in ordered {
                let start = quota.window.start
                guard !taken.contains(where: { $0.quota.window.start <= start && start < $0.end }) else { continue }
                let later = taken.map(\.quota.window.start).filter { $0 > start }
                let end = ([quota.window.end, until].compactMap(\.self) + later).min() ?? quota.window.end
                if start < end { taken.append(QuotaTerm(quota: quota, end: end)) }
            }
            terms += taken
        }
        return terms.sorted { ($0.quota.window.start, $0.quota.id) < ($1.quota.window.start, $1.quota.id) }
    }
}

/// What was left of each pot of a feature at an instant before which nothing is computed anew.
struct QuotaCheckpoint: Hashable, Sendable {
    let at: Instant
    /// By the pots' keys.
    let left: [String: Exact]
}

/// All that gives units of a feature, and how use takes from it.
struct QuotaHistory: Sendable {
    var terms: [QuotaTerm]
    var grants: [QuotaGrant]
    var checkpoint: QuotaCheckpoint?

    /// The end of time, a whole quarter of an hour.
    static let forever = UsageBucket.start(of: UsageLimits.instants.upperBound)

    /// The stretches between which pots begin and end, up to the one that holds an instant.
    ///
    /// `cut`: an instant at which one is cut besides.
    func segments(until instant: Instant, cut: Instant? = nil) -> [Period] {
        let starts = terms.map(\.quota.window.start) + grants.map(\.startsAt)
        guard let first = checkpoint?.at ?? starts.min() else { return [] }
        let ends = terms.map(\.end) + grants.compactMap(\.end)
        let bounds = Set(starts + ends + [first, cut, Self.forever].compactMap(\.self))
            .filter { $0 >= first && $0 <= Self.forever }.sorted()
        return zip(bounds, bounds.dropFirst()).prefix { $0.0 <= instant }
            .compactMap { Period(start: $0.0, end: $0.1) }
    }

    /// Takes what each segment used from the pots that are there in it, in their order.
    func burn(_ segments: [Period], used: [Exact]) -> [QuotaSegment] {
        var pots: [QuotaPot] = []
        var result: [QuotaSegment] = []
        for (index, (period, used)) in zip(segments, used).enumerated() {
            if index == 0, let checkpoint {
                pots = opened(at: checkpoint)
            } else {
                let closed = pots.filter { $0.end.map { $0 <= period.start } ?? false }
                pots.removeAll { $0.end.map { $0 <= period.start } ?? false }
                pots += begun(at: period.start, after: closed)
            }
            pots.sort(by: QuotaPot.isUsedBefore)
            let opened = pots
            var rest = max(.zero, used)
            for place in pots.indices {
                let taken = min(rest, pots[place].left)
                pots[place].left -= taken
                rest -= taken
            }
            result.append(
                QuotaSegment(period: period, used: max(.zero, used), overage: rest, opened: opened, pots: pots)
            )
        }
        return result
    }

    /// The pots that begin at an instant; a window has what is left of the one before, up to its own most, once.
    private func begun(at instant: Instant, after closed: [QuotaPot]) -> [QuotaPot] {
        var pots: [QuotaPot] = []
        for term in terms where term.quota.window.start == instant {
            pots.append(Self.pot(term))
            let before = closed.first {
                $0.kind == .allowance && $0.source == term.quota.source && $0.end == instant
            }
            guard let before else { continue }
            let carried = min(before.left, term.quota.rollover.exact)
            if carried > .zero { pots.append(Self.rollover(carried, since: before.since, to: term)) }
        }
        return pots + grants.filter { $0.startsAt == instant }.map(Self.pot)
    }

    /// The pots that are there at a checkpoint; one that was added since has all its units.
    private func opened(at checkpoint: QuotaCheckpoint) -> [QuotaPot] {
        var pots: [QuotaPot] = []
        for term in terms where term.quota.window.start <= checkpoint.at && checkpoint.at < term.end {
            pots.append(Self.pot(term))
            if let carried = checkpoint.left[Self.rolloverKey(term)], carried > .zero {
                pots.append(Self.rollover(carried, since: term.quota.window.start, to: term))
            }
        }
        pots += grants.filter { $0.startsAt <= checkpoint.at && $0.end.map { $0 > checkpoint.at } ?? true }.map(
            Self.pot
        )
        for place in pots.indices {
            if let left = checkpoint.left[pots[place].key] { pots[place].left = left }
        }
        return pots
    }

    private static func pot(_ term: QuotaTerm) -> QuotaPot {
        QuotaPot(
            key: term.quota.id.text,
            kind: .allowance,
            source: term.quota.source,
            priority: QuotaGrant.allowancePriority,
            since: term.quota.window.start,
            end: term.end,
            units: term.quota.allowance.exact,
            left: term.quota.allowance.exact
        )
    }

    private static func rolloverKey(_ term: QuotaTerm) -> String { "rollover:\(term.quota.id.text)" }

    private static func rollover(_ units: Exact, since: Instant, to term: QuotaTerm) -> QuotaPot {
        QuotaPot(
            key: rolloverKey(term),
            kind: .rollover,
            source: term.quota.source,
            priority: QuotaGrant.allowancePriority,
            since: since,
            end: term.end,
            units: units,
            left: units
        )
    }

    private static func pot(_ grant: QuotaGrant) -> QuotaPot {
        QuotaPot(
            key: grant.id.text,
            kind: .grant,
            source: grant.id.text,
            priority: grant.priority,
            since: grant.startsAt,
            end: grant.end,
            units: grant.units.exact,
            left: grant.units.exact
        )
    }
}
