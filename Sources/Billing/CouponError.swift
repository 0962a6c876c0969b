package import Values

/// What coupons refuse, beside input that is malformed.
package enum CouponError: ProblemConvertible, Hashable {
    /// The catalogue has no coupon of the code.
    case notFound(String)
    /// A coupon or a code of these letters is there, and is another.
    case codeTaken(String)
    /// A plan that it is to be for is not there.
    case planNotFound(String)
    /// No plan has such a price.
    case priceNotFound(String)
    /// The tenant that a code is to belong to is not there.
    case tenantNotFound(TenantID)
    /// The subscription does not have the coupon.
    case notRedeemed(String)
    /// Why a code cannot be redeemed.
    case refused(code: String, CouponRefusal)

    package var problem: Problem {
        switch self {
        case .notFound(let code): Problem.notFound("coupon", code)
        case .codeTaken(let code):
            Problem(.conflict, code: "code_taken", "the code \(code) is taken; a coupon never changes, make another")
        case .planNotFound(let code): Problem.invalid("plans", "there is no plan \(code)")
        case .priceNotFound(let code): Problem.invalid("prices", "no plan has a price \(code)")
        case .tenantNotFound(let id): Problem.invalid("tenant", "there is no tenant \(id)")
        case .notRedeemed(let code):
            Problem(.notFound, code: "coupon_not_redeemed", "the subscription does not have the coupon \(code)")
        case .refused(let code, let refusal): refusal.problem(code)
        }
    }
}

/// Why a code cannot be redeemed for a subscription.
package enum CouponRefusal: Hashable, Sendable {
    /// There is no such code, or none that this tenant may know of.
    case unknown
    /// It was taken off the market.
    case archived
    /// Its time has not come.
    case notYet(Instant)
    /// Its time is over.
    case expired(Instant)
    /// It, or its coupon, was redeemed as often as it may be.
    case usedUp
    /// The tenant has redeemed it as often as one may.
    case usedUpByTenant(Int)
    /// The subscription has it, or had it.
    case alreadyRedeemed
    /// It is for other plans.
    case notForPlan(String, [String])
    /// Its amount is in another currency.
    case otherCurrency(Currency, Currency)
    /// The tenant has had another subscription.
    case notFirstSubscription
    /// A tenant does not refer itself.
    case ownReferral
    /// The tenant came by a referral before.
    case alreadyReferred
    /// The subscription is over.
    case ended

    fileprivate func problem(_ code: String) -> Problem {
        let isConflict = self == .alreadyRedeemed || self == .alreadyReferred || self == .ended
        return Problem(
            isConflict ? .conflict : .invalid,
            code: "coupon_\(word)",
            "code: \(JSONValue.string(code).seen) \(reason)",
            errors: [Problem.FieldError(field: "code", message: "\(JSONValue.string(code).seen) \(reason)")]
        )
    }

    private var word: String {
        switch self {
        case .unknown: "unknown"
        case .archived: "archived"
        case .notYet: "not_yet_valid"
        case .expired: "expired"
        case .usedUp, .usedUpByTenant: "used_up"
        case .alreadyRedeemed: "already_redeemed"
        case .notForPlan: "not_for_plan"
        case .otherCurrency: "other_currency"
        case .notFirstSubscription: "not_first_subscription"
        case .ownReferral: "own_referral"
        case .alreadyReferred: "already_referred"
        case .ended: "subscription_ended"
        }
    }

    private var reason: String {
        switch self {
        case .unknown: "is no code that can be redeemed"
        case .archived: "is no longer given"
        case .notYet(let start): "can be redeemed from \(start) on"
        case .expired(let end): "expired at \(end)"
        case .usedUp: "is used up"
        case .usedUpByTenant(let limit): "can be redeemed \(limit) times by one customer, and was"
        case .alreadyRedeemed: "is or was already redeemed for this subscription"
        case .notForPlan(let plan, let plans): "is not for the plan \(plan), only for \(plans.joined(separator: ", "))"
        case .otherCurrency(let own, let asked): "is an amount in \(own); the subscription is billed in \(asked)"
        case .notFirstSubscription: "is for a customer's first subscription only"
        case .ownReferral: "is this customer's own; it is for others"
        case .alreadyReferred: "is a referral, and this customer came by one before"
        case .ended: "cannot be redeemed: the subscription is over"
        }
    }
}

/// What decides whether a code can be redeemed.
///
/// Pure: who redeems reads it under the locks that keep it true.
struct CouponAdmission {
    let coupon: Coupon
    let code: CouponCode
    let tenant: TenantID
    let plan: String
    let currency: Currency
    let hasEnded: Bool
    /// How often the tenant has redeemed the coupon.
    let ofTenant: Int
    let isRedeemed: Bool
    let isFirstSubscription: Bool
    let isReferred: Bool

    /// Why it cannot, at an instant; nil if it can, as far as the counters allow.
    func refusal(at now: Instant) -> CouponRefusal? {
        let terms = coupon.terms
        // Of a code for somebody else nobody is to know.
        if code.kind == .promotion, let owner = code.owner, owner != tenant { return .unknown }
        if hasEnded { return .ended }
        if isRedeemed { return .alreadyRedeemed }
        if coupon.archivedAt != nil || code.archivedAt != nil { return .archived }
        if let start = terms.startsAt, now < start { return .notYet(start) }
        if let end = [terms.expiresAt, code.expiresAt].compactMap(\.self).min(), now >= end { return .expired(end) }
        if let plans = terms.plans, !plans.contains(plan) { return .notForPlan(plan, plans) }
        if let own = terms.currency, own != currency { return .otherCurrency(own, currency) }
        if terms.isForFirstSubscription || code.kind == .referral, !isFirstSubscription { return .notFirstSubscription }
        if let limit = terms.perTenant, ofTenant >= limit { return .usedUpByTenant(limit) }
        guard code.kind == .referral else { return nil }
        if code.owner == tenant { return .ownReferral }
        return isReferred ? .alreadyReferred : nil
    }
}
