import Jobs
import Plans
import Postgres
import Subscriptions
import Values

/// Makes drafts anew before they go to the books, of all that is known by then: what came late while they waited, or
/// was taken back, is on them.
enum DraftReissue {
    /// What became of the subscriptions whose drafts were asked for.
    struct Outcome {
        /// Those that nobody else holds.
        var reached: Set<SubscriptionID> = []
        /// Those whose drafts stay as they are, because they cannot be computed.
        var failures: [SubscriptionID: any Error] = [:]
    }

    /// A subscription whose drafts are made anew.
    private struct Work {
        let story: SubscriptionStory
        /// In the order of their instants.
        let drafts: [Invoice]

        var subscription: Subscription { story.subscription }
        var poolKey: CreditQueries.PoolKey {
            CreditQueries.PoolKey(tenant: subscription.tenant, currency: subscription.currency)
        }
        var request: BillingProposals.Request {
            let until = drafts.map(\.issuedAt).max() ?? subscription.start.instant
            return BillingProposals.Request(story: story, until: until, reissued: drafts)
        }
    }

    /// The same with what its drafts say now.
    private struct Change {
        let work: Work
        let assembly: InvoiceAssembly
        let proposal: BillingProposals.Proposal
        var made: [(invoice: Invoice, credit: CreditPool.Application)]

        init(_ work: Work, _ proposal: BillingProposals.Proposal, _ pool: CreditPool, at instant: Instant) throws {
            guard let entity = work.drafts.first?.legalEntity else {
                throw InvoiceError.subscriptionNotFound(work.subscription.id)
            }
            self.work = work
            self.proposal = proposal
            assembly = proposal.assembly(work.story, entity, recordedAt: instant)
            made = []
            var pool = pool
            try make(&pool)
        }

        mutating func make(_ pool: inout CreditPool) throws {
            made = try assembly.invoices(of: proposal.drafts, unchanged: proposal.usage.unchanged, pool: &pool)
        }

        /// Whether a draft says another thing now, or nothing.
        var isNeeded: Bool {
            let now = Dictionary(made.map { ($0.invoice.id, $0.invoice.lines) }) { first, _ in first }
            return work.drafts.contains { draft in
                let lines = now[draft.id] ?? []
                return lines.count != draft.lines.count || !zip(lines, draft.lines).allSatisfy { $0.says($1) }
            }
        }
    }

    /// Makes the drafts of subscriptions anew that come after all their other invoices; what is unchanged stays as it
    /// is.
    ///
    /// A draft of which nothing is left is voided without lines. Subscriptions, drafts and tenants are locked in this
    /// order.
    ///
    /// `drafts`: what is to be finalized; no two tenants have a subscription of the same id among them.
    static func run(
        _ drafts: [InvoiceQueries.DraftKey],
        skippingHeld: Bool,
        _ cache: PlanVersionCache,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Outcome {
        guard !drafts.isEmpty else { return Outcome() }
        let named = Dictionary(drafts.map { ($0.subscription, $0.tenant) }) { first, _ in first }
        let stories = try await SubscriptionQueries.lockedStories(
            of: named.map { (tenant: $0.value, subscription: $0.key) },
            skippingHeld: skippingHeld,
            cache,
            in: transaction
        )
        var outcome = Outcome(reached: Set(stories.map(\.subscription.id)))
        let works = try await works(stories, skippingHeld: skippingHeld, &outcome, in: transaction)
        guard !works.isEmpty else { return outcome }
        _ = try await InvoiceQueries.lockTenants(Set(works.map(\.subscription.tenant)), in: transaction)
        var changes = try await changes(works, &outcome, by: stamp, in: transaction)
        guard !changes.isEmpty else { return outcome }
        // What the drafts took of the tenants' credit is there again before they take of it anew.
        try await transaction.batch(InvoiceWriteQueries.clear(changes.flatMap(\.work.drafts)))
        var pools = try await CreditQueries.pools(of: Set(changes.map(\.work.poolKey)), in: transaction)
        for index in changes.indices {
            let key = changes[index].work.poolKey
            var pool = pools[key] ?? CreditPool(grants: [], balance: 0)
            try changes[index].make(&pool)
            pools[key] = pool
        }
        try await write(changes, by: stamp, in: transaction)
        return outcome
    }

    /// The drafts that can be made anew; what another transaction holds is not reached.
    private static func works(
        _ stories: [SubscriptionStory],
        skippingHeld: Bool,
        _ outcome: inout Outcome,
        in transaction: borrowing Transaction
    ) async throws -> [Work] {
        let stored = try await InvoiceQueries.all(
            of: stories.map { (tenant: $0.subscription.tenant, subscription: $0.subscription.id) },
            in: transaction
        )
        let works = stories.compactMap { story -> Work? in
            let all = stored[story.subscription.id] ?? []
            let last = all.filter { $0.status != .draft }.map(\.issuedAt).max()
            let drafts = all.filter { draft in draft.status == .draft && last.map { $0 < draft.issuedAt } ?? true }
            return drafts.isEmpty ? nil : Work(story: story, drafts: drafts)
        }
        let locked = try await InvoiceQueries.lock(
            works.flatMap { $0.drafts.map { (tenant: $0.tenant, id: $0.id) } },
            skippingHeld: skippingHeld,
            in: transaction
        )
        let free = Set(locked.filter { $0.status == .draft }.map(\.id))
        let held = works.filter { $0.drafts.contains { !free.contains($0.id) } }.map(\.subscription.id)
        outcome.reached.subtract(held)
        return works.filter { outcome.reached.contains($0.subscription.id) }
    }

    /// Those of which a draft says another thing now.
    private static func changes(
        _ works: [Work],
        _ outcome: inout Outcome,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> [Change] {
        let pools = try await CreditQueries.pools(of: Set(works.map(\.poolKey)), in: transaction)
        let proposals = try await BillingProposals.make(of: works.map(\.request), in: transaction)
        var changes: [Change] = []
        // What may be taken back of each balance, which several drafts of a tenant have added to.
        var free = pools.mapValues(\.balance)
        for (work, proposal) in zip(works, proposals) {
            do {
                let pool = pools[work.poolKey] ?? CreditPool(grants: [], balance: 0)
                let change = try Change(work, try proposal.get(), pool, at: stamp.recordedAt)
                let credited = work.drafts.reduce(0) { $0 + $1.credited.minor }
                // What was credited and is used already cannot be taken back: the difference is for the next invoice.
                guard change.isNeeded, credited == 0 || free[work.poolKey, default: 0] >= credited else { continue }
                free[work.poolKey, default: 0] -= credited
                changes.append(change)
            } catch {
                outcome.failures[work.subscription.id] = error
            }
        }
        return changes
    }

    private static func write(
        _ changes: [Change],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let made = changes.flatMap(\.made)
        let invoices = made.map(\.invoice)
        let kept = Set(invoices.map(\.id))
        var dropped = changes.flatMap(\.work.drafts).filter { !kept.contains($0.id) }
        for index in dropped.indices { dropped[index].status = .void }
        if !invoices.isEmpty {
            try await transaction.batch(
                [
                    InvoiceWriteQueries.reissue(invoices, recordedAt: stamp.recordedAt),
                    InvoiceWriteQueries.insertLines(of: invoices, recordedAt: stamp.recordedAt),
                ] + InvoiceWriteQueries.insertCredits(of: made, recordedAt: stamp.recordedAt)
            )
        }
        if !dropped.isEmpty { try await transaction.execute(InvoiceWriteQueries.drop(dropped, by: stamp)) }
        try await Activity.record(
            invoices.map { InvoiceOperations.act("invoice.updated", $0, at: stamp.at) }
                + dropped.map { InvoiceOperations.act("invoice.voided", $0, at: stamp.at) },
            by: stamp,
            in: transaction
        )
    }
}
