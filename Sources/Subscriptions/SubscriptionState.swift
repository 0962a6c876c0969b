import Metering
import Plans
import Values

/// A stretch in which a subscription prices a meter.
struct MeterStretch: Hashable, Sendable {
    /// The meter's code.
    let meter: String
    /// The first instant.
    let start: Instant
    /// The first instant after it; nil if none is known.
    var end: Instant?
}

/// Everything that is written beside the changes, as it follows from them.
struct SubscriptionState: Sendable {
    /// The row.
    var subscription: Subscription
    /// The known stretches of plan, quantities and status.
    let phases: [SubscriptionPhase]
    /// The known stretches of priced meters.
    let meters: [MeterStretch]
    /// What the plan's features allow in the current and the next period.
    let quotas: [QuotaDraft]
}

extension SubscriptionStory {
    /// Where it stands at an instant; an instant before what was reached already is taken for that.
    func state(until: Instant) throws(Problem) -> SubscriptionState {
        let timeline = try timeline(until: max(until, reached))
        guard let version = version(timeline.version) else {
            throw SubscriptionError.unreadable(subscription.id).problem
        }
        let period = try timeline.currentPeriod
        let phases = try timeline.knownPhases()
        var row = subscription
        row.planVersion = version.id
        row.planCode = version.code
        row.planVersionNumber = version.version
        row.status = status(of: timeline)
        row.anchor = timeline.anchor
        row.quantities = timeline.quantities
        row.currentPeriodStart = period.start
        row.currentPeriodEnd = period.end
        row.cancelsAt = try timeline.cancelsAt
        row.scheduledChanges = timeline.endedAt == nil ? timeline.waiting.map(\.id) : []
        row.endedAt = timeline.endedAt
        return SubscriptionState(
            subscription: row,
            phases: phases,
            meters: meters(in: phases),
            quotas: try quotas(of: timeline)
        )
    }

    private func status(of timeline: SubscriptionTimeline) -> SubscriptionStatus {
        guard timeline.endedAt != nil else {
            if timeline.isTrial { return .trialing }
            return subscription.status == .pastDue ? .pastDue : .active
        }
        let last = timeline.steps.last?.change
        let isCut = changes.contains { $0.id == last && $0.kind == .cancel && $0.timing == .immediately }
        return isCut ? .cancelled : .ended
    }

    /// A meter is priced also in a trial, where its usage costs nothing: no other subscription may bill it then.
    private func meters(in phases: [SubscriptionPhase]) -> [MeterStretch] {
        var stretches: [MeterStretch] = []
        for phase in phases {
            for meter in version(phase.version)?.plan.meters ?? [] {
                if let last = stretches.lastIndex(where: { $0.meter == meter }), stretches[last].end == phase.start {
                    stretches[last].end = phase.end
                } else {
                    stretches.append(MeterStretch(meter: meter, start: phase.start, end: phase.end))
                }
            }
        }
        return stretches
    }

    /// The allowances of the current period and of the next; written ahead, so that they hold when it begins.
    private func quotas(of timeline: SubscriptionTimeline) throws(Problem) -> [QuotaDraft] {
        guard timeline.endedAt == nil, let boundary = try timeline.nextBoundary else { return [] }
        var next = timeline
        try next.apply(until: boundary)
        return try quotas(in: timeline) + (next.endedAt == nil ? quotas(in: next) : [])
    }

    private func quotas(in timeline: SubscriptionTimeline) throws(Problem) -> [QuotaDraft] {
        let period = try timeline.currentPeriod
        guard let window = Period(start: period.start, end: period.end) else { return [] }
        return (version(timeline.version)?.features.allowances ?? []).map { feature, allowance in
            QuotaDraft(
                feature: feature,
                meter: allowance.meter,
                allowance: allowance.limit,
                window: window,
                isHard: allowance.isHard
            )
        }
    }
}
