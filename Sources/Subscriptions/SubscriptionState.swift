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
        row.status = status(of: timeline, standing: subscription.standing)
        row.anchor = timeline.anchor
        row.pausedAt = timeline.isPaused ? timeline.pausedAt : nil
        row.quantities = timeline.quantities
        row.overrides = overrides(ofKey: timeline.planKey)
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

    /// What it is like by its changes and where it stands.
    func status(of timeline: SubscriptionTimeline, standing: SubscriptionStanding) -> SubscriptionStatus {
        if timeline.endedAt != nil { return timeline.endedBy?.timing == .immediately ? .cancelled : .ended }
        if timeline.isPaused { return .paused }
        return switch standing {
        case .suspended: .suspended
        case .pastDue: timeline.isTrial ? .trialing : .pastDue
        case .current: timeline.isTrial ? .trialing : .active
        }
    }

    /// A meter is priced also in a trial, where its usage costs nothing: no other subscription may bill it then.
    ///
    /// While it stands still another one may; and what only events price that name it takes nothing from others.
    private func meters(in phases: [SubscriptionPhase]) -> [MeterStretch] {
        guard subscription.usage == .any else { return [] }
        var stretches: [MeterStretch] = []
        for phase in phases where !phase.isPaused {
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
    ///
    /// There are none while it stands still or is suspended.
    private func quotas(of timeline: SubscriptionTimeline) throws(Problem) -> [QuotaDraft] {
        guard subscription.standing != .suspended, let boundary = try timeline.nextBoundary else { return [] }
        var next = timeline
        try next.apply(until: boundary)
        return try quotas(in: timeline) + (try next.nextBoundary == nil ? [] : quotas(in: next))
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
                isHard: allowance.isHard,
                rollover: allowance.rollover
            )
        }
    }
}
