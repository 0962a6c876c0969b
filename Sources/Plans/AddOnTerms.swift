package import Values

/// The prices of an add-on, each of its quantity on the subscription.
package struct AddOnTerms: Hashable, Sendable {
    /// The prices as a subscription's plan has them: of codes `addon:CODE` or `addon:CODE:PRICE`.
    package let prices: [Price]
    /// What they were read from.
    package let json: JSONValue

    /// Reads the prices of the add-on with a code.
    ///
    /// A flat amount is for each unit. None is metered, and none costs anything where the quantity is 0.
    package init(json: JSONValue, of code: String, path: String = "prices") throws(Problem) {
        guard let elements = json.array else { throw .invalid(path, "must be an array of prices, not \(json.seen)") }
        guard (1...AddOnTerms.limit).contains(elements.count) else {
            throw .invalid(path, "has \(elements.count) prices; 1 to \(AddOnTerms.limit) are allowed")
        }
        var prices: [Price] = []
        var codes: Set<String> = []
        for (index, element) in elements.enumerated() {
            let place = "\(path)[\(index)]"
            let own = try AddOnTerms.ownCode(element, path: place, isOnly: elements.count == 1)
            guard codes.insert(own ?? "").inserted else {
                throw .invalid("\(place).code", "\(JSONValue.string(own ?? "").seen) is the code of another price, too")
            }
            prices.append(try AddOnTerms.price(element, own, of: code, path: place))
        }
        self.prices = prices
        self.json = json
    }

    private static let limit = 20
    private static let models: [PriceModel.Name] = [.flat, .perUnit, .graduated, .volume, .package]

    /// The name of an add-on's quantity on a subscription, which is also the code of its only price.
    package static func quantity(of code: String) -> String { CatalogueCode.addOnPrefix + code }

    /// Whether a price of a subscription's plan is an add-on's.
    package static func isPrice(_ code: String) -> Bool { code.hasPrefix(CatalogueCode.addOnPrefix) }

    /// The code of the add-on whose quantity has this name; nil if it is a quantity of the plan.
    package static func code(ofQuantity name: String) -> String? {
        name.hasPrefix(CatalogueCode.addOnPrefix) ? String(name.dropFirst(CatalogueCode.addOnPrefix.count)) : nil
    }

    /// What a price of several is called; a single one needs no name.
    private static func ownCode(_ json: JSONValue, path: String, isOnly: Bool) throws(Problem) -> String? {
        var fields = try JSONFields(json, path: path)
        guard let code = isOnly ? try fields.optionalString("code") : try fields.string("code") else { return nil }
        guard CatalogueCode.isValidForAddOn(code) else { throw fields.invalid("code", CatalogueCode.addOnForm) }
        return code
    }

    private static func price(
        _ json: JSONValue,
        _ own: String?,
        of code: String,
        path: String
    ) throws(Problem) -> Price {
        guard var object = json.object else { throw .invalid(path, "must be an object, not \(json.seen)") }
        for key in ["meter", "quantity"] where object[key].map({ !$0.isNull }) ?? false {
            throw .invalid("\(path).\(key)", "must not be there: an add-on is billed by how many of it there are")
        }
        if let model = object["model"]?.string.flatMap(PriceModel.Name.init), !models.contains(model) {
            let known = models.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw .invalid("\(path).model", "must be one of \(known), not \"\(model.rawValue)\"")
        }
        for key in ["minimum", "charge_at_zero"] where object[key].map({ !$0.isNull }) ?? false {
            throw .invalid("\(path).\(key)", "must not be there: an add-on that is not had costs nothing")
        }
        let name = quantity(of: code)
        object["code"] = .string(own.map { "\(name):\($0)" } ?? name)
        object["quantity"] = .string(name)
        // A fixed amount is what one of it costs: per unit, so that two cost twice as much.
        if object["model"]?.string == PriceModel.Name.flat.rawValue, let amount = object["amount"] {
            object["model"] = .string(PriceModel.Name.perUnit.rawValue)
            object["unit_amount"] = amount
            object["amount"] = nil
        }
        do {
            return try Price(json: .object(object), path: path)
        } catch {
            throw error.renamed("\(path).unit_amount", json["amount"] == nil ? "\(path).unit_amount" : "\(path).amount")
        }
    }

    package static func == (lhs: AddOnTerms, rhs: AddOnTerms) -> Bool { lhs.json == rhs.json }

    package func hash(into hasher: inout Hasher) { hasher.combine(json) }
}

extension Problem {
    /// The same problem of a field that the caller knows by another name.
    fileprivate func renamed(_ field: String, _ other: String) -> Problem {
        guard errors.count == 1, let error = errors.first, error.field == field, field != other else { return self }
        return .invalid(other, error.message)
    }
}

/// What a subscription keeps of an add-on that it once had: the prices as they were then.
package struct SubscribedAddOn: Hashable, Sendable {
    /// The add-on's code.
    package let code: String
    /// The number of the version.
    package let version: Int
    /// The length of the periods of the plans it goes with.
    package let interval: Interval
    /// What it costs.
    package let terms: AddOnTerms

    /// The prices that a plan gets by it.
    package var prices: [Price] { terms.prices }

    /// Takes the parts of a version.
    init(code: String, version: Int, interval: Interval, terms: AddOnTerms) {
        self.code = code
        self.version = version
        self.interval = interval
        self.terms = terms
    }

    /// Reads what a change keeps of it.
    package init(json: JSONValue, path: String) throws(Problem) {
        var fields = try JSONFields(json, path: path)
        code = try fields.string("code")
        version = try fields.int("version")
        var length = try fields.object("interval")
        interval = try Interval(json: &length)
        terms = try AddOnTerms(json: try fields.requiredValue("prices"), of: code, path: fields.path("prices"))
        try fields.finish()
    }

    /// What a change keeps of it.
    package var json: JSONValue {
        [
            "code": .string(code), "version": .int(version), "interval": interval.json, "prices": terms.json,
        ]
    }
}
