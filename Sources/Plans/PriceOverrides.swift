package import Values

/// Prices that one subscription has in place of its plan's prices of the same codes.
package struct PriceOverrides: Hashable, Sendable {
    /// The prices, each of another code.
    package let prices: [Price]
    /// What they were read from: an array of prices as the simulator takes them.
    package let json: JSONValue

    /// The plan's own prices.
    package static let none = PriceOverrides()

    private init() {
        prices = []
        json = []
    }

    /// Reads `[{"code": "seats", "model": "per_unit", …}]` strictly.
    package init(json: JSONValue, path: String = "overrides") throws(Problem) {
        guard let elements = json.array else { throw .invalid(path, "must be an array of prices, not \(json.seen)") }
        guard elements.count <= PriceOverrides.limit else {
            throw .invalid(path, "has \(elements.count) prices; at most \(PriceOverrides.limit) are allowed")
        }
        var prices: [Price] = []
        var codes: Set<String> = []
        for (index, element) in elements.enumerated() {
            let price = try Price(json: element, path: "\(path)[\(index)]")
            guard codes.insert(price.code).inserted else {
                throw .invalid("\(path)[\(index)].code", "\(JSONValue.string(price.code).seen) is overridden twice")
            }
            prices.append(price)
        }
        self.prices = prices
        self.json = json
    }

    private static let limit = 200

    /// Whether the plan's own prices hold.
    package var isEmpty: Bool { prices.isEmpty }

    /// Refuses what does not fit a plan: a price it does not have, another meter, another quantity.
    package func check(against plan: Plan, path: String = "overrides") throws(Problem) {
        for (index, price) in prices.enumerated() {
            let place = "\(path)[\(index)]"
            guard let own = plan.price(price.code) else {
                let known = plan.prices.map(\.code).joined(separator: ", ")
                throw .invalid(
                    "\(place).code",
                    "\(JSONValue.string(price.code).seen) is no price of the plan \(plan.code), which has \(known)"
                )
            }
            try PriceOverrides.check("\(place).meter", price.meter, own.meter, in: plan)
            try PriceOverrides.check("\(place).quantity", price.quantity, own.quantity, in: plan)
        }
    }

    private static func check(_ field: String, _ given: String?, _ own: String?, in plan: Plan) throws(Problem) {
        guard given != own else { return }
        let seen = given.map { JSONValue.string($0).seen } ?? "absent"
        let right = own.map { "\(JSONValue.string($0).seen)" } ?? "absent"
        throw .invalid(field, "must be \(right) as in the plan \(plan.code), not \(seen)")
    }

    package static func == (lhs: PriceOverrides, rhs: PriceOverrides) -> Bool { lhs.prices == rhs.prices }

    package func hash(into hasher: inout Hasher) { hasher.combine(prices) }
}

extension Plan {
    /// The plan as one subscription has it: with its own prices in place of the plan's, and with those of its add-ons.
    ///
    /// What does not fit the plan is left out; `PriceOverrides.check` refuses it before.
    package func with(_ overrides: PriceOverrides, addOns: [SubscribedAddOn] = []) -> Plan {
        guard !overrides.isEmpty || !addOns.isEmpty else { return self }
        let own = prices.map { price in overrides.prices.first { $0.code == price.code } ?? price }
        return with(prices: own + addOns.filter { $0.interval == interval }.flatMap(\.prices))
    }
}
