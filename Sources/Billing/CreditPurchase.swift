package import Values

extension Entities {
    /// A purchase of a credit package.
    package enum CreditPurchase: Entity {
        package static let prefix = "cpu"
    }
}

/// Names a purchase of a credit package.
package typealias CreditPurchaseID = ID<Entities.CreditPurchase>

/// A purchase of a credit package, at the terms of that moment.
package struct CreditPurchase: Hashable, Sendable {
    /// Who asked for it.
    package enum Source: String, CaseIterable, Sendable {
        /// The tenant.
        case customer
        /// The tenant's rule, by itself.
        case topUp = "top_up"
        /// Staff, for money that came in another way.
        case staff
    }

    /// Where it stands.
    package enum Status: String, CaseIterable, Sendable {
        /// The money is not there yet.
        case pending
        /// The money is there, and the credit granted.
        case succeeded
        /// There will be no money.
        case failed
    }

    /// Names it.
    package let id: CreditPurchaseID
    /// Who buys.
    package let tenant: TenantID
    /// The package's code.
    package let package: String
    /// Who asked for it.
    package let source: Source
    /// Where it stands.
    package let status: Status
    /// What it costs.
    package let price: Money
    /// What is granted for it.
    package let credit: Money
    /// For how many days the credit can be used; nil is for good.
    package let expiresAfterDays: Int?
    /// The lowest is used first.
    package let priority: Int
    /// Who takes the money: a gateway's name.
    package let gateway: String?
    /// What the gateway calls the charge; a bank transfer's reference.
    package let reference: String?
    /// Where the customer has to confirm it.
    package let actionURL: String?
    /// Why it failed, for people.
    package let failure: String?
    /// What the gateway kept.
    package let fee: Money
    /// The credit that was bought.
    package let grant: GrantID?
    /// The credit that was given on top.
    package let bonusGrant: GrantID?
    /// When it was asked for, in business time.
    package let requestedAt: Instant
    /// When it succeeded or failed, in business time.
    package let settledAt: Instant?

    /// What is given on top of what is bought, in minor units.
    package var bonus: Money { Money(minor: credit.minor - price.minor, currency: price.currency) }

    /// Until when the credit can be used that is granted at an instant.
    func expiry(from instant: Instant) -> Instant? {
        expiresAfterDays.map { instant.adding(seconds: Int64($0) * 86_400) }
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "package": .string(package),
            "source": .string(source.rawValue), "status": .string(status.rawValue), "price": price.json,
            "credit": credit.json, "expires_after_days": expiresAfterDays.map { .int($0) } ?? .null,
            "priority": .int(priority),
            "gateway": .optional(gateway), "reference": .optional(reference), "action_url": .optional(actionURL),
            "failure": .optional(failure), "grant": .optional(grant?.text), "bonus_grant": .optional(bonusGrant?.text),
            "requested_at": .string(requestedAt.text), "settled_at": .optional(settledAt?.text),
        ]
    }
}
