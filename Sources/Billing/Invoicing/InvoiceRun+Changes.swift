import Plans
import Subscriptions
import Values

/// What changes do.
extension InvoiceRun {
    /// Takes a change when it is asked for: applies it or lets it wait.
    mutating func ask(_ change: InvoiceStory.Change) throws(Problem) {
        // A plan that waits gives way to any plan that is asked for later.
        if change.plan != nil { waiting.removeAll { $0.plan != nil } }
        if change.request == .pause { waiting.removeAll { $0.request == .pause } }
        if case .withdraw(let paths) = change.request { return waiting.removeAll { paths.contains($0.path) } }
        // Where it stands still there is no period whose end could be waited for.
        guard change.timing == .periodEnd, pausedAt == nil else { return try enact(change) }
        waiting.append(change)
    }

    /// Applies a change now.
    mutating func enact(_ change: InvoiceStory.Change) throws(Problem) {
        switch change.request {
        case .cancel(let refund):
            try cancel(refund)
        case .plan(let key, let quantities, let invoice):
            guard let next = story.plans[key] else { throw InvoiceRun.noPlan(key, "\(change.path).plan") }
            occasion.hasChange = true
            if invoice == .now { occasion.isDue = true }
            try enact(next, key: key, quantities, asked: change)
        case .quantities(let quantities, let invoice):
            occasion.hasChange = true
            if invoice == .now { occasion.isDue = true }
            try enact(quantities)
        case .pause: try pause()
        case .resume: try resume(asked: change)
        case .withdraw: break
        }
    }

    /// The part is closed as by a cancellation that credits; a trial only stops, and what waits for its end waits on.
    private mutating func pause() throws(Problem) {
        guard pausedAt == nil else { return }
        pausedAt = occasion.at
        occasion.isDue = true
        occasion.hasChange = true
        if part != nil {
            if plan.proration != .none { try credit(live) }
            try closePart()
        }
        live = []
        if case .running = calendar { try enactWaiting() }
    }

    /// What is left of a trial goes on; otherwise a period begins, and with it the count of periods.
    private mutating func resume(asked change: InvoiceStory.Change) throws(Problem) {
        guard let since = pausedAt else { return }
        pausedAt = nil
        occasion.isDue = true
        occasion.hasChange = true
        let wall = wall(of: change)
        guard case .trial = calendar else {
            openCalendar(wall: wall)
            occasion.isBoundary = true
            return
        }
        trialShift += max(0, story.zone.wallTime(of: since).seconds(until: wall))
        let end = try InvoiceRun.trialEnd(of: plan, start, story.zone, shift: trialShift)
        calendar = .trial(end: end.instant, wall: end.wall)
        occasion.isBoundary = end.instant <= occasion.at
        guard occasion.isBoundary else { return }
        occasion.endsTrial = true
        openCalendar(wall: wall)
        try enactWaiting()
    }

    /// The end: at a boundary nothing is unused, in a trial nothing was billed.
    private mutating func cancel(_ refund: SubscriptionChange.Refund) throws(Problem) {
        occasion.isDue = true
        occasion.cancellation = refund
        if part != nil {
            if refund != .none, plan.proration != .none { try credit(live) }
            try closePart()
        }
        hasEnded = true
    }

    private mutating func enact(
        _ next: Plan,
        key: String,
        _ new: [String: Exact],
        asked change: InvoiceStory.Change
    ) throws(Problem) {
        let keepsAnchor = plan.interval == next.interval && plan.alignment == next.alignment
        // The period that begins when it goes on is the new plan's.
        if pausedAt != nil { return adopt(next, key, new) }
        if case .trial = calendar {
            adopt(next, key, new)
            return try moveTrial(asked: change)
        }
        guard part != nil else {
            // At a boundary the new period opens under what is in force in the end.
            adopt(next, key, new)
            if !keepsAnchor { openCalendar(wall: wall(of: change)) }
            return
        }
        let isUnprorated = plan.proration == .none || next.proration == .none
        if keepsAnchor, isUnprorated { return try cutUsage(next, key, new) }
        let credits = isUnprorated ? [:] : try credit(live)
        try closePart()
        adopt(next, key, new)
        guard keepsAnchor else {
            openCalendar(wall: wall(of: change))
            occasion.isBoundary = true
            return
        }
        try checkQuantities()
        openPart()
        try charge(plan.prices.indices.filter { plan.prices[$0].isInAdvance }, instead: credits)
    }

    /// Without proration nothing of a running period is billed anew; only usage is cut.
    private mutating func cutUsage(_ next: Plan, _ key: String, _ new: [String: Exact]) throws(Problem) {
        try closeUsage()
        adopt(next, key, new)
        try checkQuantities()
        guard let start = part?.start else { return }
        part?.usageStart = occasion.at
        part?.stretches = [(start, quantities)]
    }

    private mutating func adopt(_ next: Plan, _ key: String, _ new: [String: Exact]) {
        plan = next
        planKey = key
        phase += 1
        quantities.merge(new) { _, new in new }
    }

    /// A trial ends as the plan in force says, counted from the start, and not before now.
    private mutating func moveTrial(asked change: InvoiceStory.Change) throws(Problem) {
        let end = try InvoiceRun.trialEnd(of: plan, start, story.zone, shift: trialShift)
        if end.instant > occasion.at {
            calendar = .trial(end: end.instant, wall: end.wall)
            occasion.isBoundary = false
            return
        }
        occasion.isBoundary = true
        occasion.isDue = true
        guard occasion.at > start.instant else {
            calendar = .trial(end: start.instant, wall: start.wall)
            return
        }
        occasion.endsTrial = true
        openCalendar(wall: end.instant == occasion.at ? end.wall : wall(of: change))
        // What waited for the trial's end has it now.
        try enactWaiting()
    }

    /// The local wall time of a change that takes effect now.
    private func wall(of change: InvoiceStory.Change) -> WallTime {
        let moment = change.at.cut(in: story.zone)
        return moment.instant == occasion.at ? moment.wall : story.zone.wallTime(of: occasion.at)
    }

    /// New quantities: prices whose quantity is another from now on are credited and charged.
    private mutating func enact(_ new: [String: Exact]) throws(Problem) {
        let changed = Set(new.filter { quantities[$0.key] != $0.value }.keys)
        quantities.merge(new) { _, new in new }
        guard let part else { return }
        guard plan.proration != .none else {
            self.part?.stretches = [(part.start, quantities)]
            return
        }
        guard !changed.isEmpty else { return }
        let isChanged = { (price: Price) in price.quantity.map(changed.contains) ?? false }
        let credits = try credit(live.filter { lines[$0].price.map(isChanged) ?? false })
        self.part?.stretches.append((occasion.at, quantities))
        try charge(
            plan.prices.indices.filter { plan.prices[$0].isInAdvance && isChanged(plan.prices[$0]) },
            instead: credits
        )
    }
}

extension Price {
    /// Whether it is billed for the period that starts.
    var isInAdvance: Bool { meter == nil && timing == .advance }

    /// Whether it is billed without a meter for the part that ended.
    var isInArrears: Bool { meter == nil && timing == .arrears }
}
