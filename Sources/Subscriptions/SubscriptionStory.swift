package import Plans
package import Values

/// A subscription with all that was ever asked of it: what invoices, timelines and reports are made of.
package struct SubscriptionStory: Sendable {
    /// The row as it stands.
    package let subscription: Subscription
    /// All changes in the order of their sequence; the first is the creation.
    package let changes: [SubscriptionChange]
    /// Every plan version that a change names.
    package let versions: [PlanVersion]

    /// Makes a story of its parts.
    package init(subscription: Subscription, changes: [SubscriptionChange], versions: [PlanVersion]) {
        self.subscription = subscription
        self.changes = changes
        self.versions = versions
    }

    /// One of the plan versions.
    package func version(_ id: PlanVersionID) -> PlanVersion? { versions.first { $0.id == id } }

    /// Everything up to an instant, that included; by default of what was recorded at any time.
    ///
    /// `until`: business time; before the start it is the start.
    ///
    /// `asOf`: leaves out changes that were recorded later.
    package func timeline(until: Instant, asOf: Instant? = nil) throws(Problem) -> SubscriptionTimeline {
        let known = asOf.map { asOf in changes.filter { $0.recordedAt <= asOf } } ?? changes
        return try SubscriptionTimeline(
            start: subscription.start,
            zone: subscription.timeZone,
            changes: known,
            terms: versions.map(\.terms),
            until: until
        )
    }

    /// The stretches that are known, those to come included, as they were known at an instant of recorded time.
    package func phases(asOf: Instant? = nil) throws(Problem) -> [SubscriptionPhase] {
        let known = asOf.map { asOf in changes.filter { $0.recordedAt <= asOf } } ?? changes
        guard !known.isEmpty else { return [] }
        return try timeline(until: reached, asOf: asOf).knownPhases()
    }

    /// The next instant after a given one at which something may fall due: the end of a period or of the trial, at
    /// which waiting changes apply too, or a change.
    ///
    /// Nil if it is over by then. What was billed elsewhere does not fall due.
    package func nextBilling(after instant: Instant) throws(Problem) -> Instant? {
        let from = subscription.billedUntil.map { max(instant, $0.adding(microseconds: -1)) } ?? instant
        let asked = changes.dropFirst().first { $0.at > from && $0.timing == .immediately }?.at
        guard let boundary = try timeline(until: from).nextBoundary else { return nil }
        return asked.map { min($0, boundary) } ?? boundary
    }

    /// How far the row is: nothing happens between this instant and the one it was last written for.
    var reached: Instant {
        let asked = changes.dropFirst().map(\.at).max() ?? subscription.startsAt
        return max(subscription.startsAt, subscription.currentPeriodStart, asked)
    }

    /// When a change counts that is asked for at an instant: in whole seconds, and from the start on.
    ///
    /// The second of the last invoice is invoiced: what is asked for in it counts from the next second.
    func instant(ofChangeAt asked: Instant) throws(SubscriptionError) -> Instant {
        var instant = max(asked.wholeSeconds, subscription.startsAt)
        if let last = subscription.lastInvoiceAt {
            guard instant >= last.wholeSeconds else { throw .beforeLastInvoice(asked, last: last) }
            if instant <= last { instant = last.wholeSeconds.adding(seconds: 1) }
        }
        if let last = changes.dropFirst().last?.at, instant < last {
            guard instant.adding(seconds: 1) >= last else { throw .beforeLastChange(asked, last: last) }
            instant = last
        }
        return instant
    }

    /// The story with one more change and the version that it brings.
    func adding(_ change: SubscriptionChange, _ version: PlanVersion?) -> SubscriptionStory {
        var versions = versions
        if let version, self.version(version.id) == nil { versions.append(version) }
        return SubscriptionStory(subscription: subscription, changes: changes + [change], versions: versions)
    }

    /// The story with the row replaced.
    func with(_ subscription: Subscription) -> SubscriptionStory {
        SubscriptionStory(subscription: subscription, changes: changes, versions: versions)
    }

    /// The explanation of how it came to stand where it stands.
    ///
    /// `until`: the instant to explain; what is scheduled after it is shown as phases.
    package func timelineJSON(until: Instant) throws(Problem) -> JSONValue {
        let timeline = try timeline(until: until)
        let steps = timeline.steps.map { step -> JSONValue in
            [
                "at": step.at.json, "what": .string(step.what), "change": .optional(step.change?.text),
                "plan": .optional(version(step.version)?.code), "plan_version": .string(step.version.text),
                "quantities": step.quantities.json,
            ]
        }
        let phases = try timeline.knownPhases().map { phase -> JSONValue in
            [
                "start": phase.start.json, "end": .optional(phase.end?.text),
                "plan": .optional(version(phase.version)?.code), "plan_version": .string(phase.version.text),
                "quantities": phase.quantities.json,
                "status": .string((phase.isTrial ? SubscriptionStatus.trialing : .active).rawValue),
            ]
        }
        return [
            "subscription": .string(subscription.id.text), "at": until.json, "steps": .array(steps),
            "phases": .array(phases), "changes": .array(changes.map(\.json)),
            "scheduled_changes": .array(timeline.waiting.map(\.json)),
        ]
    }
}

extension PlanVersion {
    /// What the calendar of a subscription depends on.
    package var terms: PlanTerms {
        PlanTerms(version: id, interval: plan.interval, alignment: plan.alignment, trialDays: plan.trialDays)
    }
}
