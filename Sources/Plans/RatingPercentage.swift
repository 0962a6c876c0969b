import Values

extension PercentageTerms {
    /// What events cost, in their order; none of their values is negative.
    func amount(of events: [RatingEvent]) -> Exact {
        let hasAllowance = freeEvents != nil || freeAmount != nil
        var left = freeAmount
        var sum = Exact.zero
        for (place, event) in events.enumerated() {
            let isWithinAllowance =
                hasAllowance && freeEvents.map { place < $0 } ?? true && left.map { $0 > .zero } ?? true
            guard isWithinAllowance else {
                sum += cost(ofPaid: event.value)
                continue
            }
            // Without a limit of the amount every such event is free as a whole.
            guard let rest = left else { continue }
            let free = min(rest, event.value)
            left = rest - free
            if free < event.value { sum += cost(ofPaid: event.value - free) }
        }
        return sum
    }

    private func cost(ofPaid value: Exact) -> Exact {
        var cost = value * rate + fixed
        if let perEventMinimum { cost = max(cost, perEventMinimum) }
        if let perEventMaximum { cost = min(cost, perEventMaximum) }
        return cost
    }
}
