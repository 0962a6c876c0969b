import Plans
import Postgres
import Tenants
import Values

/// What would be if it were asked for: checked, and nothing is written.
enum SubscriptionProposals {
    /// The story of a subscription that is to be made.
    static func creation(
        _ draft: SubscriptionDraft,
        for tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        let owner = try await activeTenant(tenant, in: transaction)
        let start = draft.start(in: owner.timeZone, at: stamp.at)
        try draft.check(start: start)
        let open = try await SubscriptionQueries.open(of: tenant, in: transaction)
        guard open.count < SubscriptionLimits.open else {
            throw SubscriptionError.tooManyOpen(limit: SubscriptionLimits.open)
        }
        // Two currencies before the first invoice has fixed one would leave one of them never billed.
        let version = try await version(draft.plan, in: owner.currency ?? open.currency, transaction)
        let created = SubscriptionChange(
            id: .make(at: stamp.recordedAt),
            sequence: 1,
            at: stamp.at.wholeSeconds,
            recordedAt: stamp.recordedAt,
            kind: .created,
            version: version.id,
            quantities: draft.quantities,
            author: stamp.author.text
        )
        var subscription = Subscription(
            id: draft.id ?? .make(at: stamp.recordedAt),
            tenant: tenant,
            planVersion: version.id,
            planCode: version.code,
            planVersionNumber: version.version,
            status: .active,
            startsAt: start.instant,
            startsOn: start.isDate ? start.wall.date : nil,
            timeZone: owner.timeZone,
            currency: version.plan.currency,
            anchor: nil,
            quantities: draft.quantities,
            billedUntil: draft.billedUntil?.wholeSeconds,
            currentPeriodStart: start.instant,
            currentPeriodEnd: start.instant,
            cancelsAt: nil,
            scheduledChanges: [],
            lastInvoiceAt: nil,
            nextBillingAt: nil,
            endedAt: nil,
            metadata: draft.metadata,
            createdAt: stamp.at
        )
        let story = SubscriptionStory(subscription: subscription, changes: [created], versions: [version])
        try version.checkNeeded(draft.quantities)
        let known = version.quantityNames
        for name in draft.quantities.keys.sorted() where !known.contains(name) {
            throw SubscriptionError.quantityUnknown(name, known: known)
        }
        subscription = try story.state(until: stamp.at).subscription
        subscription.nextBillingAt = try story.nextBilling(after: start.instant.adding(microseconds: -1))
        return story.with(subscription)
    }

    /// The story with one more change of plan, quantities or both.
    static func change(
        of story: SubscriptionStory,
        _ draft: SubscriptionChangeDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        guard draft.plan != nil || !draft.quantities.isEmpty else { throw SubscriptionError.emptyChange }
        _ = try await activeTenant(story.subscription.tenant, in: transaction)
        let at = try instant(of: story, stamp)
        try draft.quantities.check()
        var target: PlanVersion?
        if let plan = draft.plan {
            target = try await version(plan, in: story.subscription.currency, transaction)
            let now = try story.timeline(until: at).quantities
            try target?.checkNeeded(now.merging(draft.quantities) { _, new in new })
        }
        let timing = try story.timing(of: draft, to: target, at: at)
        if timing == .periodEnd, let end = story.subscription.cancelsAt {
            throw SubscriptionError.over(story.subscription.id, at: end)
        }
        let change = SubscriptionChange(
            id: .make(at: stamp.recordedAt),
            sequence: story.changes.count + 1,
            at: at,
            recordedAt: stamp.recordedAt,
            kind: target == nil ? .quantities : .plan,
            timing: timing,
            version: target?.id,
            quantities: draft.quantities,
            invoice: draft.invoice,
            author: stamp.author.text
        )
        let next = story.adding(change, target)
        try next.checkQuantities(after: change)
        return try settled(next, change, stamp)
    }

    /// The story with its end.
    static func cancellation(
        of story: SubscriptionStory,
        when timing: SubscriptionChange.Timing,
        refund: SubscriptionChange.Refund,
        by stamp: Stamp
    ) throws -> SubscriptionStory {
        let change = SubscriptionChange(
            id: .make(at: stamp.recordedAt),
            sequence: story.changes.count + 1,
            at: try instant(of: story, stamp),
            recordedAt: stamp.recordedAt,
            kind: .cancel,
            timing: timing,
            refund: refund,
            author: stamp.author.text
        )
        return try settled(story.adding(change, nil), change, stamp)
    }

    /// The story with the row as it stands after the change, and billing no later than what the change makes due.
    private static func settled(
        _ story: SubscriptionStory,
        _ change: SubscriptionChange,
        _ stamp: Stamp
    ) throws(Problem) -> SubscriptionStory {
        var row = try story.state(until: max(stamp.at, change.at)).subscription
        let due = try story.timeline(until: change.at).nextBoundary
        let instants = [story.subscription.nextBillingAt, due, change.timing == .immediately ? change.at : nil]
        row.nextBillingAt = instants.compactMap { $0 }.min()
        return story.with(row)
    }

    private static func instant(of story: SubscriptionStory, _ stamp: Stamp) throws(SubscriptionError) -> Instant {
        let subscription = story.subscription
        if let end = subscription.endedAt { throw .over(subscription.id, at: end) }
        guard story.changes.count < SubscriptionLimits.changes else {
            throw .tooManyChanges(subscription.id, limit: SubscriptionLimits.changes)
        }
        let at = try story.instant(ofChangeAt: stamp.at)
        if let end = subscription.cancelsAt, at >= end { throw .over(subscription.id, at: end) }
        return at
    }

    private static func activeTenant(
        _ id: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        guard let tenant = try await TenantQueries.find(id, in: transaction) else { throw TenantError.notFound(id) }
        guard tenant.status == .active else { throw TenantError.notChangeable(id, status: tenant.status) }
        return tenant
    }

    private static func version(
        _ code: String,
        in currency: Currency?,
        _ transaction: borrowing Transaction
    ) async throws -> PlanVersion {
        guard let version = try await PlanQueries.latest(code, in: transaction) else {
            throw SubscriptionError.unknownPlan(code)
        }
        guard version.archivedAt == nil else { throw PlanError.archived(code) }
        if let currency, version.plan.currency != currency {
            throw SubscriptionError.otherCurrency(plan: code, is: version.plan.currency, needed: currency)
        }
        return version
    }
}
