import Values

extension PriceModel {
    private enum PackageRounding: String, CaseIterable {
        case up
        case down
    }

    /// Reads `model` and the fields of that model; the reader finishes.
    init(json fields: inout JSONFields) throws(Problem) {
        switch try fields.choice("model", as: Name.self) {
        case .flat:
            self = .flat(amount: try fields.nonNegative("amount"))
        case .perUnit:
            self = .perUnit(unitAmount: try fields.nonNegative("unit_amount"))
        case .graduated:
            self = .graduated(try PriceTier.read(&fields, unit: "unit_amount"))
        case .volume:
            self = .volume(try PriceTier.read(&fields, unit: "unit_amount"))
        case .package:
            let size = try fields.nonNegative("package_size")
            guard size > .zero else { throw fields.invalid("package_size", "must be above 0") }
            self = .package(
                size: size,
                amount: try fields.nonNegative("amount"),
                roundsDown: try fields.optionalChoice("round", as: PackageRounding.self) == .down
            )
        case .percentage:
            self = .percentage(try PercentageTerms(json: &fields))
        case .graduatedPercentage:
            self = .graduatedPercentage(try PriceTier.read(&fields, unit: "rate"))
        case .matrix:
            self = .matrix(try MatrixTerms(json: &fields))
        case .dynamic:
            self = .dynamic
        }
    }
}

extension PriceTier {
    /// Reads `tiers`: bounds that rise from above 0, the last one, and only it, without.
    fileprivate static func read(_ fields: inout JSONFields, unit: String) throws(Problem) -> [PriceTier] {
        let elements = try fields.array("tiers")
        guard !elements.isEmpty else {
            throw fields.invalid("tiers", "needs at least one tier; the last one has \"up_to\": null")
        }
        var tiers: [PriceTier] = []
        tiers.reserveCapacity(elements.count)
        var below = Exact.zero
        for (index, element) in elements.enumerated() {
            var tier = try JSONFields(element.value, path: element.path)
            let upTo = try bound(&tier, above: below, isLast: index == elements.count - 1)
            tiers.append(
                PriceTier(
                    upTo: upTo,
                    unitAmount: try tier.optionalNonNegative(unit) ?? .zero,
                    flatAmount: try tier.optionalNonNegative("flat_amount") ?? .zero
                )
            )
            try tier.finish()
            below = upTo ?? below
        }
        return tiers
    }

    private static func bound(_ tier: inout JSONFields, above below: Exact, isLast: Bool) throws(Problem) -> Exact? {
        guard tier.valueOrNull("up_to") != nil else {
            throw tier.invalid("up_to", "is required: a bound, or null in the last tier")
        }
        guard let bound = try tier.optionalNonNegative("up_to") else {
            guard isLast else { throw tier.invalid("up_to", "may be null in the last tier only") }
            return nil
        }
        guard !isLast else { throw tier.invalid("up_to", "must be null: this is the last tier") }
        guard bound > below else {
            throw tier.invalid(
                "up_to",
                "must be above \(below.decimalText()), where the tier before ends, not \(bound.decimalText())"
            )
        }
        return bound
    }
}

extension PercentageTerms {
    fileprivate init(json fields: inout JSONFields) throws(Problem) {
        rate = try fields.nonNegative("rate")
        fixed = try fields.optionalNonNegative("fixed") ?? .zero
        freeEvents = try fields.optionalInt("free_events")
        if let freeEvents, freeEvents < 0 {
            throw fields.invalid("free_events", "must not be negative, not \(freeEvents)")
        }
        freeAmount = try fields.optionalNonNegative("free_amount")
        perEventMinimum = try fields.optionalNonNegative("per_event_minimum")
        perEventMaximum = try fields.optionalNonNegative("per_event_maximum")
        if let perEventMinimum, let perEventMaximum, perEventMinimum > perEventMaximum {
            throw fields.invalid("per_event_minimum", "must not be above per_event_maximum")
        }
    }
}

extension MatrixTerms {
    fileprivate init(json fields: inout JSONFields) throws(Problem) {
        var dimensions: [String] = []
        for element in try fields.array("dimensions") {
            guard let name = element.value.string else {
                throw .invalid(element.path, "must be the name of a property, not \(element.value.seen)")
            }
            guard !dimensions.contains(name) else {
                throw .invalid(element.path, "\(JSONValue.string(name).seen) is named twice")
            }
            dimensions.append(name)
        }
        var cells: [Cell] = []
        for element in try fields.array("cells") {
            var cell = try JSONFields(element.value, path: element.path)
            let when = try MatrixTerms.condition(cell.requiredValue("when"), dimensions, path: cell.path("when"))
            cells.append(Cell(when: when, unitAmount: try cell.nonNegative("unit_amount")))
            try cell.finish()
        }
        self.dimensions = dimensions
        self.cells = cells
        defaultUnitAmount = try fields.optionalNonNegative("default_unit_amount")
    }

    private static func condition(
        _ json: JSONValue,
        _ dimensions: [String],
        path: String
    ) throws(Problem) -> [String: JSONValue] {
        guard let object = json.object else { throw .invalid(path, "must be an object, not \(json.seen)") }
        var condition: [String: JSONValue] = [:]
        for (name, value) in object {
            guard dimensions.contains(name) else {
                throw .invalid("\(path).\(name)", "is not one of the dimensions")
            }
            if !value.isNull { condition[name] = value }
        }
        return condition
    }
}
