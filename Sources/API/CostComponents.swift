import Revenue
import Values

extension Components {
    /// What costs and partners answer.
    static let costs: JSONObject = [
        "Cost": Schema.object([
            "id": Schema.string, "category": Schema.choice(CostCategory.allCases.map(\.rawValue)),
            "amount": Schema.ref("Money"), "from": Schema.string, "to": Schema.string, "memo": Schema.string,
            "tenant": Schema.nullable(Schema.string), "plan": Schema.nullable(Schema.string),
            "model": Schema.nullable(Schema.string), "reverses": Schema.nullable(Schema.string),
            "at": Schema.instant, "recorded_at": Schema.instant,
        ]),
        "CostRule": Schema.object([
            "category": Schema.choice(CostCategory.allCases.map(\.rawValue)),
            "basis": Schema.choice(CostBasis.allCases.map(\.rawValue)), "from": Schema.nullable(Schema.string),
            "recorded_at": Schema.nullable(Schema.instant),
        ]),
        "ComputePrice": Schema.object([
            "id": Schema.string, "model": Schema.nullable(Schema.string),
            "unit": Schema.choice(ComputeUnit.allCases.map(\.rawValue)), "price": Schema.decimal,
            "currency": Schema.string, "from": Schema.instant, "recorded_at": Schema.instant,
        ]),
        "ExchangeRate": Schema.object([
            "id": Schema.string, "from": Schema.string, "to": Schema.string, "rate": Schema.decimal,
            "day": Schema.string, "source": Schema.string, "recorded_at": Schema.instant,
        ]),
        "Partner": Schema.object([
            "id": Schema.string, "code": Schema.string, "name": Schema.string,
            "role": Schema.choice(Partner.Role.allCases.map(\.rawValue)), "tiers": Schema.array(Schema.free),
            "tiers_per": Schema.choice(Partner.TierStretch.allCases.map(\.rawValue)),
            "term_months": Schema.nullable(Schema.integer), "created_at": Schema.instant,
            "tenants": Schema.array(Schema.free),
        ]),
    ]
}
