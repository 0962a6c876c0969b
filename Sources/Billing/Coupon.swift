package import Values

extension Entities {
    /// A coupon.
    package enum Coupon: Entity { package static let prefix = "cpn" }
    /// A code that customers type for a coupon.
    package enum CouponCode: Entity { package static let prefix = "cpc" }
    /// A coupon that counts for a subscription.
    package enum CouponRedemption: Entity { package static let prefix = "cpr" }
}

package typealias CouponID = ID<Entities.Coupon>
package typealias CouponCodeID = ID<Entities.CouponCode>
package typealias CouponRedemptionID = ID<Entities.CouponRedemption>

/// A discount in the catalogue.
///
/// It never changes: who wants another makes another.
package struct Coupon: Hashable, Sendable {
    /// Names it.
    package let id: CouponID
    /// What it takes off, for how long, and when it may be redeemed.
    package let terms: CouponTerms
    /// How often it was redeemed.
    package let redemptions: Int
    /// Since when it is there, in business time.
    package let createdAt: Instant
    /// From then on nobody can redeem it; who has it keeps it.
    package let archivedAt: Instant?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        var object: JSONObject = ["id": .string(id.text)]
        for (key, value) in terms.json { object[key] = value }
        object["redemptions"] = .int(redemptions)
        object["created_at"] = .string(createdAt.text)
        object["archived_at"] = .optional(archivedAt?.text)
        return .object(object)
    }
}

/// What a coupon takes off, for how long, and who may redeem it when: all of it that never changes.
package struct CouponTerms: Hashable, Sendable {
    /// Names it; what customers type, too.
    package var code: String
    /// What people call it.
    package var name: String
    /// How much it takes off.
    package var value: InvoiceCoupon.Value
    /// The currency of an amount; nil of a percentage.
    package var currency: Currency?
    /// How long it lasts from its first use.
    package var duration: InvoiceCoupon.Duration
    /// The codes of the prices whose lines it discounts; nil: all lines.
    package var prices: [String]?
    /// The codes of the plans that it is for; nil: all.
    package var plans: [String]?
    /// How often it may be redeemed in all.
    package var maxRedemptions: Int?
    /// How often one tenant may redeem it.
    package var perTenant: Int?
    /// From when on it may be redeemed.
    package var startsAt: Instant?
    /// From when on it no longer may.
    package var expiresAt: Instant?
    /// Whether only the first subscription that a tenant has may have it.
    package var isForFirstSubscription: Bool

    /// Its members as they leave over HTTP.
    var json: JSONObject {
        var object: JSONObject = ["code": .string(code), "name": .string(name)]
        switch value {
        case .percent(let percent): object["percent"] = .string(percent.decimalText())
        case .amount(let minor, let carries):
            object["amount"] = currency.map { Money(minor: minor, currency: $0).json } ?? .null
            object["carry"] = .bool(carries)
        }
        object["duration"] = .string(duration.word)
        if case .repeating(let periods) = duration { object["periods"] = .int(periods) }
        object["prices"] = prices.map { .array($0.map { .string($0) }) } ?? .null
        object["plans"] = plans.map { .array($0.map { .string($0) }) } ?? .null
        object["max_redemptions"] = maxRedemptions.map { .int($0) } ?? .null
        object["per_tenant"] = perTenant.map { .int($0) } ?? .null
        object["starts_at"] = .optional(startsAt?.text)
        object["expires_at"] = .optional(expiresAt?.text)
        object["first_subscription_only"] = .bool(isForFirstSubscription)
        return object
    }
}

extension InvoiceCoupon.Duration {
    /// Its word outside.
    package var word: String {
        switch self {
        case .once: "once"
        case .repeating: "repeating"
        case .forever: "forever"
        }
    }
}

/// A coupon that counts for a subscription.
package struct CouponRedemption: Hashable, Sendable {
    /// Names it.
    package let id: CouponRedemptionID
    /// Whose.
    package let tenant: TenantID
    /// What it discounts.
    package let subscription: SubscriptionID
    /// The coupon.
    package let coupon: CouponID
    /// The coupon's code.
    package let couponCode: String
    /// What was typed.
    package let code: String
    /// Invoices of this instant and later ones have it.
    package let redeemedAt: Instant
    /// From this instant on it gives nothing new; nil if it was not taken away.
    package let endedAt: Instant?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "subscription": .string(subscription.text), "coupon": .string(couponCode),
            "code": .string(code), "redeemed_at": .string(redeemedAt.text), "ended_at": .optional(endedAt?.text),
        ]
    }
}
