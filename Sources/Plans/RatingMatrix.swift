import Values

/// The events of a part that agree in all dimensions of a matrix.
private struct MatrixGroup {
    /// The values of the dimensions; null for an absent property.
    let values: [JSONValue]
    var events: [RatingEvent] = []
    var earlier: [RatingEvent] = []
    /// What is charged for; at first all.
    var paid = Exact.zero
    /// Whether free units are taken from each event by itself.
    var isFreeByEvent = false
    /// Whether free units were taken from the group as a whole.
    var isTaken = false
    var unitAmount = Exact.zero

    /// Nothing happened in the part and nothing stands from before.
    var isIdle: Bool { events.isEmpty && earlier.reduce(.zero) { $0 + $1.value } == .zero }
}

extension MatrixTerms {
    /// Groups the events, aggregates each group by itself and prices it by its cell.
    func rate(_ usage: PartUsage, freeUnits: Exact, path: String) throws(Problem) -> RatedPrice {
        var (groups, places) = grouped(usage)
        var quantity = Exact.zero
        for index in groups.indices where !groups[index].isIdle {
            let group = groups[index]
            guard let unitAmount = unitAmount(of: group.values) else {
                throw .invalid(
                    "\(path).cells",
                    "no cell prices \(description(of: group.values)), and there is no default"
                )
            }
            groups[index].unitAmount = unitAmount
            groups[index].paid = try usage.with(events: group.events, earlier: group.earlier).quantity()
            groups[index].isFreeByEvent =
                [.count, .sum].contains(usage.rule.aggregation) && !group.events.contains(where: \.value.isNegative)
            quantity += groups[index].paid
        }
        if !freeUnits.isZero {
            take(freeUnits, from: &groups, at: places, usage)
        }
        let exact = groups.reduce(Exact.zero) { $0 + $1.paid * $1.unitAmount }
        return RatedPrice(quantity: quantity, exact: exact)
    }

    /// The groups in the order of their first events, and the group of each event: those before the part, then its own.
    private func grouped(_ usage: PartUsage) -> (groups: [MatrixGroup], places: [Int]) {
        var groups: [MatrixGroup] = []
        var places: [Int] = []
        places.reserveCapacity(usage.earlier.count + usage.events.count)
        var known: [[JSONValue]: Int] = [:]
        func place(of event: RatingEvent) -> Int {
            let values = dimensions.map { event.property($0) ?? .null }
            if let place = known[values] { return place }
            known[values] = groups.count
            groups.append(MatrixGroup(values: values))
            return groups.count - 1
        }
        for event in usage.earlier {
            let place = place(of: event)
            groups[place].earlier.append(event)
            places.append(place)
        }
        for event in usage.events {
            let place = place(of: event)
            groups[place].events.append(event)
            places.append(place)
        }
        return (groups, places)
    }

    /// Takes free units from the earliest event on: from single events, or from a whole group at its first event.
    private func take(
        _ freeUnits: Exact,
        from groups: inout [MatrixGroup],
        at places: [Int],
        _ usage: PartUsage
    ) {
        var left = freeUnits
        for (number, place) in places.enumerated() where left > .zero && !groups[place].isTaken {
            var taken = min(left, groups[place].paid)
            if groups[place].isFreeByEvent {
                // Only a weighted sum has earlier events, and that is never taken event by event.
                let isCounted = usage.rule.aggregation == .count
                taken = min(taken, isCounted ? .one : usage.events[number - usage.earlier.count].value)
            } else {
                groups[place].isTaken = true
            }
            groups[place].paid -= taken
            left -= taken
        }
    }

    /// The group as a message shows it.
    private func description(of values: [JSONValue]) -> String {
        let parts = zip(dimensions, values).map { "\($0) \($1.isNull ? "absent" : $1.seen)" }
        return parts.isEmpty ? "the events" : "events with " + parts.joined(separator: ", ")
    }
}
