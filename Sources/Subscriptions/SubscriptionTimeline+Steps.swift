import Values

extension SubscriptionTimeline {
    /// Goes on to an instant, that included.
    mutating func apply(until: Instant) throws(Problem) {
        while endedAt == nil {
            let boundary = try nextBoundary
            let asked = index < changes.count ? changes[index].at : nil
            guard let next = [boundary, asked].compactMap(\.self).min(), next <= until else { break }
            reached = max(next, start.instant)
            let now = takeChanges(upTo: reached)
            if next == boundary {
                try cross(boundary: reached, now)
            } else {
                for change in now where endedAt == nil { try perform(change) }
                openFirstPeriod()
            }
        }
        reached = max(reached, endedAt ?? until)
    }

    private mutating func takeChanges(upTo instant: Instant) -> [SubscriptionChange] {
        let first = index
        while index < changes.count, changes[index].at <= instant { index += 1 }
        return Array(changes[first..<index])
    }

    /// The old period is closed; what waits is applied, then what is asked for now; then the new period opens.
    private mutating func cross(boundary: Instant, _ now: [SubscriptionChange]) throws(Problem) {
        if case .trial(let end, let wall) = mode, end == boundary, boundary > start.instant {
            openCycle(at: boundary, wall: wall)
            note("trial ended", nil)
        }
        try enactWaiting()
        for change in now where endedAt == nil { try perform(change) }
        openFirstPeriod()
        markPhase(at: boundary)
    }

    /// At the start, once a change at that very instant can no longer make a trial of it, or end one.
    private mutating func openFirstPeriod() {
        guard endedAt == nil, pausedAt == nil, case .trial(let end, let wall) = mode, end <= reached else { return }
        openCycle(at: reached, wall: wall)
        markPhase(at: reached)
    }

    /// Applies what waited for the end of a period, which is now.
    private mutating func enactWaiting() throws(Problem) {
        let due = waiting
        waiting = []
        for change in due where endedAt == nil { try enact(change) }
    }

    private mutating func perform(_ change: SubscriptionChange) throws(Problem) {
        // A plan or a pause that waits gives way to one that is asked for later.
        if change.kind == .plan || change.kind == .pause { waiting.removeAll { $0.kind == change.kind } }
        if change.kind == .withdraw {
            waiting.removeAll { change.withdrawn.contains($0.id) }
            return note("what waited was withdrawn", change.id, isOnlyAsked: true)
        }
        // Where it stands still there is no period whose end could be waited for.
        guard change.timing == .periodEnd, pausedAt == nil else { return try enact(change) }
        waiting.append(change)
        note("\(change.kind.rawValue) asked for, waits for the period's end", change.id, isOnlyAsked: true)
    }

    private mutating func enact(_ change: SubscriptionChange) throws(Problem) {
        switch change.kind {
        case .plan:
            guard let target = change.version, let next = terms[target], let current = terms[version] else {
                throw Problem(.internal, "the plan version of change \(change.id) is not known")
            }
            quantities.merge(change.quantities) { _, new in new }
            version = target
            planKey = change.planKey ?? target.text
            if pausedAt != nil {
                // The period that begins when it goes on is the new plan's.
            } else if case .trial = mode {
                try moveTrial(to: next)
            } else if !next.keepsAnchor(of: current) {
                openCycle(at: reached, wall: zone.wallTime(of: reached))
            }
        case .quantities:
            quantities.merge(change.quantities) { _, new in new }
        case .cancel:
            endedAt = reached
            endedBy = change
        case .pause: return try pause(change)
        case .resume: return try resume(change)
        case .created, .withdraw:
            throw Problem(.internal, "change \(change.id) cannot be applied: \(change.kind.rawValue)")
        }
        note(change.kind == .cancel ? "ended" : "\(change.kind.rawValue) changed", change.id)
        markPhase(at: reached)
    }

    /// The period ends here; a trial only stops, and what waits for its end waits on.
    private mutating func pause(_ change: SubscriptionChange) throws(Problem) {
        guard pausedAt == nil else { return }
        pausedAt = reached
        note("paused", change.id)
        markPhase(at: reached)
        if case .running = mode { try enactWaiting() }
    }

    /// What is left of a trial goes on; otherwise a period begins, and with it the count of periods.
    private mutating func resume(_ change: SubscriptionChange) throws(Problem) {
        guard let since = pausedAt, let plan = terms[version] else { return }
        pausedAt = nil
        let wall = zone.wallTime(of: reached)
        var endsTrial = false
        if case .trial = mode {
            trialShift += max(0, zone.wallTime(of: since).seconds(until: wall))
            mode = Self.trial(of: plan, from: start, in: zone, shift: trialShift)
            endsTrial = !isTrial
        }
        if !isTrial { openCycle(at: reached, wall: wall) }
        note("resumed", change.id)
        markPhase(at: reached)
        if endsTrial { try enactWaiting() }
    }

    /// The trial ends as the new plan says, counted from the start, at the earliest now.
    private mutating func moveTrial(to plan: PlanTerms) throws(Problem) {
        mode = Self.trial(of: plan, from: start, in: zone, shift: trialShift)
        guard case .trial(let end, let wall) = mode, end <= reached, reached > start.instant else { return }
        openCycle(at: reached, wall: end == reached ? wall : zone.wallTime(of: reached))
        // What waited for the trial's end has it now.
        try enactWaiting()
    }

    private mutating func openCycle(at instant: Instant, wall: WallTime) {
        guard let plan = terms[version] else { return }
        mode = .running(
            BillingCycle(
                anchor: instant,
                wall: wall,
                interval: plan.interval,
                zone: zone,
                alignment: plan.alignment
            )
        )
    }

    /// Ends the last stretch and begins another where something is different from now on.
    mutating func markPhase(at instant: Instant) {
        if let endedAt {
            while let last = phases.last, last.start >= endedAt { phases.removeLast() }
            if let last = phases.indices.last, phases[last].end == nil { phases[last].end = endedAt }
            return
        }
        let phase = SubscriptionPhase(
            version: version,
            planKey: planKey,
            quantities: quantities,
            isTrial: isTrial,
            isPaused: isPaused,
            start: instant,
            end: nil
        )
        if let last = phases.last {
            if last.isSame(as: phase) { return }
            if last.start == instant {
                phases.removeLast()
                if let before = phases.indices.last, phases[before].end == instant, phases[before].isSame(as: phase) {
                    phases[before].end = nil
                    return
                }
            } else {
                phases[phases.count - 1].end = instant
            }
        }
        phases.append(phase)
    }

    mutating func note(_ what: String, _ change: ChangeID?, isOnlyAsked: Bool = false) {
        steps.append(
            Step(
                at: reached,
                what: what,
                change: change,
                version: version,
                quantities: quantities,
                isOnlyAsked: isOnlyAsked
            )
        )
    }
}
