package import Values

/// What of a plan version the calendar of a subscription depends on.
package struct PlanTerms: Hashable, Sendable {
    /// The version.
    package let version: PlanVersionID
    /// The length of its periods.
    package let interval: Interval
    /// Where they begin and end.
    package let alignment: Alignment
    /// Whole local days in which nothing is billed.
    package let trialDays: Int

    /// Takes the four.
    package init(version: PlanVersionID, interval: Interval, alignment: Alignment, trialDays: Int) {
        self.version = version
        self.interval = interval
        self.alignment = alignment
        self.trialDays = trialDays
    }

    /// The same for a subscription that begins without a trial.
    func withoutTrial() -> PlanTerms {
        PlanTerms(version: version, interval: interval, alignment: alignment, trialDays: 0)
    }

    /// Whether a change to the other plan leaves the periods where they are.
    package func keepsAnchor(of other: PlanTerms) -> Bool {
        interval == other.interval && alignment == other.alignment
    }
}

/// A stretch of a subscription in which the plan, the quantities and the status stay the same.
package struct SubscriptionPhase: Hashable, Sendable {
    /// The plan version in force.
    package let version: PlanVersionID
    /// The key of the plan as it bills this subscription; see `SubscriptionStory.plans`.
    package let planKey: String
    /// The quantities in force.
    package let quantities: Quantities
    /// Whether nothing is billed yet.
    package let isTrial: Bool
    /// Whether it stands still, and nothing is billed.
    package let isPaused: Bool
    /// Its first instant.
    package let start: Instant
    /// The first instant after it; nil if none is known.
    package var end: Instant?

    /// What the phase is like, as its row says it.
    package var status: SubscriptionStatus { isPaused ? .paused : isTrial ? .trialing : .active }

    /// Whether the same is in force in both.
    func isSame(as other: SubscriptionPhase) -> Bool {
        planKey == other.planKey && version == other.version && quantities == other.quantities && status == other.status
    }
}

/// The states of a subscription as they follow from its changes: pure, and the only place that derives them.
///
/// At an end of a period what waits is applied first, then what is asked for at that instant. A plan with other
/// periods moves the anchor; in a trial a change of plan moves the trial's end. The rules are those of the simulator,
/// which knows no pauses: a pause ends the running period as a cancellation does, and what waits for the period's end
/// has it then; going on begins a period, whose first instant is the new anchor. A pause in a trial stops it: what is
/// left of it on the clocks of the zone goes on afterwards.
package struct SubscriptionTimeline: Sendable {
    /// A step of the explanation: what happened and what was in force from then on.
    package struct Step: Hashable, Sendable {
        /// When it happened.
        package let at: Instant
        /// What happened, in a few words.
        package let what: String
        /// The change behind it, if there is one.
        package let change: ChangeID?
        /// The plan version in force from then on.
        package let version: PlanVersionID
        /// The quantities in force from then on.
        package let quantities: Quantities
        /// Whether nothing is otherwise yet: something waits for the end of the period, or no longer does.
        package let isOnlyAsked: Bool
    }

    /// Where the periods stand.
    enum Mode: Sendable {
        case trial(end: Instant, wall: WallTime)
        case running(BillingCycle)
    }

    /// The subscription's start as it was written.
    package let start: Moment
    /// The zone of its calendar.
    package let zone: Zone
    let terms: [PlanVersionID: PlanTerms]
    let changes: [SubscriptionChange]
    var index = 0
    var mode: Mode
    /// By how many seconds on the clock pauses have moved the trial's end.
    var trialShift: Int64 = 0

    /// The plan version in force.
    package internal(set) var version: PlanVersionID
    /// The key of the plan as it bills this subscription; see `SubscriptionStory.plans`.
    package internal(set) var planKey: String
    /// The quantities in force.
    package internal(set) var quantities: Quantities
    /// What waits for the next end of a period, in the order it was asked for.
    package internal(set) var waiting: [SubscriptionChange] = []
    /// The instant up to which everything is applied.
    package internal(set) var reached: Instant
    /// When it ended, if it has.
    package internal(set) var endedAt: Instant?
    /// The cancellation that ended it.
    package internal(set) var endedBy: SubscriptionChange?
    /// Since when it stands still; of one that ended then, too.
    package internal(set) var pausedAt: Instant?
    /// All stretches up to here.
    package internal(set) var phases: [SubscriptionPhase] = []
    /// What happened up to here.
    package internal(set) var steps: [Step] = []

    /// Begins a subscription and applies everything up to an instant, that included.
    ///
    /// `changes`: in the order of their sequence; the first is the creation.
    ///
    /// `terms`: of every version that a change names.
    package init(
        start: Moment,
        zone: Zone,
        changes: [SubscriptionChange],
        terms: [PlanTerms],
        until: Instant
    ) throws(Problem) {
        self.start = start
        self.zone = zone
        self.changes = Array(changes.dropFirst())
        let hasTrial = changes.first?.hasTrial ?? true
        self.terms = Dictionary(terms.map { ($0.version, hasTrial ? $0 : $0.withoutTrial()) }) { first, _ in first }
        guard let created = changes.first, created.kind == .created, let version = created.version,
            let first = self.terms[version]
        else {
            throw Problem(.internal, "a subscription's first change is not its creation")
        }
        self.version = version
        planKey = created.planKey ?? version.text
        quantities = created.quantities
        reached = start.instant
        // Without a trial the trial ends as it begins: the first boundary opens the first period.
        mode = Self.trial(of: first, from: start, in: zone, shift: 0)
        note("created", created.id)
        markPhase(at: start.instant)
        try apply(until: until)
    }

    /// Whether it is in its trial, which goes on.
    package var isTrial: Bool {
        guard endedAt == nil, pausedAt == nil, case .trial(let end, _) = mode else { return false }
        return end > reached
    }

    /// Whether it stands still.
    package var isPaused: Bool { endedAt == nil && pausedAt != nil }

    /// The next end of a period or of the trial after what is applied; nil if it has ended or stands still.
    package var nextBoundary: Instant? {
        get throws(Problem) {
            guard endedAt == nil, pausedAt == nil else { return nil }
            switch mode {
            case .trial(let end, _): return end
            case .running(let cycle): return try cycle.period(containing: reached)?.period.end
            }
        }
    }

    /// The period that holds the instant reached; of one that has ended the last it had, of one that stands still that
    /// up to the pause.
    package var currentPeriod: (start: Instant, end: Instant) {
        get throws(Problem) {
            switch mode {
            case .trial(let end, _): return (start.instant, max(pausedAt ?? end, start.instant))
            case .running(let cycle):
                // What ends at a boundary ends with the period before it.
                let last = (pausedAt ?? endedAt)?.adding(microseconds: -1)
                guard let found = try cycle.period(containing: last ?? reached) else {
                    // It is over, or stands still, where its last period began.
                    return (pausedAt ?? cycle.anchor, pausedAt ?? endedAt ?? reached)
                }
                return (found.period.start, pausedAt ?? found.period.end)
            }
        }
    }

    /// Where the periods are counted from; nil in a trial.
    package var anchor: Instant? {
        guard case .running(let cycle) = mode else { return nil }
        return cycle.anchor
    }

    /// When a trial ends under a plan, from the start on.
    static func trial(of plan: PlanTerms, from start: Moment, in zone: Zone, shift: Int64) -> Mode {
        guard plan.trialDays > 0 else { return .trial(end: start.instant, wall: start.wall) }
        let wall = start.wall.adding(days: plan.trialDays).adding(seconds: shift)
        return .trial(end: zone.instant(wall), wall: wall)
    }

    /// When it will end, if a cancellation waits.
    package var cancelsAt: Instant? {
        get throws(Problem) {
            waiting.contains { $0.kind == .cancel } ? try nextBoundary : nil
        }
    }

    /// Whether an instant is one at which a period or the trial ends, or the start.
    package func isBoundary(_ instant: Instant) throws(Problem) -> Bool {
        guard instant != start.instant, case .running(let cycle) = mode else { return instant == start.instant }
        return try cycle.period(containing: instant)?.period.start == instant
    }

    /// The change behind what is in force from an instant on: of a trial's end that is the one that began it.
    package func cause(of instant: Instant) -> ChangeID? {
        steps.last { $0.at <= instant && $0.change != nil && !$0.isOnlyAsked }?.change
    }

    /// All stretches, also those that are known and still to come: after the trial, and after what waits.
    package func knownPhases() throws(Problem) -> [SubscriptionPhase] {
        var future = self
        while future.endedAt == nil, future.isTrial || !future.waiting.isEmpty, let next = try future.nextBoundary {
            try future.apply(until: next)
        }
        return future.phases
    }
}
