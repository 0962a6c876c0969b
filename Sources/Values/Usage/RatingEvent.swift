/// An event of usage as rating sees it: of one meter and one subscription.
package struct RatingEvent: Hashable, Sendable {
    /// The caller's id.
    package let id: String
    /// When it happened.
    package let at: Instant
    /// How much; may be below 0.
    package let value: Exact
    /// What it can be grouped and priced by.
    ///
    /// A member that is `null` counts as absent.
    package let properties: JSONObject
    /// Its place in the list that was given, by which errors name it; nil: they name its id.
    package let position: Int?

    /// Makes an event.
    package init(
        id: String,
        at instant: Instant,
        value: Exact,
        properties: JSONObject = JSONObject(),
        position: Int? = nil
    ) {
        self.id = id
        at = instant
        self.value = value
        self.properties = properties
        self.position = position
    }

    /// The path of the event in errors, like `events[3]`.
    package var path: String { position.map { "events[\($0)]" } ?? "events.\(id)" }

    /// The value of a property; nil if it is absent or null.
    package func property(_ name: String) -> JSONValue? {
        guard let value = properties[name], !value.isNull else { return nil }
        return value
    }

    /// An error about a property of the event.
    package func invalid(_ property: String, _ message: String) -> Problem {
        .invalid("\(path).properties.\(property)", message)
    }

    /// The order in which events count: by instant, then by the bytes of the id.
    package static func precedes(_ lhs: RatingEvent, _ rhs: RatingEvent) -> Bool {
        lhs.at != rhs.at ? lhs.at < rhs.at : lhs.id.utf8.lexicographicallyPrecedes(rhs.id.utf8)
    }
}

/// All events of one meter, in the order in which they count.
package struct UsageLog: Sendable {
    /// The events by (`at`, `id`).
    package let events: [RatingEvent]

    /// Takes events in any order.
    package init(_ events: [RatingEvent] = []) { self.events = events.sorted(by: RatingEvent.precedes) }

    /// The usage of a part: the events in it and, where the rule carries over, those before.
    ///
    /// `wholeSeconds`: the seconds of the whole period that holds the part's start, which weighted sums divide by.
    ///
    /// `ratio`: the part's ratio, which levels are multiplied with.
    ///
    /// `start`: events before it are not carried over: the subscription's start; nil: all are.
    package func usage(
        _ rule: AggregationRule,
        during part: Period,
        wholeSeconds: Int64,
        ratio: Exact,
        since start: Instant? = nil
    ) -> PartUsage {
        let first = index(of: part.start)
        let last = index(of: part.end)
        var earlier: ArraySlice<RatingEvent> = []
        if rule.carryOver {
            let from = start.map { min(index(of: $0), first) } ?? 0
            earlier = events[from..<first]
        }
        return PartUsage(
            events: Array(events[first..<last]),
            rule: rule,
            part: part,
            wholeSeconds: wholeSeconds,
            ratio: ratio,
            earlier: Array(earlier)
        )
    }

    /// The number of events before an instant.
    private func index(of instant: Instant) -> Int {
        var low = 0
        var high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].at < instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
