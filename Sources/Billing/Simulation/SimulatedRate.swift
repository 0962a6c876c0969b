import Metering
import Plans
package import Values

/// `abono simulate rate`: one price, some usage → an amount.
package enum SimulatedRate {
    /// Rates one input, from which the batch has taken its `id`.
    ///
    /// - Throws: a problem with the field that is wrong.
    package static func run(_ json: JSONValue) throws(Problem) -> JSONValue {
        var fields = try JSONFields(json)
        let price = try Price(json: try fields.requiredValue("price"), path: "price", needsCode: false)
        let currency = try fields.simulatedCurrency("currency")
        let zone = try fields.optionalZone("timezone") ?? .utc
        let ratio = try ratio(&fields)
        let billed = try AlreadyBilled(json: &fields)
        let usage = try usage(of: price, ratio: ratio, in: zone, &fields)
        try fields.finish()
        let rated = try Rating.rate(price, usage, ratio: ratio, path: "price")
        return output(rated, billed, currency)
    }

    private static func ratio(_ fields: inout JSONFields) throws(Problem) -> Exact {
        guard let value = fields.value("ratio") else { return .one }
        guard let ratio = value.string.flatMap({ Exact(fraction: $0) }), !ratio.isNegative, ratio <= .one else {
            throw fields.invalid("ratio", "must be a fraction from 0 to 1 like \"10/31\", not \(value.seen)")
        }
        return ratio
    }

    private static func output(_ rated: RatedPrice, _ billed: AlreadyBilled, _ currency: Currency) -> JSONValue {
        let amount = rated.exact.rounded(toDigits: currency.digits) - billed.amount
        var object: JSONObject = [
            "quantity": .string((rated.quantity - billed.quantity).decimalText()),
            "exact": .string((rated.exact - billed.amount).decimalText()),
            "amount": .string(amount.decimalText(digits: currency.digits)),
        ]
        if !rated.tiers.isEmpty {
            object["tiers"] = .array(
                rated.tiers.map { tier in
                    [
                        "quantity": .string(tier.quantity.decimalText()), "exact": .string(tier.exact.decimalText()),
                    ]
                }
            )
        }
        return .object(object)
    }
}

/// What was billed before of what is rated.
private struct AlreadyBilled {
    let quantity: Exact
    let amount: Exact

    init(json fields: inout JSONFields) throws(Problem) {
        guard var own = try fields.optionalObject("already_billed") else {
            (quantity, amount) = (.zero, .zero)
            return
        }
        quantity = try own.optionalNonNegative("quantity") ?? .zero
        amount = try own.decimal("amount")
        try own.finish()
    }
}

extension SimulatedRate {
    /// `quantity`, or `meter`, `events` and `period` in its place.
    private static func usage(
        of price: Price,
        ratio: Exact,
        in zone: Zone,
        _ fields: inout JSONFields
    ) throws(Problem) -> RatingUsage {
        let quantity = try fields.optionalNonNegative("quantity")
        let hasEvents = fields.has("meter") || fields.has("events") || fields.has("period")
        guard !hasEvents else {
            guard quantity == nil else {
                throw fields.invalid("quantity", "must not stand beside meter, events and period, which give it")
            }
            return .events(try events(of: price, ratio: ratio, in: zone, &fields))
        }
        if price.model.needsEvents {
            throw fields.invalid(
                quantity == nil ? "events" : "quantity",
                "the model \(price.model.name.rawValue) needs meter, events and period in place of a quantity"
            )
        }
        guard let quantity else {
            guard price.meter == nil else {
                throw fields.invalid(
                    "quantity",
                    "is required for a metered price, or meter, events and period in its place"
                )
            }
            return .quantity(.one)
        }
        return .quantity(quantity)
    }

    private static func events(
        of price: Price,
        ratio: Exact,
        in zone: Zone,
        _ fields: inout JSONFields
    ) throws(Problem) -> PartUsage {
        let meter = try Meter(json: try fields.requiredValue("meter"), path: "meter")
        guard price.meter == meter.code else {
            throw .invalid("price.meter", "must be the code of the meter, \(JSONValue.string(meter.code).seen)")
        }
        let elements = try fields.array("events")
        let period = try period(&fields, in: zone)
        var reader = UsageReader(in: zone, years: SimulationBatch.years)
        var events: [RatingEvent] = []
        events.reserveCapacity(elements.count)
        for element in elements {
            guard let (code, event) = try reader.next(element.value, path: element.path) else { continue }
            guard code == meter.code else {
                throw .invalid(
                    "\(element.path).meter",
                    "must be the code of the meter, \(JSONValue.string(meter.code).seen)"
                )
            }
            guard !price.model.refusesNegativeValues || !event.value.isNegative else {
                throw .invalid(
                    "\(element.path).value",
                    "must not be negative under \(price.model.name.rawValue)"
                )
            }
            events.append(event)
        }
        return UsageLog(events).usage(meter.rule, during: period, wholeSeconds: period.seconds, ratio: ratio)
    }

    private static func period(_ fields: inout JSONFields, in zone: Zone) throws(Problem) -> Period {
        var own = try fields.object("period")
        let start = try own.instant("start", in: zone, years: SimulationBatch.years).wholeSeconds
        let end = try own.instant("end", in: zone, years: SimulationBatch.years).wholeSeconds
        try own.finish()
        guard let period = Period(start: start, end: end) else {
            throw own.invalid("end", "must be after the start, \(start), not \(end)")
        }
        return period
    }
}
