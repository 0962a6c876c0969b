import Values

extension SubscriptionTimeline {
    /// Goes on to an instant, that included.
    mutating func apply(until: Instant) throws(Problem) {
        while let boundary = try nextBoundary {
            let asked = index < changes.count ? changes[index].at : boundary
            let next = min(boundary, asked)
            guard next <= until else { break }
            reached = max(next, start.instant)
            let now = takeChanges(upTo: reached)
            if next == boundary {
                try cross(boundary: reached, now)
            } else {
                for change in now where endedAt == nil { try perform(change) }
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
        let due = waiting
        waiting = []
        if case .trial(let end, let wall) = mode, end == boundary, boundary > start.instant {
            openCycle(at: boundary, wall: wall)
            note("trial ended", nil)
        }
        for change in due where endedAt == nil { try enact(change) }
        for change in now where endedAt == nil { try perform(change) }
        // At the start there may be a trial yet, by a change at that very instant.
        if endedAt == nil, case .trial(let end, let wall) = mode, end <= boundary {
            openCycle(at: boundary, wall: wall)
        }
        markPhase(at: boundary)
    }

    private mutating func perform(_ change: SubscriptionChange) throws(Problem) {
        if change.kind == .plan { waiting.removeAll { $0.kind == .plan } }
        switch change.timing {
        case .immediately: try enact(change)
        case .periodEnd:
            waiting.append(change)
            note("\(change.kind.rawValue) asked for, waits for the period's end", change.id)
        }
    }

    private mutating func enact(_ change: SubscriptionChange) throws(Problem) {
        switch change.kind {
        case .plan:
            guard let target = change.version, let next = terms[target], let current = terms[version] else {
                throw Problem(.internal, "the plan version of change \(change.id) is not known")
            }
            quantities.merge(change.quantities) { _, new in new }
            version = target
            if case .trial = mode {
                moveTrial(to: next)
            } else if !next.keepsAnchor(of: current) {
                openCycle(at: reached, wall: zone.wallTime(of: reached))
            }
        case .quantities:
            quantities.merge(change.quantities) { _, new in new }
        case .cancel:
            endedAt = reached
        case .created, .pause, .resume:
            throw Problem(.internal, "change \(change.id) cannot be applied: \(change.kind.rawValue)")
        }
        note(change.kind == .cancel ? "ended" : "\(change.kind.rawValue) changed", change.id)
        markPhase(at: reached)
    }

    /// The trial ends as the new plan says, counted from the start, at the earliest now.
    private mutating func moveTrial(to plan: PlanTerms) {
        let wall = start.wall.adding(days: plan.trialDays)
        let end = plan.trialDays == 0 ? start.instant : zone.instant(wall)
        if end > reached {
            mode = .trial(end: end, wall: wall)
        } else if reached == start.instant {
            mode = .trial(end: reached, wall: start.wall)
        } else {
            // What waited for the trial's end has it now.
            let due = waiting.filter { $0.kind != .plan }
            waiting = []
            openCycle(at: reached, wall: zone.wallTime(of: reached))
            for change in due where change.kind == .quantities {
                quantities.merge(change.quantities) { _, new in new }
            }
            if due.contains(where: { $0.kind == .cancel }) { endedAt = reached }
        }
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
            quantities: quantities,
            isTrial: isTrial,
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

    mutating func note(_ what: String, _ change: ChangeID?) {
        steps.append(
            Step(at: reached, what: what, change: change, version: version, quantities: quantities)
        )
    }
}
