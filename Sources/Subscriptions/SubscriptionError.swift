package import Values

/// What subscriptions refuse, beside input that is malformed.
package enum SubscriptionError: ProblemConvertible, Hashable {
    /// The tenant has no subscription with the id.
    case notFound(SubscriptionID)
    /// The id belongs to a subscription made otherwise.
    case idTaken(SubscriptionID)
    /// It is over.
    case over(SubscriptionID, at: Instant)
    /// It is over, and what is asked for is to undo that.
    case notReactivable(SubscriptionID, at: Instant)
    /// No cancellation waits that could be withdrawn.
    case notCancelled(SubscriptionID)
    /// It stands still already.
    case alreadyPaused(SubscriptionID, since: Instant)
    /// It is to be paused, but a cancellation waits.
    case cancellationWaits(SubscriptionID, until: Instant)
    /// It is to go on, but does not stand still.
    case notPaused(SubscriptionID)
    /// No such change waits.
    case notScheduled(ChangeID)
    /// A change is asked for at an instant that is already invoiced.
    case beforeLastInvoice(Instant, last: Instant)
    /// A change is asked for before one that is there.
    case beforeLastChange(Instant, last: Instant)
    /// There is no plan with the code.
    case unknownPlan(String)
    /// A plan is not sold in the currency in which it must be.
    case otherCurrency(plan: String, is: [Currency], needed: Currency)
    /// A subscription in another currency than the tenant's is asked for.
    case otherThanTenants(Currency, needed: Currency)
    /// There is no add-on with the code.
    case unknownAddOn(String)
    /// An add-on is not sold in the currency and by the interval of the plan.
    case addOnNotFitting(String, sold: String, needed: String)
    /// A plan is asked for with which an add-on that the subscription has is not sold.
    case planWithoutAddOn(plan: String, addOn: String, sold: String, needed: String)
    /// An add-on is to be taken off that was never there.
    case addOnNotHad(String)
    /// A customer asks for a start that is over.
    case startsInPast(Instant, now: Instant)
    /// A customer asks for a trial of a plan that it has had.
    case trialHad(plan: String, by: SubscriptionID)
    /// Prices of the subscription's own are to be taken off, and there are none.
    case noOverrides
    /// A plan bills a quantity that is not given.
    case quantityMissing(String, plan: String)
    /// No price of the plan bills the quantity.
    case quantityUnknown(String, known: [String])
    /// A change names neither a plan nor quantities, add-ons or prices.
    case emptyChange
    /// Another subscription of the tenant prices the meter at the same time.
    case meterPriced(String, by: SubscriptionID)
    /// The tenant has as many subscriptions as it may have.
    case tooManyOpen(limit: Int)
    /// It has as many changes as it may have.
    case tooManyChanges(SubscriptionID, limit: Int)
    /// What is stored cannot be read.
    case unreadable(SubscriptionID)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("subscription", id.text)
        case .idTaken(let id):
            Problem(.conflict, code: "id_taken", "the subscription \(id) already exists with other content")
        case .over(let id, let instant):
            Problem(.conflict, code: "subscription_over", "the subscription \(id) ended at \(instant)")
        case .notReactivable(let id, let instant):
            Problem(
                .conflict,
                code: "subscription_over",
                "the subscription \(id) ended at \(instant) and cannot be brought back; make a new subscription"
            )
        case .notCancelled(let id):
            Problem(.conflict, code: "not_cancelled", "no cancellation of the subscription \(id) waits")
        case .alreadyPaused(let id, let instant):
            Problem(.conflict, code: "already_paused", "the subscription \(id) has been paused since \(instant)")
        case .cancellationWaits(let id, let instant):
            Problem(
                .conflict,
                code: "cancellation_waits",
                "the subscription \(id) will end at \(instant); reactivate it before it is paused"
            )
        case .notPaused(let id):
            Problem(.conflict, code: "not_paused", "the subscription \(id) is not paused, nor is it to be")
        case .notScheduled(let id): Problem.notFound("scheduled change", id.text)
        case .beforeLastInvoice(let asked, let last):
            Problem(
                .conflict,
                code: "already_invoiced",
                "a change at \(asked) would be before the last invoice; it can be made after \(last)"
            )
        case .beforeLastChange(let asked, let last):
            Problem(
                .conflict,
                code: "out_of_order",
                "a change at \(asked) would be before the last change; it can be made from \(last) on"
            )
        case .unknownPlan(let code): Problem.invalid("plan", "there is no plan \(JSONValue.string(code).seen)")
        case .otherCurrency(let plan, let own, let needed):
            Problem.invalid(
                "plan",
                "\(plan) is sold in \(own.map(\.code).joined(separator: ", ")); it must be a plan in \(needed)"
            )
        case .otherThanTenants(let asked, let needed):
            Problem.invalid("currency", "must be \(needed), in which the tenant is billed, not \(asked)")
        case .unknownAddOn(let code):
            Problem.invalid("add_ons.\(code)", "there is no add-on \(JSONValue.string(code).seen)")
        case .addOnNotFitting(let code, let sold, let needed):
            Problem.invalid("add_ons.\(code)", "is sold in \(sold); the plan needs one in \(needed)")
        case .planWithoutAddOn(let plan, let addOn, let sold, let needed):
            Problem.invalid(
                "plan",
                "\(plan) is billed in \(needed), but the add-on \(addOn) of the subscription is sold in \(sold); "
                    + "take it off with a quantity of 0, or choose another plan"
            )
        case .addOnNotHad(let code):
            Problem.invalid("add_ons.\(code)", "must be above 0: the subscription has none to take off")
        case .startsInPast(let asked, let now):
            Problem.invalid("starts_at", "must not be before now, which is \(now), not \(asked); without it it is now")
        case .trialHad(let plan, let id):
            Problem.invalid(
                "trial",
                "must be false: the subscription \(id) had the trial of \(plan), which there is once"
            )
        case .noOverrides:
            Problem.invalid("overrides", "must name prices: the subscription has none of its own to take off")
        case .quantityMissing(let name, let plan):
            Problem.invalid("quantities.\(name)", "is required: the plan \(plan) bills it")
        case .quantityUnknown(let name, let known):
            Problem.invalid(
                "quantities.\(name)",
                known.isEmpty
                    ? "is not billed by the plan, which knows no quantities"
                    : "is not billed by the plan, whose quantities are " + known.joined(separator: ", ")
            )
        case .emptyChange:
            Problem.invalid(
                "plan",
                "is required, unless `quantities`, `add_ons` or `overrides` are given: nothing would change"
            )
        case .meterPriced(let meter, let other):
            Problem(
                .conflict,
                code: "meter_priced",
                "the subscription \(other) prices the meter \(meter) at the same time; cancel or change it first, or "
                    + "make this one with \"usage\": \"named\""
            )
        case .tooManyOpen(let limit):
            Problem(
                .conflict,
                code: "too_many_subscriptions",
                "the tenant has \(limit) subscriptions, as many as allowed; cancel one first"
            )
        case .tooManyChanges(let id, let limit):
            Problem(
                .conflict,
                code: "too_many_changes",
                "the subscription \(id) has \(limit) changes, as many as allowed"
            )
        case .unreadable(let id):
            Problem(.internal, code: "unreadable_subscription", "the stored subscription \(id) cannot be read")
        }
    }
}
