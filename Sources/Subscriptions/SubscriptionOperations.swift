import Jobs
import Plans
package import Postgres
import Tenants
package import Values

/// Making, changing and ending subscriptions, and moving them on.
///
/// Each locks the subscription, writes the change and what follows from it (the row, phases, priced meters, allowances)
/// and records the activity, all in the caller's transaction.
package enum SubscriptionOperations {
    /// Subscribes a tenant to the latest version of a plan.
    ///
    /// With an id that the draft brings, asking again yields the subscription that is there.
    ///
    /// - Throws: `SubscriptionError`, `PlanError.archived`, `TenantError.notChangeable` if the tenant is not active, a
    ///   `Problem` that names the field.
    @discardableResult
    package static func create(
        _ draft: SubscriptionDraft,
        for tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        if let id = draft.id, let there = try await repeated(draft, id, tenant, in: transaction) { return there }
        // Two at once could each be the first of its currency, or the last that is allowed.
        try await TenantQueries.lock(tenant, in: transaction)
        let story = try await SubscriptionProposals.creation(draft, for: tenant, by: stamp, in: transaction)
        let subscription = story.subscription
        let written = try await transaction.execute(
            SubscriptionStateQueries.insert(subscription, recordedAt: stamp.recordedAt)
        )
        guard written == 1 else {
            // Another transaction made it since; it has committed, or the insert would still wait for it.
            guard let there = try await repeated(draft, subscription.id, tenant, in: transaction) else {
                throw SubscriptionError.idTaken(subscription.id)
            }
            return there
        }
        if let created = story.changes.first {
            try await transaction.execute(SubscriptionStateQueries.insert(created, of: subscription))
        }
        let state = try story.state(until: stamp.at)
        try await SubscriptionStateOperations.write(state, reached: stamp.at, by: stamp, in: transaction)
        try await Activity.record(
            "subscription.created",
            object: subscription.id.text,
            tenant: tenant,
            details: subscription.json,
            by: stamp,
            in: transaction
        )
        return subscription
    }

    /// Changes plan, quantities or both; the stamp's business time is when it is asked for.
    ///
    /// Without a timing it takes effect at once, or at the end of the period if the prices without a meter come to less
    /// then. Asked for before the start it counts at the start; in the second of the last invoice, at the next one.
    @discardableResult
    package static func change(
        _ id: SubscriptionID,
        of tenant: TenantID,
        _ draft: SubscriptionChangeDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        let next = try await SubscriptionProposals.change(of: story, draft, by: stamp, in: transaction)
        return try await append(next, verb: "subscription.changed", by: stamp, in: transaction)
    }

    /// Ends a subscription at once or at the end of its period; one that ends then already is left as it is.
    @discardableResult
    package static func cancel(
        _ id: SubscriptionID,
        of tenant: TenantID,
        when timing: SubscriptionChange.Timing,
        refund: SubscriptionChange.Refund,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        if timing == .periodEnd, story.subscription.cancelsAt != nil { return story.subscription }
        let next = try SubscriptionProposals.cancellation(of: story, when: timing, refund: refund, by: stamp)
        return try await append(next, verb: "subscription.cancelled", by: stamp, in: transaction)
    }

    /// Applies every end of a period up to an instant, that included: what waits, the end of a trial, the next period.
    ///
    /// It never goes back, and it does not look at what is billed: `nextBillingAt` stays.
    @discardableResult
    package static func advance(
        _ id: SubscriptionID,
        of tenant: TenantID,
        until: Instant,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        let old = story.subscription
        let state = try story.state(until: until)
        let new = state.subscription
        guard new != old else { return old }
        try await transaction.execute(SubscriptionStateQueries.update(new))
        let reached = max(until, story.reached)
        try await SubscriptionStateOperations.write(state, reached: reached, by: stamp, in: transaction)
        var moved = stamp
        moved.at = new.endedAt ?? new.pausedAt ?? new.currentPeriodStart
        try await Activity.record(
            verb(from: old, to: new),
            object: id.text,
            tenant: tenant,
            details: new.json,
            by: moved,
            in: transaction
        )
        return new
    }

    /// Says that invoices are final up to an instant, and when something may fall due next.
    ///
    /// The caller holds the subscription's lock (`SubscriptionQueries.lockedStory`), or a change in between could be
    /// overlooked.
    ///
    /// `until`: from now on nothing can change at or before it; an earlier instant than the last is no change.
    ///
    /// `nextBillingAt`: nil if nothing will fall due again; `SubscriptionStory.nextBilling(after:)` tells.
    package static func markInvoiced(
        _ id: SubscriptionID,
        of tenant: TenantID,
        until: Instant,
        nextBillingAt: Instant?,
        in transaction: borrowing Transaction
    ) async throws {
        let written = try await transaction.execute(
            SubscriptionStateQueries.markInvoiced(id, of: tenant, until: until, nextBillingAt: nextBillingAt)
        )
        guard written == 1 else { throw SubscriptionError.notFound(id) }
    }

    /// Says only when something may fall due next, where nothing was invoiced.
    package static func setNextBilling(
        _ id: SubscriptionID,
        of tenant: TenantID,
        at nextBillingAt: Instant?,
        in transaction: borrowing Transaction
    ) async throws {
        let written = try await transaction.execute(
            """
            UPDATE app.subscriptions SET next_billing_at = \(nextBillingAt) WHERE tenant_id = \(tenant) AND id = \(id)
            """
        )
        guard written == 1 else { throw SubscriptionError.notFound(id) }
    }

    /// Writes the last change of a proposal and what follows from it.
    static func append(
        _ story: SubscriptionStory,
        verb: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let subscription = story.subscription
        guard let change = story.changes.last else { throw SubscriptionError.unreadable(subscription.id) }
        let reached = max(stamp.at, change.at)
        let state = try story.state(until: reached)
        try await transaction.batch([
            SubscriptionStateQueries.insert(change, of: subscription), SubscriptionStateQueries.update(subscription),
        ])
        try await SubscriptionStateOperations.write(state, reached: reached, by: stamp, in: transaction)
        try await Activity.record(
            verb,
            object: subscription.id.text,
            tenant: subscription.tenant,
            details: ["change": change.json, "subscription": subscription.json],
            by: stamp,
            in: transaction
        )
        return subscription
    }

    /// The subscription that is there with the id, if it is what the draft asks for.
    private static func repeated(
        _ draft: SubscriptionDraft,
        _ id: SubscriptionID,
        _ tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Subscription? {
        guard let story = try await SubscriptionQueries.story(of: id, tenant: tenant, in: transaction) else {
            return nil
        }
        guard draft.isSatisfied(by: story) else { throw SubscriptionError.idTaken(id) }
        return story.subscription
    }

    static func locked(
        _ id: SubscriptionID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        guard let story = try await SubscriptionQueries.lockedStory(of: id, tenant: tenant, in: transaction) else {
            throw SubscriptionError.notFound(id)
        }
        return story
    }

    static func verb(from old: Subscription, to new: Subscription) -> String {
        if new.status.isOver { return "subscription.ended" }
        if new.pausedAt != nil { return "subscription.paused" }
        return old.status == .trialing && new.status != .trialing ? "subscription.trial_ended" : "subscription.renewed"
    }
}
