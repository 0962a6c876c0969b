package import Values

/// What is current of a plan: the newest version in each of its currencies.
package struct PlanOffer: Hashable, Sendable {
    /// The current versions, one a currency; never empty.
    ///
    /// The currency that came first is first.
    package let versions: [PlanVersion]
    /// The version in the currency that came first.
    package let main: PlanVersion

    /// Takes the current versions, that in the first currency first; nil if there are none.
    init?(_ versions: [PlanVersion]) {
        guard let first = versions.first else { return nil }
        self.versions = versions
        main = first
    }

    /// The plan's code.
    package var code: String { main.code }

    /// Names the plan.
    package var planID: PlanID { main.planID }

    /// The currencies it can be had in.
    package var currencies: [Currency] { versions.map(\.plan.currency) }

    /// The currencies as a sentence names them.
    package var currencyList: String { currencies.map(\.code).joined(separator: ", ") }

    /// When it was archived; nil if it can be subscribed to.
    package var archivedAt: Instant? { main.archivedAt }

    /// The current version in a currency; nil if the plan is not sold in it.
    package func version(in currency: Currency) -> PlanVersion? { versions.first { $0.plan.currency == currency } }

    /// What customers see of it, or all; in one currency or in all.
    ///
    /// Nil if nothing is left.
    package func shown(in currency: Currency? = nil, onlyVisible: Bool) -> PlanOffer? {
        PlanOffer(
            versions.filter { version in
                (version.isVisible || !onlyVisible) && currency.map { version.plan.currency == $0 } ?? true
            }
        )
    }

    /// As it leaves over HTTP: the first version's fields, and all current ones in `versions`.
    package var json: JSONValue {
        var object = main.json.object ?? JSONObject()
        object["currencies"] = .array(currencies.map { .string($0.code) })
        object["versions"] = .array(versions.map(\.json))
        return .object(object)
    }
}
