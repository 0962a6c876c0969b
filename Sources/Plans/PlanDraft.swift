package import Values

extension PlanDraft {
    private static let priceLimit = 200
    /// The most units in an interval.
    static let countLimit = 1_000
    private static let trialLimit = 3_650

    /// Reads a plan to be published strictly: the simulator's plan JSON plus `name`, `features` and `visible`.
    ///
    /// Stricter than the simulator: codes are short words, the currency is one of ISO 4217, and lengths are bounded.
    package init(json: JSONValue) throws(Problem) {
        guard var rules = json.object else { throw .invalid("input", "must be an object, not \(json.seen)") }
        var own: JSONObject = [:]
        for key in ["name", "features", "visible"] {
            own[key] = rules[key]
            rules[key] = nil
        }
        let plan = try Plan(json: .object(rules))
        try PlanDraft.check(plan)
        var fields = try JSONFields(.object(own))
        let name = try fields.optionalString("name") ?? plan.code
        guard (1...200).contains(name.unicodeScalars.count) else {
            throw fields.invalid("name", "must have 1 to 200 characters")
        }
        self.init(
            name: name,
            plan: plan,
            features: try fields.value("features").map { json throws(Problem) in try PlanFeatures(json: json) }
                ?? PlanFeatures(),
            document: .object(rules),
            isVisible: try fields.optionalBool("visible") ?? true
        )
    }

    /// The meters that prices and allowances name, each with its field.
    var namedMeters: [(field: String, meter: String)] {
        let prices = plan.prices.enumerated().compactMap { index, price in
            price.meter.map { (field: "prices[\(index)].meter", meter: $0) }
        }
        let allowances = features.allowances.map { feature, allowance in
            (field: "features.\(feature).meter", meter: allowance.meter)
        }
        return prices + allowances
    }

    private static func check(_ plan: Plan) throws(Problem) {
        guard CatalogueCode.isValid(plan.code) else { throw .invalid("code", CatalogueCode.form) }
        guard Currency(code: plan.currency.code) != nil else {
            throw .invalid("currency", "must be an ISO 4217 currency code like \"USD\", not \"\(plan.currency)\"")
        }
        guard plan.interval.count <= countLimit else {
            throw .invalid("interval.count", "must be at most \(countLimit), not \(plan.interval.count)")
        }
        guard plan.trialDays <= trialLimit else {
            throw .invalid("trial_days", "must be at most \(trialLimit), not \(plan.trialDays)")
        }
        guard plan.prices.count <= priceLimit else {
            throw .invalid("prices", "has \(plan.prices.count) prices; at most \(priceLimit) are allowed")
        }
        for (index, price) in plan.prices.enumerated() { try check(price, path: "prices[\(index)]") }
    }

    /// What a published price obeys beside what the simulator asks.
    static func check(_ price: Price, path: String) throws(Problem) {
        guard CatalogueCode.isValid(price.code) else { throw .invalid("\(path).code", CatalogueCode.form) }
        for (field, name) in [("code", price.code), ("quantity", price.quantity ?? "")]
        where name.hasPrefix(CatalogueCode.addOnPrefix) {
            throw .invalid("\(path).\(field)", "must not begin with \"addon:\", which is kept for add-ons")
        }
    }
}
