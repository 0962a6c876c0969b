package import Plans
package import Subscriptions
package import Values

/// What was signed, month by month: the value of the term that a customer committed to.
///
/// Pure: the changes of subscriptions as facts of a `MonthlyReport`.
package enum BookingsReport {
    /// What the report is like.
    package static let shape = MonthlyReport.Shape(
        name: "bookings",
        title: "Bookings",
        columns: ["new", "expansion", "contraction", "cancelled", "total"],
        drawn: ["new", "expansion", "contraction", "cancelled"],
        definition: [
            "variant": "committed_term",
            "value": """
            the committed term is one whole period of the plan: its prices without a meter at the quantities agreed on, \
            before coupons and taxes; usage and minimum commitments do not count
            """,
            "month": "that in which it was asked for, whenever it takes effect",
            "new": "the value of a subscription when it is made",
            "expansion":
                "by how much a change of plan or quantities raises the value of the term; contraction: lowers it",
            "cancelled": "a cancellation before the first paid period takes back all; a later one takes back nothing",
            "withdrawn": "a change that is withdrawn is taken back in the month of the withdrawal",
            "renewals": "do not count: nothing is signed",
            "signs": "contraction and cancelled are negative: total is the sum of the four",
        ]
    )

    /// What the changes of one subscription add to bookings.
    ///
    /// `changes`: in the order of their sequence.
    ///
    /// `plans`: by every key that they name; see `SubscriptionPlans`.
    ///
    /// `hasPaid`: whether the subscription was ever in a period that is paid.
    package static func facts(
        of subscription: SubscriptionID,
        tenant: TenantID,
        changes: [SubscriptionChange],
        plans: [String: Plan],
        hasPaid: Bool
    ) throws(Problem) -> [ReportFact] {
        var facts: [ReportFact] = []
        var agreed = Agreement()
        var seen: [SubscriptionChange] = []
        for change in changes {
            seen.append(change)
            let before = agreed
            if change.kind == .withdraw {
                let withdrawn = Set(seen.flatMap(\.withdrawn))
                agreed = Agreement()
                for earlier in seen where !withdrawn.contains(earlier.id) { agreed.apply(earlier, hasPaid) }
            } else {
                agreed.apply(change, hasPaid)
            }
            guard agreed != before else { continue }
            facts += try differences(from: before, to: agreed, plans).map { difference in
                ReportFact(
                    at: change.at,
                    tenant: tenant,
                    currency: difference.currency,
                    amounts: [column(change, difference): difference.minor, "total": difference.minor],
                    ids: [change.id.text, subscription.text]
                )
            }
        }
        return facts
    }

    /// What was agreed on so far.
    private struct Agreement: Equatable {
        var planKey: String?
        var quantities: Quantities = [:]
        var isCancelled = false

        mutating func apply(_ change: SubscriptionChange, _ hasPaid: Bool) {
            switch change.kind {
            case .created:
                planKey = change.planKey
                quantities = change.quantities
            case .plan, .quantities:
                planKey = change.planKey ?? planKey
                quantities.merge(change.quantities) { _, new in new }
            case .cancel: isCancelled = !hasPaid
            case .pause, .resume, .withdraw: break
            }
        }
    }

    private static func column(_ change: SubscriptionChange, _ difference: Money) -> String {
        switch change.kind {
        case .created: "new"
        case .cancel: "cancelled"
        default: difference.isNegative ? "contraction" : "expansion"
        }
    }

    /// What one agreement is worth more than another; two amounts if the currency is another.
    private static func differences(
        from before: Agreement,
        to after: Agreement,
        _ plans: [String: Plan]
    ) throws(Problem) -> [Money] {
        let old = try value(before, plans)
        let new = try value(after, plans)
        guard let old else { return [new].compactMap(\.self).filter { !$0.isZero } }
        guard let new else { return [try old.negated()].filter { !$0.isZero } }
        guard old.currency == new.currency else { return [try old.negated(), new].filter { !$0.isZero } }
        return [try new.subtracting(old)].filter { !$0.isZero }
    }

    /// The value of one period; nil if nothing is agreed on.
    private static func value(_ agreement: Agreement, _ plans: [String: Plan]) throws(Problem) -> Money? {
        guard let key = agreement.planKey, !agreement.isCancelled else { return nil }
        guard let plan = plans[key] else {
            throw Problem(.internal, "the plan \(key) of a subscription is not known")
        }
        return try Money(
            RecurringRevenue.perPeriod(of: plan, quantities: agreement.quantities),
            currency: plan.currency
        )
    }
}
