package import Plans
package import Values

/// The plans of a subscription as they bill it: a version's plan with the prices that only this subscription has, and
/// with those of every add-on that it ever had.
package enum SubscriptionPlans {
    /// The plans by their keys.
    ///
    /// Add-ons are in all plans of their interval, also in those from before they were added: none of them costs
    /// nothing, and so a key stays what it is.
    ///
    /// `changes`: of one subscription, in the order of their sequence.
    ///
    /// `plan`: what a version bills; what is not known is left out.
    package static func all(
        of changes: [SubscriptionChange],
        _ plan: (PlanVersionID) -> Plan?
    ) -> [String: Plan] {
        let addOns = changes.flatMap(\.addOns)
        let hasTrial = changes.first?.hasTrial ?? true
        var plans: [String: Plan] = [:]
        for change in changes {
            guard let key = change.planKey, plans[key] == nil, let own = change.version.flatMap(plan) else { continue }
            let plan = own.with(change.overrides, addOns: addOns)
            plans[key] = hasTrial ? plan : plan.withoutTrial()
        }
        return plans
    }

    /// The quantities of the creation, and 0 of each add-on that came later.
    static func opening(of changes: [SubscriptionChange]) -> Quantities {
        var quantities = changes.first?.quantities ?? [:]
        for addOn in changes.lazy.flatMap(\.addOns) {
            let name = AddOnTerms.quantity(of: addOn.code)
            if quantities[name] == nil { quantities[name] = .zero }
        }
        return quantities
    }
}

extension Quantities {
    /// The quantities that the plan's own prices bill.
    package var ofPlan: Quantities { filter { AddOnTerms.code(ofQuantity: $0.key) == nil } }

    /// How many there are of add-ons, by their codes.
    package var addOns: Quantities {
        var addOns: Quantities = [:]
        for (name, quantity) in self {
            if let code = AddOnTerms.code(ofQuantity: name) { addOns[code] = quantity }
        }
        return addOns
    }

    /// The add-ons that are had.
    var addOnsJSON: JSONValue { addOns.filter { !$0.value.isZero }.json }

    /// These together with add-ons, as a subscription keeps both.
    func with(addOns: Quantities) -> Quantities {
        var all = self
        for (code, quantity) in addOns { all[AddOnTerms.quantity(of: code)] = quantity }
        return all
    }
}
