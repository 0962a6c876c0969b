import Plans
package import Values

/// A move of subscriptions from versions of a plan to another version of it.
package struct PlanMigration: Hashable, Sendable {
    /// The plan's code.
    package let plan: String
    /// Only subscriptions that have this version; nil: those that have any other than the target.
    package let from: Int?
    /// The version they are to have; nil: what is current in the currency of each.
    package let to: Int?
    /// When they get it.
    package let timing: SubscriptionChange.Timing
    /// Only this tenant's; nil is everyone's.
    package let tenant: TenantID?

    /// Takes the parts.
    package init(
        plan: String,
        from: Int? = nil,
        to: Int? = nil,
        timing: SubscriptionChange.Timing = .periodEnd,
        tenant: TenantID? = nil
    ) {
        self.plan = plan
        self.from = from
        self.to = to
        self.timing = timing
        self.tenant = tenant
    }

    /// A subscription that has the plan, with what it has of it.
    package struct Candidate: Hashable, Sendable {
        /// Whose it is.
        package let tenant: TenantID
        /// The subscription.
        package let subscription: SubscriptionID
        /// Its currency.
        package let currency: Currency
        /// The number of its version.
        package let version: Int
    }

    /// What a migration did with a subscription.
    package enum Outcome: Hashable, Sendable {
        /// It has the version, or will have it from the end of its period on.
        case moved(to: Int)
        /// It needed nothing, or something else was asked for it that a move would undo.
        case left(reason: String)
    }

    /// What is asked of a subscription.
    func draft(to number: Int) -> SubscriptionChangeDraft {
        SubscriptionChangeDraft(plan: plan, version: number, keepsOverrides: true, timing: timing)
    }

    /// Why a subscription is left as it is; nil if it is to be moved.
    ///
    /// What a customer has asked for is not replaced: a change of plan that waits, and an end that is near.
    func reason(
        toLeave story: SubscriptionStory,
        at instant: Instant,
        target: PlanVersionID
    ) throws(Problem) -> String? {
        let subscription = story.subscription
        if let end = subscription.endedAt { return "it ended at \(end)" }
        if let end = subscription.cancelsAt { return "it ends at \(end)" }
        let waiting = try story.timeline(until: max(instant, story.reached)).waiting.last { $0.kind == .plan }
        if let waiting {
            if waiting.version == target { return "it gets the version at the end of its period" }
            let plan = waiting.version.flatMap { story.version($0) }.map { "\($0.code) version \($0.version)" }
            return "a change to \(plan ?? "another plan") waits for the end of its period"
        }
        return subscription.planVersion == target ? "it has the version" : nil
    }
}
