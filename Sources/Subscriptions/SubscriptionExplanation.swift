package import Plans
package import Values

extension SubscriptionStory {
    /// The explanation of how it came to stand where it stands.
    ///
    /// `until`: the instant to explain; what is scheduled after it is shown as phases.
    ///
    /// `standings`: each time that its standing became another, in that order.
    package func timelineJSON(until: Instant, standings: [StandingChange]) throws(Problem) -> JSONValue {
        let timeline = try timeline(until: until)
        let known = standings.filter { $0.at <= until }
        let steps = timeline.steps.map { ($0.at, json(of: $0)) } + known.map { ($0.at, $0.json) }
        let ordered = steps.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
        let phases = try timeline.knownPhases()
        return [
            "subscription": .string(subscription.id.text), "at": until.json,
            "state": state(of: timeline, known.last), "steps": .array(ordered.map(\.element.1)),
            "phases": .array(phases.map { json(of: $0, in: timeline) }), "changes": .array(changes.map(\.json)),
            "scheduled_changes": .array(timeline.waiting.map(\.json)),
        ]
    }

    /// The changes that wait for the end of the period at an instant, in the order in which they were asked for.
    package func scheduledChanges(at instant: Instant) throws(Problem) -> [ScheduledChange] {
        let timeline = try timeline(until: max(instant, reached))
        guard timeline.endedAt == nil else { return [] }
        let end = try timeline.nextBoundary
        return timeline.waiting.map { change in
            ScheduledChange(change: change, takesEffectAt: end, version: change.version.flatMap(version))
        }
    }

    /// When the last change shows: at once, or at the end of the period if it waits for that or keeps another from it.
    package var instantOfLastChange: Instant {
        guard let last = changes.last else { return subscription.startsAt }
        let waits = subscription.scheduledChanges.contains(last.id) || last.kind == .withdraw
        return max(subscription.startsAt, waits ? subscription.currentPeriodEnd : last.at)
    }

    private func json(of step: SubscriptionTimeline.Step) -> JSONValue {
        [
            "at": step.at.json, "what": .string(step.what), "change": .optional(step.change?.text),
            "plan": .optional(version(step.version)?.code), "plan_version": .string(step.version.text),
            "quantities": step.quantities.ofPlan.json, "add_ons": step.quantities.addOnsJSON,
        ]
    }

    private func json(of phase: SubscriptionPhase, in timeline: SubscriptionTimeline) -> JSONValue {
        [
            "start": phase.start.json, "end": .optional(phase.end?.text),
            "plan": .optional(version(phase.version)?.code), "plan_version": .string(phase.version.text),
            "quantities": phase.quantities.ofPlan.json, "add_ons": phase.quantities.addOnsJSON,
            "overrides": overrides(ofKey: phase.planKey).json, "status": .string(phase.status.rawValue),
            "change": .optional(timeline.cause(of: phase.start)?.text),
        ]
    }

    /// The status at the instant reached, since when it is that, and why.
    private func state(of timeline: SubscriptionTimeline, _ standing: StandingChange?) -> JSONValue {
        let now = standing?.standing ?? .current
        let status = status(of: timeline, standing: now)
        let since: Instant
        let reason: String
        var change: ChangeID?
        switch status {
        case .cancelled, .ended:
            since = timeline.endedAt ?? timeline.reached
            change = timeline.endedBy?.id
            reason =
                status == .ended
                ? "a cancellation waited for the end of the period" : "a cancellation took effect at once"
        case .paused:
            since = timeline.pausedAt ?? timeline.reached
            change = timeline.cause(of: since)
            reason = "it was paused and has not been resumed"
        case .pastDue, .suspended:
            since = standing?.at ?? timeline.reached
            reason = standing?.reason ?? now.reason
        case .trialing, .active:
            since = timeline.phases.last?.start ?? timeline.start.instant
            change = timeline.cause(of: since)
            reason = status == .trialing ? "its trial goes on" : "its periods run"
        }
        return [
            "status": .string(status.rawValue), "standing": .string(now.rawValue), "since": since.json,
            "reason": .string(reason), "change": .optional(change?.text),
        ]
    }
}

/// A change that waits for the end of the period.
package struct ScheduledChange: Sendable {
    /// What was asked for.
    package let change: SubscriptionChange
    /// When the period ends; nil while the subscription stands still.
    package let takesEffectAt: Instant?
    /// The version of a plan that it brings; nil if it brings none.
    package let version: PlanVersion?

    /// As it leaves over HTTP: the change with its instant and its plan's code.
    package var json: JSONValue {
        var object = change.json.object ?? JSONObject()
        object["takes_effect_at"] = .optional(takesEffectAt?.text)
        object["plan"] = .optional(version?.code)
        return .object(object)
    }
}
