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
        try draft.checkCustomers(start: start, in: owner.timeZone, at: stamp.at)
        let open = try await SubscriptionQueries.open(of: tenant, in: transaction)
        guard open.count < SubscriptionLimits.open else {
            throw SubscriptionError.tooManyOpen(limit: SubscriptionLimits.open)
        }
        // Two currencies before the first invoice has fixed one would leave one of them never billed.
        let fixed = owner.currency ?? open.currency
        let version = try await SubscriptionCatalogue.version(for: draft, in: fixed, transaction)
        try draft.overrides.check(against: version.plan)
        try await checkTrial(draft, of: tenant, version, in: transaction)
        let offers = try await SubscriptionCatalogue.offers(
            of: draft.addOns.keys,
            in: version.plan.currency,
            onlyVisible: draft.isCustomers ? Set(draft.addOns.keys) : [],
            transaction
        )
        let addOns = try draft.addOns.keys.sorted().map { code in
            let needed = NeededAddOn(code: code, plan: version.code, interval: version.plan.interval)
            return try offers.terms(of: needed, asked: [code])
        }
        let created = SubscriptionChange(
            id: .make(at: stamp.recordedAt),
            sequence: 1,
            at: stamp.at.wholeSeconds,
            recordedAt: stamp.recordedAt,
            kind: .created,
            version: version.id,
            quantities: draft.quantities.with(addOns: draft.addOns),
            overrides: draft.overrides,
            hasTrial: draft.hasTrial,
            addOns: addOns,
            author: stamp.author.text
        )
        var subscription = Subscription(
            id: draft.id ?? .make(at: stamp.recordedAt),
            tenant: tenant,
            planVersion: version.id,
            planCode: version.code,
            planVersionNumber: version.version,
            status: .active,
            standing: .current,
            startsAt: start.instant,
            startsOn: start.isDate ? start.wall.date : nil,
            timeZone: owner.timeZone,
            currency: version.plan.currency,
            anchor: nil,
            quantities: created.quantities,
            overrides: created.overrides,
            billedUntil: draft.billedUntil?.wholeSeconds,
            usage: draft.usage,
            currentPeriodStart: start.instant,
            currentPeriodEnd: start.instant,
            pausedAt: nil,
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

    /// Refuses to a customer a trial of a plan that it has had.
    private static func checkTrial(
        _ draft: SubscriptionDraft,
        of tenant: TenantID,
        _ version: PlanVersion,
        in transaction: borrowing Transaction
    ) async throws {
        guard draft.isCustomers, draft.hasTrial, version.plan.trialDays > 0 else { return }
        guard let had = try await SubscriptionTrialQueries.had(version.code, by: tenant, in: transaction) else {
            return
        }
        throw SubscriptionError.trialHad(plan: version.code, by: had)
    }

    /// The story with one more change of plan, quantities, add-ons or prices.
    static func change(
        of story: SubscriptionStory,
        _ draft: SubscriptionChangeDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        guard !draft.isEmpty else { throw SubscriptionError.emptyChange }
        _ = try await activeTenant(story.subscription.tenant, in: transaction)
        let at = try instant(of: story, stamp)
        try draft.quantities.check(addOns: draft.addOns)
        let now = try story.timeline(until: at)
        let target = try await SubscriptionCatalogue.version(for: draft, of: story, now: now, transaction)
        try target?.checkNeeded(now.quantities.merging(draft.quantities) { _, new in new })
        let overrides = try target.map { version throws(Problem) in
            try SubscriptionCatalogue.overrides(for: draft, of: story, now: now, on: version)
        }
        let asked = SubscriptionChange(
            id: .make(at: stamp.recordedAt),
            sequence: story.changes.count + 1,
            at: at,
            recordedAt: stamp.recordedAt,
            kind: target == nil ? .quantities : .plan,
            timing: draft.timing ?? .immediately,
            version: target?.id,
            quantities: draft.quantities.with(addOns: draft.addOns),
            overrides: overrides ?? .none,
            invoice: draft.invoice,
            author: stamp.author.text
        )
        let had = story.changes.flatMap { $0.quantities.addOns.keys }
        // What a customer has already it may have more of.
        let new = draft.addOns.keys.filter { (now.quantities.addOns[$0] ?? .zero).isZero }
        let offers = try await SubscriptionCatalogue.offers(
            of: had + draft.addOns.keys,
            in: story.subscription.currency,
            onlyVisible: draft.isCustomers ? Set(new) : [],
            transaction
        )
        let next = try story.adding(asked, target, offers: offers, choosesTiming: draft.timing == nil)
        guard let change = next.changes.last else { throw SubscriptionError.unreadable(story.subscription.id) }
        if change.timing == .periodEnd, let end = story.subscription.cancelsAt {
            throw SubscriptionError.over(story.subscription.id, at: end)
        }
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
        let at = try instant(of: story, stamp)
        // While it stands still there is no period whose end could be waited for.
        let isPaused = try story.timeline(until: at).isPaused
        let change = SubscriptionChange(
            id: .make(at: stamp.recordedAt),
            sequence: story.changes.count + 1,
            at: at,
            recordedAt: stamp.recordedAt,
            kind: .cancel,
            timing: isPaused ? .immediately : timing,
            refund: refund,
            author: stamp.author.text
        )
        return try settled(story.adding(change, nil), change, stamp)
    }

    /// The story with the row as it stands after the change, and billing no later than what the change makes due.
    static func settled(
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

    static func instant(of story: SubscriptionStory, _ stamp: Stamp) throws(SubscriptionError) -> Instant {
        let subscription = story.subscription
        if let end = subscription.endedAt { throw .over(subscription.id, at: end) }
        guard story.changes.count < SubscriptionLimits.changes else {
            throw .tooManyChanges(subscription.id, limit: SubscriptionLimits.changes)
        }
        let at = try story.instant(ofChangeAt: stamp.at)
        if let end = subscription.cancelsAt, at >= end { throw .over(subscription.id, at: end) }
        return at
    }

    static func activeTenant(
        _ id: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Tenant {
        guard let tenant = try await TenantQueries.find(id, in: transaction) else { throw TenantError.notFound(id) }
        guard tenant.status == .active else { throw TenantError.notChangeable(id, status: tenant.status) }
        return tenant
    }
}
