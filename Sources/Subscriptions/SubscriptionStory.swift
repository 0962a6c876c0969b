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

    /// The plans as they bill this subscription, by their keys.
    ///
    /// A key means something only within its subscription: another one may have other prices under the same key.
    package var plans: [String: Plan] { SubscriptionPlans.all(of: changes) { version($0)?.plan } }

    /// The key of the plan that a change brings; nil if it brings none.
    package func planKey(of change: SubscriptionChange) -> String? { change.planKey }

    /// The version behind a plan's key; nil if no change brought it.
    package func version(ofKey key: String) -> PlanVersion? {
        changes.first { $0.planKey == key }?.version.flatMap { version($0) }
    }

    /// The prices that the plan behind a key has on this subscription alone.
    package func overrides(ofKey key: String) -> PriceOverrides {
        changes.first { $0.planKey == key }?.overrides ?? .none
    }

    /// What it began with as invoices see it: of every add-on that it has at any time it had none before.
    package var openingQuantities: Quantities {
        SubscriptionPlans.opening(of: changes)
    }

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
    /// Nil if it is over by then, or stands still and is not to go on. What was billed elsewhere does not fall due.
    package func nextBilling(after instant: Instant) throws(Problem) -> Instant? {
        let from = subscription.billedUntil.map { max(instant, $0.adding(microseconds: -1)) } ?? instant
        let asked = changes.dropFirst().first { $0.at > from && $0.timing == .immediately }?.at
        let timeline = try timeline(until: from)
        guard timeline.endedAt == nil else { return nil }
        return [asked, try timeline.nextBoundary].compactMap(\.self).min()
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
}

extension PlanVersion {
    /// What the calendar of a subscription depends on.
    package var terms: PlanTerms {
        PlanTerms(version: id, interval: plan.interval, alignment: plan.alignment, trialDays: plan.trialDays)
    }
}
