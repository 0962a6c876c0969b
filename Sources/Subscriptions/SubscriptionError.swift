package import Values

/// What subscriptions refuse, beside input that is malformed.
package enum SubscriptionError: ProblemConvertible, Hashable {
    /// The tenant has no subscription with the id.
    case notFound(SubscriptionID)
    /// The id belongs to a subscription made otherwise.
    case idTaken(SubscriptionID)
    /// It is over.
    case over(SubscriptionID, at: Instant)
    /// A change is asked for at an instant that is already invoiced.
    case beforeLastInvoice(Instant, last: Instant)
    /// A change is asked for before one that is there.
    case beforeLastChange(Instant, last: Instant)
    /// There is no plan with the code.
    case unknownPlan(String)
    /// A plan is in another currency than what it must be.
    case otherCurrency(plan: String, is: Currency, needed: Currency)
    /// A plan bills a quantity that is not given.
    case quantityMissing(String, plan: String)
    /// No price of the plan bills the quantity.
    case quantityUnknown(String, known: [String])
    /// A change names neither a plan nor quantities.
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
            Problem.invalid("plan", "\(plan) is in \(own); it must be a plan in \(needed)")
        case .quantityMissing(let name, let plan):
            Problem.invalid("quantities.\(name)", "is required: the plan \(plan) bills it")
        case .quantityUnknown(let name, let known):
            Problem.invalid(
                "quantities.\(name)",
                known.isEmpty
                    ? "is not billed by the plan, which knows no quantities"
                    : "is not billed by the plan, whose quantities are " + known.joined(separator: ", ")
            )
        case .emptyChange: Problem.invalid("plan", "is required, unless `quantities` are given: nothing would change")
        case .meterPriced(let meter, let other):
            Problem(
                .conflict,
                code: "meter_priced",
                "the subscription \(other) prices the meter \(meter) at the same time; cancel or change it first"
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
