import Plans
import Postgres
import Values

/// What of the catalogue a subscription gets: looked up and checked, nothing is written.
enum SubscriptionCatalogue {
    /// The version that a new subscription gets.
    ///
    /// `fixed`: the currency in which the tenant is billed, if that is known.
    static func version(
        for draft: SubscriptionDraft,
        in fixed: Currency?,
        _ transaction: borrowing Transaction
    ) async throws -> PlanVersion {
        let offer = try await offer(draft.plan, transaction)
        if let fixed, let asked = draft.currency, asked != fixed {
            throw SubscriptionError.otherThanTenants(asked, needed: fixed)
        }
        guard let currency = fixed ?? draft.currency else { return offer.main }
        if let version = offer.version(in: currency) { return version }
        guard fixed != nil else {
            throw PlanError.notIn(currency, plan: draft.plan, currencies: offer.currencies)
        }
        throw SubscriptionError.otherCurrency(plan: draft.plan, is: offer.currencies, needed: currency)
    }

    /// The version that a change brings; nil if plan and prices stay.
    static func version(
        for draft: SubscriptionChangeDraft,
        of story: SubscriptionStory,
        now: SubscriptionTimeline,
        _ transaction: borrowing Transaction
    ) async throws -> PlanVersion? {
        let currency = story.subscription.currency
        guard let code = draft.plan else {
            guard let overrides = draft.overrides else { return nil }
            if overrides.isEmpty, story.overrides(ofKey: now.planKey).isEmpty { throw SubscriptionError.noOverrides }
            return story.version(now.version)
        }
        let offer = try await offer(code, transaction)
        var version = offer.version(in: currency)
        if let number = draft.version {
            guard let numbered = try await PlanQueries.version(number, of: code, in: transaction) else {
                throw PlanError.noVersion(number, of: code)
            }
            version = numbered.plan.currency == currency ? numbered : nil
        }
        guard let version else {
            throw SubscriptionError.otherCurrency(plan: code, is: offer.currencies, needed: currency)
        }
        return version
    }

    /// The prices of its own that a subscription has after a change to a version.
    static func overrides(
        for draft: SubscriptionChangeDraft,
        of story: SubscriptionStory,
        now: SubscriptionTimeline,
        on version: PlanVersion
    ) throws(Problem) -> PriceOverrides {
        let kept = draft.keepsOverrides ? story.overrides(ofKey: now.planKey) : .none
        let overrides = draft.overrides ?? kept
        try overrides.check(against: version.plan)
        return overrides
    }

    /// What is current of add-ons.
    ///
    /// `limited`: the codes of which only what customers see is there; one that has nothing of that is not known.
    static func offers(
        of codes: some Sequence<String>,
        in currency: Currency,
        onlyVisible limited: Set<String>,
        _ transaction: borrowing Transaction
    ) async throws -> AddOnOffers {
        var versions: [String: [AddOnVersion]] = [:]
        for code in Set(codes).sorted() {
            let isLimited = limited.contains(code)
            let current = try await AddOnQueries.current(code, in: transaction)
            versions[code] = isLimited ? current.filter(\.draft.isVisible) : current
            if isLimited, versions[code]?.isEmpty == true { throw SubscriptionError.unknownAddOn(code) }
        }
        return AddOnOffers(versions, in: currency)
    }

    private static func offer(_ code: String, _ transaction: borrowing Transaction) async throws -> PlanOffer {
        guard let offer = try await PlanQueries.offer(code, in: transaction) else {
            throw SubscriptionError.unknownPlan(code)
        }
        guard offer.archivedAt == nil else { throw PlanError.archived(code) }
        return offer
    }
}
