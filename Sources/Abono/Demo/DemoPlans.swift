import Values

/// The price list of the demo's seller.
enum DemoPlans {
    /// Plans as `abono plans publish` reads them.
    static let documents: [JSONValue] = [
        document("starter", "Starter", base: "29.00", seat: nil, included: "1000000", rate: "0.0000060"),
        document("team", "Team", base: "99.00", seat: "15.00", included: "5000000", rate: "0.0000045"),
        document("scale", "Scale", base: "499.00", seat: "12.00", included: "20000000", rate: "0.0000030"),
    ]

    private static func document(
        _ code: String,
        _ name: String,
        base: String,
        seat: String?,
        included: String,
        rate: String
    ) -> JSONValue {
        var prices: [JSONValue] = [["code": "base", "model": "flat", "amount": .string(base)]]
        if let seat {
            prices.append([
                "code": "seats", "model": "per_unit", "unit_amount": .string(seat), "quantity": "seats",
            ])
        }
        prices.append(tiers("input", "tokens.input", included: included, rate: rate))
        prices.append(["code": "output", "meter": "tokens.output", "model": "per_unit", "unit_amount": "0.000020"])
        return [
            "code": .string(code), "name": .string(name), "currency": "USD", "interval": ["unit": "month"],
            "prices": .array(prices),
            "features": ["inference": ["models": ["*"], "concurrency": 16, "requests_per_minute": 600]],
            "visible": true,
        ]
    }

    private static func tiers(_ code: String, _ meter: String, included: String, rate: String) -> JSONValue {
        [
            "code": .string(code), "meter": .string(meter), "model": "graduated",
            "tiers": [
                ["up_to": .string(included), "unit_amount": "0"], ["up_to": nil, "unit_amount": .string(rate)],
            ],
        ]
    }
}
