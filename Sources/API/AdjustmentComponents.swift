import Billing
import Tenants
import Values

extension Components {
    /// The schemas of coupons, taxes and legal entities.
    static let adjustments: JSONObject = [
        "Coupon": Schema.object([
            "id": Schema.string, "code": Schema.string, "name": Schema.string, "percent": Schema.decimal,
            "amount": Schema.ref("Money"), "carry": Schema.boolean,
            "duration": Schema.choice(["once", "repeating", "forever"]), "periods": Schema.integer,
            "prices": Schema.nullable(Schema.array(Schema.string)),
            "plans": Schema.nullable(Schema.array(Schema.string)),
            "max_redemptions": Schema.nullable(Schema.integer), "per_tenant": Schema.nullable(Schema.integer),
            "starts_at": Schema.nullable(Schema.instant), "expires_at": Schema.nullable(Schema.instant),
            "first_subscription_only": Schema.boolean, "redemptions": Schema.integer,
            "created_at": Schema.instant, "archived_at": Schema.nullable(Schema.instant),
        ]),
        "CouponCode": Schema.object([
            "id": Schema.string, "code": Schema.string, "coupon": Schema.string,
            "kind": Schema.choice(CouponCode.Kind.allCases.map(\.rawValue)),
            "tenant": Schema.nullable(Schema.string), "max_redemptions": Schema.nullable(Schema.integer),
            "expires_at": Schema.nullable(Schema.instant), "redemptions": Schema.integer,
            "reward_amount": Schema.ref("Money"), "reward_coupon": Schema.string, "created_at": Schema.instant,
            "archived_at": Schema.nullable(Schema.instant),
        ]),
        "CouponRedemption": Schema.object([
            "id": Schema.string, "subscription": Schema.string, "coupon": Schema.string, "code": Schema.string,
            "redeemed_at": Schema.instant, "ended_at": Schema.nullable(Schema.instant),
        ]),
        "Referral": Schema.object([
            "tenant": Schema.string, "referrer": Schema.string, "code": Schema.string,
            "referred_at": Schema.instant, "status": Schema.choice(Referral.Status.allCases.map(\.rawValue)),
            "settled_at": Schema.nullable(Schema.instant), "reward": Schema.nullable(Schema.string),
        ]),
        "Tax": Schema.object([
            "id": Schema.string, "code": Schema.string, "name": Schema.string,
            "rate": Schema.nullable(Schema.decimal), "inclusive": Schema.boolean,
            "country": Schema.nullable(Schema.string), "legal_entity": Schema.nullable(Schema.string),
            "from": Schema.nullable(Schema.instant), "archived": Schema.boolean, "recorded_at": Schema.instant,
        ]),
        "TaxDetails": Schema.object([
            "country": Schema.nullable(Schema.string),
            "tax_ids": Schema.array(
                Schema.object([
                    "type": Schema.choice(TaxID.Kind.allCases.map(\.rawValue)), "value": Schema.string,
                ])
            ),
            "tax_exempt": Schema.boolean, "from": Schema.nullable(Schema.instant),
            "assigned": Schema.array(Schema.string),
        ]),
        "LegalEntity": Schema.object([
            "id": Schema.string, "name": Schema.string, "country": Schema.nullable(Schema.string),
            "currency": Schema.nullable(Schema.string), "tax_id": Schema.nullable(Schema.string),
            "address": Schema.array(Schema.string), "created_at": Schema.instant,
        ]),
    ]
}
