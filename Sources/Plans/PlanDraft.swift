package import Values

extension PlanDraft {
    private static let priceLimit = 200
    private static let countLimit = 1_000
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
        guard isCode(plan.code) else { throw .invalid("code", codeForm) }
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
        for (index, price) in plan.prices.enumerated() where !isCode(price.code) {
            throw .invalid("prices[\(index)].code", codeForm)
        }
    }

    private static let codeForm =
        "a code has 1 to 64 letters, digits, dashes, dots, colons and underscores, and begins with a letter or digit"

    private static func isCode(_ code: String) -> Bool {
        guard (1...64).contains(code.utf8.count), let first = code.utf8.first, isAlphanumeric(first) else {
            return false
        }
        return code.utf8.allSatisfy { isAlphanumeric($0) || "_.:-".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
