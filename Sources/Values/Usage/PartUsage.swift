/// The events of one meter in one part of a period, with all that makes a quantity of them.
package struct PartUsage: Hashable, Sendable {
    /// The events in the part, by (`at`, `id`).
    package let events: [RatingEvent]
    /// The meter's rule.
    package let rule: AggregationRule
    /// The part.
    package let part: Period
    /// The seconds of the whole period, which weighted sums divide by.
    package let wholeSeconds: Int64
    /// The part's ratio, which levels are multiplied with.
    package let ratio: Exact
    /// With a rule that carries over: the events before the part; else nothing.
    ///
    /// Only their sums count, so events of the same properties may stand here as one (see `gathered`).
    package let earlier: [RatingEvent]

    /// Makes the usage of a part; the events must be in order and in the part.
    package init(
        events: [RatingEvent],
        rule: AggregationRule,
        part: Period,
        wholeSeconds: Int64,
        ratio: Exact,
        earlier: [RatingEvent] = []
    ) {
        self.events = events
        self.rule = rule
        self.part = part
        self.wholeSeconds = wholeSeconds
        self.ratio = ratio
        self.earlier = rule.carryOver ? earlier : []
    }

    /// The same part with other events: those of one group.
    package func with(events: [RatingEvent], earlier: [RatingEvent]) -> PartUsage {
        PartUsage(
            events: events,
            rule: rule,
            part: part,
            wholeSeconds: wholeSeconds,
            ratio: ratio,
            earlier: earlier
        )
    }

    /// The sum of the events' values, whatever the rule.
    package var sum: Exact { events.reduce(.zero) { $0 + $1.value } }

    /// The quantity that the rule makes of the events, never below 0.
    ///
    /// - Throws: a problem of the event that lacks the property which `unique` counts.
    package func quantity() throws(Problem) -> Exact { max(.zero, try measured()) }

    private func measured() throws(Problem) -> Exact {
        switch rule.aggregation {
        case .count: Exact(events.count)
        case .sum: sum
        case .max: level(events.map(\.value).max())
        case .min: level(events.map(\.value).min())
        case .average: level(events.isEmpty ? nil : sum / Exact(events.count))
        case .latest: level(events.last?.value)
        case .unique: try distinct()
        case .weightedSum: weighted
        }
    }

    private func level(_ value: Exact?) -> Exact { value.map { $0 * ratio } ?? .zero }

    private func distinct() throws(Problem) -> Exact {
        guard let name = rule.uniqueBy else { return .zero }
        var values: Set<JSONValue> = []
        for event in events {
            guard let value = event.property(name) else {
                throw event.invalid(
                    name,
                    "is required: the meter counts distinct values of it, and event \(event.id) has none"
                )
            }
            values.insert(value)
        }
        return Exact(values.count)
    }

    /// The integral of the running sum over the part ÷ the seconds of the whole period.
    private var weighted: Exact {
        guard wholeSeconds > 0 else { return .zero }
        let end = part.end.seconds
        let carried = earlier.reduce(Exact.zero) { $0 + $1.value }
        let integral = events.reduce(carried * Exact(end - part.start.seconds)) { integral, event in
            integral + event.value * Exact(end - event.at.seconds)
        }
        return integral / Exact(wholeSeconds)
    }
}

extension RatingEvent {
    /// Makes one event of all that agree in some properties: what `PartUsage.earlier` needs of a long history.
    ///
    /// Each stands at the place of the first that it stands for.
    ///
    /// `properties`: the dimensions by which the price groups; none for any model but `matrix`.
    package static func gathered(_ events: [RatingEvent], by properties: [String] = []) -> [RatingEvent] {
        var places: [[JSONValue]: Int] = [:]
        var gathered: [RatingEvent] = []
        for event in events {
            let group = properties.map { event.property($0) ?? .null }
            guard let place = places[group] else {
                places[group] = gathered.count
                gathered.append(event)
                continue
            }
            let first = gathered[place]
            gathered[place] = RatingEvent(
                id: first.id,
                at: first.at,
                value: first.value + event.value,
                properties: first.properties,
                position: first.position
            )
        }
        return gathered
    }
}
