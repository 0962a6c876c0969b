import Jobs
import Plans
import Postgres
import Subscriptions
import Values

/// Bills many subscriptions of many tenants in one transaction, by a number of statements that does not grow with them.
enum BillingBatch {
    /// What became of a subscription.
    struct Outcome {
        let tenant: TenantID
        let subscription: SubscriptionID
        /// The new invoices; or why there are none, in which case nothing of the subscription was written.
        let result: Result<[Invoice], any Error>
    }

    /// How subscriptions are taken.
    struct Taking {
        /// Leaves out what another transaction holds; otherwise waits for it.
        var skippingHeld = false
        /// Leaves out what is no longer due: another run has billed it since.
        var onlyDue = false
    }

    /// Makes every invoice of the subscriptions that fell due up to an instant and is not there yet.
    ///
    /// They are locked in the order of tenants and subscriptions, then their tenants. `keys` have different
    /// subscription ids: an id that a caller brought may be another tenant's, too.
    ///
    /// Returns which were there and free, and what became of those that were billed. Throws what concerns all of them.
    static func bill(
        _ keys: [(tenant: TenantID, subscription: SubscriptionID)],
        until: Instant,
        _ taking: Taking,
        _ cache: PlanVersionCache,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (reached: [SubscriptionID], billed: [Outcome]) {
        let locked = try await SubscriptionQueries.lockedStories(
            of: keys,
            skippingHeld: taking.skippingHeld,
            cache,
            in: transaction
        )
        let taken = locked.filter { story in
            !taking.onlyDue || story.subscription.nextBillingAt.map { $0 <= until } ?? false
        }
        let reached = locked.map(\.subscription.id)
        guard !taken.isEmpty else { return (reached, []) }
        var works = taken.map { Work($0, until: until) }
        let movable = works.compactMap { try? $0.move.get() }
        let requests = movable.map { BillingProposals.Request(story: $0.story, until: until) }
        var proposals = try await BillingProposals.make(of: requests, in: transaction)[...]
        if try await CorrectionNotes.issue(proposals.map(\.self), movable.map(\.story), by: stamp, in: transaction) {
            proposals = try await BillingProposals.make(of: requests, in: transaction)[...]
        }
        let subscriptions = taken.map(\.subscription)
        let entities = try await InvoiceQueries.lockTenants(Set(subscriptions.map(\.tenant)), in: transaction)
        var pools = try await CreditQueries.pools(
            of: Set(subscriptions.map { CreditQueries.PoolKey(tenant: $0.tenant, currency: $0.currency) }),
            in: transaction
        )
        for index in works.indices {
            guard (try? works[index].move.get()) != nil, let proposal = proposals.popFirst() else { continue }
            works[index].bill(by: proposal, entities, &pools, until: until, recordedAt: stamp.recordedAt)
        }
        try await InvoiceOperations.store(works.flatMap(\.made), by: stamp, in: transaction)
        let moves = works.filter { $0.failure == nil }.compactMap { try? $0.move.get() }
        try await SubscriptionOperations.write(moves, by: stamp, in: transaction)
        return (reached, works.map(\.outcome))
    }

    /// One subscription on its way.
    private struct Work {
        let subscription: Subscription
        var move: Result<SubscriptionMove, any Error>
        var made: [(invoice: Invoice, credit: CreditPool.Application)] = []
        var failure: (any Error)?

        init(_ story: SubscriptionStory, until: Instant) {
            subscription = story.subscription
            move = Result { try SubscriptionMove(story, until: until) }
            if case .failure(let error) = move { failure = error }
        }

        var outcome: Outcome {
            let invoices = made.map(\.invoice)
            return Outcome(
                tenant: subscription.tenant,
                subscription: subscription.id,
                result: failure.map { .failure($0) } ?? .success(invoices)
            )
        }

        mutating func bill(
            by proposal: Result<BillingProposals.Proposal, any Error>,
            _ entities: [TenantID: EntityID],
            _ pools: inout [CreditQueries.PoolKey: CreditPool],
            until: Instant,
            recordedAt: Instant
        ) {
            do {
                let proposal = try proposal.get()
                var move = try move.get()
                guard let entity = entities[subscription.tenant] else {
                    throw InvoiceError.tenantNotFound(subscription.tenant)
                }
                let key = CreditQueries.PoolKey(tenant: subscription.tenant, currency: subscription.currency)
                var pool = pools[key] ?? CreditPool(grants: [], balance: 0)
                let invoices = try proposal.assembly(move.story, entity, recordedAt: recordedAt)
                    .invoices(of: proposal.drafts, unchanged: proposal.usage.unchanged, pool: &pool)
                let billedUpTo = max(until, proposal.stored.map(\.issuedAt).max() ?? until)
                move.mark(
                    invoicedUntil: invoices.last?.invoice.issuedAt,
                    nextBillingAt: try move.story.nextDue(after: billedUpTo)
                )
                // Only now: what fails leaves the tenant's credit to its other subscriptions.
                pools[key] = pool
                self.move = .success(move)
                made = invoices
            } catch {
                failure = error
            }
        }
    }
}

extension SubscriptionStory {
    /// The next end of a period or change after an instant.
    fileprivate func nextDue(after instant: Instant) throws(Problem) -> Instant? {
        let asked = changes.dropFirst().map(\.at).filter { $0 > instant }.min()
        return [try nextBilling(after: instant), asked].compactMap { $0 }.min()
    }
}
