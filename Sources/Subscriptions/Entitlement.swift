package import Metering
import Plans
package import Values

/// What a tenant may use of a feature at an instant.
package struct Entitlement: Hashable, Sendable {
    /// What there is of it.
    package enum Value: Hashable, Sendable {
        /// Had or not had.
        case flag(Bool)
        /// A fixed text or number.
        case fixed(JSONValue)
        /// Units of a meter, with what is left of them.
        case metered(QuotaBalance)
    }

    /// The feature.
    package let feature: String
    /// What there is of it.
    package let value: Value
    /// The wire ids of what grants it.
    package let sources: [String]

    /// As it leaves over HTTP; the kinds are `boolean`, `static` and `metered`.
    package var json: JSONValue {
        var object: JSONObject = ["feature": .string(feature)]
        switch value {
        case .flag(let flag):
            object["kind"] = "boolean"
            object["value"] = .bool(flag)
        case .fixed(let fixed):
            object["kind"] = "static"
            object["value"] = fixed
        case .metered(let balance):
            object["kind"] = "metered"
            object["value"] = .null
            for (key, value) in balance.json.object ?? JSONObject() { object[key] = value }
        }
        object["sources"] = .array(sources.map(JSONValue.string))
        return .object(object)
    }

    /// What subscriptions and balances come to together, in the order of features.
    ///
    /// Of several that have a feature: a switch is on if any has it on, the largest number counts, and the text of the
    /// subscription that was made first. A feature that is metered anywhere is that.
    static func all(
        of granted: [(subscription: SubscriptionID, features: PlanFeatures)],
        _ balances: [QuotaBalance]
    ) -> [Entitlement] {
        var byFeature: [String: Entitlement] = [:]
        for (subscription, features) in granted {
            for (name, value) in features.values {
                guard let own = Value(value) else { continue }
                let before = byFeature[name]
                byFeature[name] = Entitlement(
                    feature: name,
                    value: before.map { $0.value.together(with: own) } ?? own,
                    sources: (before?.sources ?? []) + [subscription.text]
                )
            }
        }
        for balance in balances {
            byFeature[balance.feature] = Entitlement(
                feature: balance.feature,
                value: .metered(balance),
                sources: balance.sources
            )
        }
        return byFeature.values.sorted { $0.feature < $1.feature }
    }
}

extension Entitlement.Value {
    /// What a plan says that needs no counting.
    fileprivate init?(_ value: PlanFeatures.Value) {
        switch value {
        case .flag(let flag): self = .flag(flag)
        case .fixed(let fixed): self = .fixed(fixed)
        case .allowance: return nil
        }
    }

    fileprivate func together(with other: Self) -> Self {
        switch (self, other) {
        case (.flag(let one), .flag(let two)): .flag(one || two)
        case (.fixed(let one), .fixed(let two)):
            (one.double.flatMap { first in two.double.map { $0 > first } } ?? false) ? .fixed(two) : .fixed(one)
        case (.flag, _), (.fixed, _), (.metered, _): self
        }
    }
}
