package import Values

/// When a price without a meter is billed.
package enum PriceTiming: String, CaseIterable, Sendable {
    /// For the period that starts.
    case advance
    /// For the part that ended.
    case arrears
}

/// One thing that a plan bills.
package struct Price: Hashable, Sendable {
    /// Its name, unique in the plan; empty where the simulator was given none.
    package let code: String
    /// How a quantity becomes an amount.
    package let model: PriceModel
    /// The meter whose events it prices, always in arrears; nil: it is not metered.
    package let meter: String?
    /// The name of the subscription's quantity that it multiplies; nil: the quantity is 1.
    package let quantity: String?
    /// When it is billed; `arrears` if it is metered.
    package let timing: PriceTiming
    /// Units that are taken off before pricing.
    package let freeUnits: Exact
    /// What is taken off the line, 0 to 100.
    package let discountPercent: Exact
    /// What the line is at least for a whole period.
    package let minimum: Exact?
    /// What the line is at most for a whole period.
    package let maximum: Exact?
    /// Whether the first tier's flat amount is charged where no units are left.
    package let chargeAtZero: Bool

    /// Reads a price strictly.
    ///
    /// `needsCode`: false where `code` may be left out, which then is empty.
    package init(json: JSONValue, path: String = "", needsCode: Bool = true) throws(Problem) {
        var fields = try JSONFields(json, path: path)
        code = needsCode ? try fields.string("code") : try fields.optionalString("code") ?? ""
        model = try PriceModel(json: &fields)
        meter = try fields.optionalString("meter")
        guard meter != nil || !model.name.needsMeter else {
            throw fields.invalid("meter", "is required: the model \(model.name.rawValue) prices the events of a meter")
        }
        quantity = try fields.optionalString("quantity")
        let timing = try fields.optionalChoice("timing", as: PriceTiming.self)
        if let meter {
            guard quantity == nil else {
                throw fields.invalid("quantity", "must not be there: the meter \(meter) gives the quantity")
            }
            guard timing != .advance else {
                throw fields.invalid("timing", "must be \"arrears\" or absent: usage is known only afterwards")
            }
        }
        self.timing = timing ?? (meter == nil ? .advance : .arrears)
        freeUnits = model.name.takesFreeUnits ? try fields.optionalNonNegative("free_units") ?? .zero : .zero
        discountPercent = try fields.optionalNonNegative("discount_percent") ?? .zero
        guard discountPercent <= 100 else {
            throw fields.invalid("discount_percent", "must be from 0 to 100, not \(discountPercent.decimalText())")
        }
        minimum = try fields.optionalNonNegative("minimum")
        maximum = try fields.optionalNonNegative("maximum")
        if let minimum, let maximum, minimum > maximum {
            throw fields.invalid("minimum", "must not be above the maximum of \(maximum.decimalText())")
        }
        chargeAtZero = try fields.optionalBool("charge_at_zero") ?? false
        try fields.finish()
    }
}
