import Plans
import Values

/// Where lines come from.
extension InvoiceRun {
    /// Opens the period that begins now and bills its prices in advance.
    mutating func openPeriod() throws(Problem) {
        // At the start: no change has made a trial of it.
        if case .trial(let end, let wall) = calendar, end <= occasion.at { openCalendar(wall: wall) }
        guard case .running(let cycle) = calendar,
            let found = try cycle.period(containing: occasion.at)
        else { return }
        period = (found.period, found.whole)
        live = []
        try checkQuantities()
        openPart()
        for index in plan.prices.indices where plan.prices[index].isInAdvance {
            live.append(try add(index, .recurring, found.period, quantities))
        }
    }

    /// A part begins now.
    mutating func openPart() {
        part = Part(start: occasion.at, usageStart: occasion.at, stretches: [(occasion.at, quantities)])
    }

    /// Refuses a price whose named quantity the subscription does not have.
    func checkQuantities() throws(Problem) {
        for price in plan.prices {
            guard price.meter == nil, let name = price.quantity, quantities[name] == nil else { continue }
            throw .invalid(
                "subscription.quantities.\(name)",
                "is required: the price \(price.code) of \(plan.code) multiplies it"
            )
        }
    }

    /// Bills what a part has in arrears, its usage and what it lacks of its commitment.
    mutating func closePart() throws(Problem) {
        guard let part, let period, let stretch = Period(start: part.start, end: occasion.at) else {
            self.part = nil
            return
        }
        for (index, price) in plan.prices.enumerated() where price.isInArrears {
            for piece in InvoiceRun.pieces(of: part, until: occasion.at, price) {
                try add(index, .recurring, piece.period, piece.quantities)
            }
        }
        try closeUsage()
        if let commitment = plan.minimumCommitment {
            let ratio = plan.proration.ratio(of: stretch, whole: period.whole, in: story.zone)
            let least = try Money(commitment * ratio, currency: story.currency).minor
            let lack = Int128(least) - (self.part?.sum ?? 0)
            if lack > 0 { try addMinimum(lack, stretch, period.whole, ratio) }
        }
        self.part = nil
    }

    /// Bills the usage of the part up to now.
    mutating func closeUsage() throws(Problem) {
        guard let part, let period, let stretch = Period(start: part.usageStart, end: occasion.at) else { return }
        let ratio = plan.proration.ratio(of: stretch, whole: period.whole, in: story.zone)
        for (index, price) in plan.prices.enumerated() {
            guard let meter = price.meter else { continue }
            let request = UsageRequest(
                meter: meter,
                planKey: planKey,
                price: price,
                part: stretch,
                whole: period.whole,
                ratio: ratio,
                since: start.instant
            )
            let rated = try Rating.rate(price, try usage(request), ratio: ratio, path: path(of: index))
            try add(
                line(
                    index,
                    .usage,
                    stretch,
                    ratio,
                    quantity: rated.quantity,
                    exact: rated.exact,
                    whole: period.whole
                )
            )
        }
    }

    /// Credits the unused rest of lines in advance.
    ///
    /// - Returns: the credited lines by the code of their price, for the charges that take their place.
    @discardableResult
    mutating func credit(_ credited: [Int]) throws(Problem) -> [String: Int] {
        var places: [String: Int] = [:]
        for place in credited {
            let origin = lines[place]
            // Nothing is ever given back of a line of a plan without proration.
            guard origin.plan.proration != .none, let price = origin.price,
                let rest = Period(start: occasion.at, end: origin.period.end)
            else { continue }
            let ratio = origin.plan.proration.ratio(of: rest, whole: origin.whole, in: story.zone)
            let share = origin.ratio.isZero ? .zero : min(.one, ratio / origin.ratio)
            let exact = -(origin.exact * share)
            try add(
                StoryLine(
                    phase: origin.phase,
                    planKey: origin.planKey,
                    plan: origin.plan,
                    priceIndex: origin.priceIndex,
                    kind: .credit,
                    period: rest,
                    whole: origin.whole,
                    ratio: ratio,
                    quantity: origin.quantity,
                    exact: exact,
                    amount: try Money(exact, currency: story.currency).minor,
                    origin: place
                )
            )
            places[price.code] = place
            live.removeAll { $0 == place }
        }
        return places
    }

    /// Bills prices in advance for the rest of the running period.
    mutating func charge(_ indices: [Int], instead credits: [String: Int]) throws(Problem) {
        guard let period, let rest = Period(start: occasion.at, end: period.period.end) else { return }
        for index in indices {
            let place = try add(index, .charge, rest, quantities)
            lines[place].origin = credits[plan.prices[index].code]
            live.append(place)
        }
    }

    /// Adds the line of a price without a meter.
    @discardableResult
    private mutating func add(
        _ index: Int,
        _ kind: InvoiceDraft.Line.Kind,
        _ stretch: Period,
        _ quantities: [String: Exact]
    ) throws(Problem) -> Int {
        let price = plan.prices[index]
        let whole = period?.whole ?? stretch
        let ratio = plan.proration.ratio(of: stretch, whole: whole, in: story.zone)
        let quantity = price.quantity.flatMap { quantities[$0] } ?? .one
        let rated = try Rating.rate(price, .quantity(quantity), ratio: ratio, path: path(of: index))
        return try add(
            line(index, kind, stretch, ratio, quantity: rated.quantity, exact: rated.exact, whole: whole)
        )
    }

    private mutating func addMinimum(
        _ lack: Int128,
        _ stretch: Period,
        _ whole: Period,
        _ ratio: Exact
    ) throws(Problem) {
        let exact = Exact(lack) / Exact(story.currency.minorUnits)
        try add(
            StoryLine(
                phase: phase,
                planKey: planKey,
                plan: plan,
                priceIndex: nil,
                kind: .minimum,
                period: stretch,
                whole: whole,
                ratio: ratio,
                quantity: .one,
                exact: exact,
                amount: try Money(exact, currency: story.currency).minor
            )
        )
    }

    private func line(
        _ index: Int,
        _ kind: InvoiceDraft.Line.Kind,
        _ stretch: Period,
        _ ratio: Exact,
        quantity: Exact,
        exact: Exact,
        whole: Period
    ) throws(Problem) -> StoryLine {
        StoryLine(
            phase: phase,
            planKey: planKey,
            plan: plan,
            priceIndex: index,
            kind: kind,
            period: stretch,
            whole: whole,
            ratio: ratio,
            quantity: quantity,
            exact: exact,
            amount: try Money(exact, currency: story.currency).minor
        )
    }

    @discardableResult
    private mutating func add(_ line: StoryLine) throws(Problem) -> Int {
        lines.append(line)
        occasion.lines.append(lines.count - 1)
        part?.sum += Int128(line.amount)
        return lines.count - 1
    }

    private func path(of index: Int) -> String {
        "\(story.planPaths[planKey] ?? planKey).prices[\(index)]"
    }

    /// The stretches of a part in which the quantity of a price stayed the same.
    private static func pieces(
        of part: Part,
        until end: Instant,
        _ price: Price
    ) -> [(period: Period, quantities: [String: Exact])] {
        var pieces: [(period: Period, quantities: [String: Exact])] = []
        for (index, stretch) in part.stretches.enumerated() {
            let next = index + 1 < part.stretches.count ? part.stretches[index + 1].start : end
            guard let period = Period(start: stretch.start, end: next) else { continue }
            let isSame = pieces.last.map { last in
                price.quantity.map { last.quantities[$0] == stretch.quantities[$0] } ?? true
            }
            if isSame == true, let last = pieces.last,
                let joined = Period(start: last.period.start, end: period.end)
            {
                pieces[pieces.count - 1].period = joined
            } else {
                pieces.append((period, stretch.quantities))
            }
        }
        return pieces
    }
}
