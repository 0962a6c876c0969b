import Jobs
package import Postgres
package import Values

extension SubscriptionOperations {
    /// Lets a subscription stand still, at once or from the end of its period on; one that will then is left as it is.
    ///
    /// The running period ends there as by a cancellation that credits, and nothing is billed until it goes on. A trial
    /// is stopped: what is left of it goes on afterwards.
    ///
    /// - Throws: `SubscriptionError.alreadyPaused`, `.cancellationWaits`.
    @discardableResult
    package static func pause(
        _ id: SubscriptionID,
        of tenant: TenantID,
        when timing: SubscriptionChange.Timing = .immediately,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        let waits = try story.scheduledChanges(at: stamp.at).contains { $0.change.kind == .pause }
        if timing == .periodEnd, waits { return story.subscription }
        let next = try SubscriptionProposals.pause(of: story, when: timing, by: stamp)
        let isNow = next.subscription.pausedAt != nil
        let verb = isNow ? "subscription.paused" : "subscription.pause_scheduled"
        return try await append(next, verb: verb, by: stamp, in: transaction)
    }

    /// Lets a paused subscription go on: a period begins, whose first instant is the new anchor.
    ///
    /// A pause that still waits for the end of the period is withdrawn instead.
    ///
    /// - Throws: `SubscriptionError.notPaused`; `.meterPriced` if another subscription prices a meter by now.
    @discardableResult
    package static func resume(
        _ id: SubscriptionID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        let next = try await SubscriptionProposals.resumption(of: story, by: stamp, in: transaction)
        return try await append(next, verb: "subscription.resumed", by: stamp, in: transaction)
    }

    /// Withdraws a cancellation that waits for the end of the period.
    ///
    /// - Throws: `SubscriptionError.notReactivable` if it is over; `.notCancelled` if none waits.
    @discardableResult
    package static func reactivate(
        _ id: SubscriptionID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        let now = try story.timeline(until: max(stamp.at, story.reached))
        if let end = now.endedAt { throw SubscriptionError.notReactivable(id, at: end) }
        let waiting = now.waiting.filter { $0.kind == .cancel }.map(\.id)
        guard !waiting.isEmpty else { throw SubscriptionError.notCancelled(id) }
        let next = try await SubscriptionProposals.withdrawal(of: story, waiting, by: stamp, in: transaction)
        return try await append(next, verb: "subscription.reactivated", by: stamp, in: transaction)
    }

    /// Withdraws changes that wait for the end of the period; nothing is deleted, a row says that they are withdrawn.
    ///
    /// `change`: the only one; nil is all of them, also where there are none.
    ///
    /// - Throws: `SubscriptionError.notScheduled` if the one does not wait; what a plan would lack without them.
    @discardableResult
    package static func withdrawScheduled(
        _ id: SubscriptionID,
        of tenant: TenantID,
        change: ChangeID? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        var waiting = try story.scheduledChanges(at: stamp.at).map(\.change.id)
        if let change {
            guard waiting.contains(change) else { throw SubscriptionError.notScheduled(change) }
            waiting = [change]
        }
        guard !waiting.isEmpty else { return story.subscription }
        let next = try await SubscriptionProposals.withdrawal(of: story, waiting, by: stamp, in: transaction)
        return try await append(next, verb: "subscription.changes_withdrawn", by: stamp, in: transaction)
    }

    /// Says where a subscription stands with what it owes; the same again is no work.
    ///
    /// While it is suspended inference and allowances are not had; periods run on and are billed.
    ///
    /// `reason`: what the timeline explains it by, like the invoice that is overdue; cut to 500 characters.
    ///
    /// `origin`: who says so; what people restrict is not given back by dunning, also where dunning restricted it first.
    @discardableResult
    package static func setStanding(
        _ standing: SubscriptionStanding,
        of id: SubscriptionID,
        tenant: TenantID,
        because reason: String? = nil,
        from origin: StandingOrigin = .staff,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        let story = try await locked(id, of: tenant, in: transaction)
        if story.subscription.standing == standing {
            guard origin == .staff,
                try await SubscriptionQueries.held(of: id, tenant: tenant, in: transaction) != standing
            else { return story.subscription }
        }
        var row = story.subscription
        row.standing = standing
        let state = try story.with(row).state(until: story.reached)
        let new = state.subscription
        let text = reason.flatMap { $0.isEmpty ? nil : $0 } ?? standing.reason
        let change = StandingChange(
            at: stamp.at,
            standing: standing,
            reason: String(text.prefix(500)),
            author: stamp.author.text,
            origin: origin
        )
        try await transaction.batch([
            SubscriptionStateQueries.insert(change, of: new, recordedAt: stamp.recordedAt),
            SubscriptionStateQueries.update(new),
        ])
        try await SubscriptionStateOperations.write(state, reached: stamp.at, by: stamp, in: transaction)
        try await Activity.record(
            standing == .current ? "subscription.restored" : "subscription.\(standing.rawValue)",
            object: id.text,
            tenant: tenant,
            details: ["reason": .string(change.reason), "subscription": new.json],
            by: stamp,
            in: transaction
        )
        return new
    }
}
