import Jobs
import Metering
package import Postgres
package import Values

/// What billing found out about a subscription: how far it has moved, up to when it is invoiced, when it is due next.
package struct SubscriptionMove: Sendable {
    /// As it was read.
    let old: Subscription
    /// The state it has moved to; nil if no end of a period lies between.
    let state: SubscriptionState?
    /// The instant that the state is of.
    let reached: Instant
    /// The story with the row that it has moved to.
    package let story: SubscriptionStory
    /// The row as it is to be written.
    private(set) var row: Subscription

    /// Moves a subscription on to an instant: every end of a period up to it, that included, is applied.
    package init(_ story: SubscriptionStory, until: Instant) throws(Problem) {
        old = story.subscription
        reached = max(until, story.reached)
        let needsMove = old.endedAt == nil && until >= old.currentPeriodEnd
        state = needsMove ? try story.state(until: until) : nil
        row = state?.subscription ?? old
        self.story = story.with(row)
    }

    /// Says that invoices are final up to an instant, after which nothing can change before it, and when something may
    /// fall due next.
    ///
    /// `invoicedUntil`: nil if nothing was invoiced; an earlier instant than the last is no change.
    package mutating func mark(invoicedUntil: Instant?, nextBillingAt: Instant?) {
        row.nextBillingAt = nextBillingAt
        if let invoicedUntil { row.lastInvoiceAt = max(row.lastInvoiceAt ?? invoicedUntil, invoicedUntil) }
    }

    /// Whether it has moved, and not just been marked.
    var hasMoved: Bool { state.map { $0.subscription != old } ?? false }
}

extension SubscriptionOperations {
    /// Writes what billing found out about subscriptions whose locks the caller holds (`lockedStories`): the rows, and
    /// of those that moved also phases, priced meters, allowances and the activity.
    package static func write(
        _ moves: [SubscriptionMove],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.batch(moves.filter { $0.row != $0.old }.map { SubscriptionStateQueries.update($0.row) })
        let moved = moves.filter(\.hasMoved)
        guard !moved.isEmpty else { return }
        try await writeStates(of: moved, by: stamp, in: transaction)
        let acts = moved.map { move in
            Activity.Act(
                verb(from: move.old, to: move.row),
                object: move.row.id.text,
                tenant: move.row.tenant,
                at: move.row.endedAt ?? move.row.pausedAt ?? move.row.currentPeriodStart,
                details: move.row.json
            )
        }
        try await Activity.record(acts, by: stamp, in: transaction)
    }

    /// Most that move on to another period keep their phases and meters: all are compared at once, and only those
    /// that differ are written, one by one.
    ///
    /// The allowances of the others are written together.
    private static func writeStates(
        of moves: [SubscriptionMove],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let keys = moves.map { (tenant: $0.row.tenant, subscription: $0.row.id) }
        let stored = try await transaction.results([
            SubscriptionStateQueries.phases(of: keys), SubscriptionStateQueries.meters(of: keys),
        ])
        guard let phaseRows = stored.first, let meterRows = stored.last else { return }
        var phases: [SubscriptionID: Set<SubscriptionPhase>] = [:]
        for (id, phase) in try Transaction.decode(
            phaseRows,
            { row in
                (try row.next() as SubscriptionID, try SubscriptionStateQueries.phase(&row))
            }
        ) { phases[id, default: []].insert(phase) }
        var meters: [SubscriptionID: Set<MeterStretch>] = [:]
        for (id, meter) in try Transaction.decode(
            meterRows,
            { row in
                (try row.next() as SubscriptionID, try SubscriptionStateQueries.meter(&row))
            }
        ) { meters[id, default: []].insert(meter) }
        let granting = try await QuotaQueries.sources(
            of: keys.map { (tenant: $0.tenant, source: $0.subscription.text) },
            in: transaction
        )
        var replacements: [QuotaReplacement] = []
        for move in moves {
            guard let state = move.state else { continue }
            let (id, source) = (move.row.id, move.row.id.text)
            guard phases[id] ?? [] == Set(state.phases) && meters[id] ?? [] == Set(state.meters) else {
                try await SubscriptionStateOperations.write(state, reached: move.reached, by: stamp, in: transaction)
                continue
            }
            guard !state.quotas.isEmpty || granting.contains(source) else { continue }
            replacements.append(
                QuotaReplacement(tenant: move.row.tenant, source: source, at: move.reached, rows: state.quotas)
            )
        }
        try await QuotaOperations.replace(replacements, by: stamp, in: transaction)
    }
}
