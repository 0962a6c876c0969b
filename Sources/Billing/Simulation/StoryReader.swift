import Metering
import Plans
import Subscriptions
import Values

/// Reads the input of `abono simulate invoices` strictly.
struct StoryReader {
    /// What was read: the story and the usage beside it.
    struct Input {
        var story: InvoiceStory
        var meters: [String: Meter]
        var usage: [String: UsageLog]
    }

    /// What was read.
    let input: Input

    init(_ json: JSONValue) throws(Problem) {
        var fields = try JSONFields(json)
        let zone = try fields.optionalZone("timezone") ?? .utc
        let until = try fields.instant("until", in: zone, years: SimulationBatch.years).wholeSeconds
        let meters = try StoryReader.meters(fields.optionalArray("meters") ?? [])
        let (plans, paths) = try StoryReader.plans(fields.array("plans"), meters)
        var subscription = try fields.object("subscription")
        let plan = try subscription.string("plan")
        guard let first = plans[plan] else { throw InvoiceRun.noPlan(plan, subscription.path("plan")) }
        var story = InvoiceStory(
            plans: plans,
            currency: first.currency,
            zone: zone,
            start: try subscription.moment("starts_at", in: zone, years: SimulationBatch.years).cut(in: zone),
            plan: plan,
            quantities: try StoryReader.quantities(&subscription),
            until: until
        )
        try subscription.finish()
        story.planPaths = paths
        for element in try fields.optionalArray("changes") ?? [] {
            story.changes.append(try StoryReader.change(element.value, element.path, story))
        }
        let usage = try StoryReader.usage(fields.optionalArray("events") ?? [], meters, zone)
        let reader = AdjustmentReader(
            zone: zone,
            currency: first.currency,
            priceCodes: Set(plans.values.flatMap { $0.prices.map(\.code) })
        )
        story.coupons = try reader.coupons(fields.optionalArray("coupons") ?? [])
        story.taxes = try reader.taxes(fields.optionalArray("taxes") ?? [])
        story.grants = try reader.grants(fields.optionalArray("credits") ?? [])
        try fields.finish()
        input = Input(story: story, meters: meters, usage: usage)
    }

    private static func meters(_ elements: [(value: JSONValue, path: String)]) throws(Problem) -> [String: Meter] {
        var meters: [String: Meter] = [:]
        for element in elements {
            let meter = try Meter(json: element.value, path: element.path)
            guard meters.updateValue(meter, forKey: meter.code) == nil else {
                throw usedTwice(meter.code, "\(element.path).code", "meter")
            }
        }
        return meters
    }

    private static func plans(
        _ elements: [(value: JSONValue, path: String)],
        _ meters: [String: Meter]
    ) throws(Problem) -> (plans: [String: Plan], paths: [String: String]) {
        var plans: [String: Plan] = [:]
        var paths: [String: String] = [:]
        var currency: Currency?
        for element in elements {
            let plan = try Plan(json: element.value, path: element.path)
            guard plans.updateValue(plan, forKey: plan.code) == nil else {
                throw usedTwice(plan.code, "\(element.path).code", "plan")
            }
            if let currency, currency != plan.currency {
                throw .invalid("\(element.path).currency", "is \(plan.currency), but the first plan's is \(currency)")
            }
            currency = plan.currency
            for (index, price) in plan.prices.enumerated() {
                guard let meter = price.meter, meters[meter] == nil else { continue }
                throw .invalid(
                    "\(element.path).prices[\(index)].meter",
                    "there is no meter \(JSONValue.string(meter).seen)"
                )
            }
            paths[plan.code] = element.path
        }
        return (plans, paths)
    }

    /// The quantities of an object's field `quantities`.
    private static func quantities(_ fields: inout JSONFields) throws(Problem) -> [String: Exact] {
        guard let value = fields.value("quantities") else { return [:] }
        var quantities: [String: Exact] = [:]
        var members = try JSONFields(value, path: fields.path("quantities"))
        for name in value.object?.keys ?? [] { quantities[name] = try members.optionalNonNegative(name) }
        return quantities
    }

    private static func change(
        _ json: JSONValue,
        _ path: String,
        _ story: InvoiceStory
    ) throws(Problem) -> InvoiceStory.Change {
        var fields = try JSONFields(json, path: path)
        let moment = try fields.moment("at", in: story.zone, years: SimulationBatch.years).cut(in: story.zone)
        guard moment.instant >= story.start.instant else {
            throw fields.invalid(
                "at",
                "is \(moment.instant), before the subscription starts at \(story.start.instant)"
            )
        }
        if let timing = try fields.optionalChoice("cancel", as: SubscriptionChange.Timing.self) {
            for key in ["plan", "quantities", "when", "invoice"] where fields.has(key) {
                throw fields.invalid(key, "must not stand beside cancel")
            }
            let refund = try fields.optionalChoice("refund", as: SubscriptionChange.Refund.self) ?? .credit
            for key in ["plan", "quantities", "when", "invoice"] { _ = fields.value(key) }
            try fields.finish()
            return InvoiceStory.Change(at: moment, timing: timing, .cancel(refund), path: path)
        }
        if fields.has("refund") { throw fields.invalid("refund", "belongs to a cancellation only") }
        _ = fields.value("refund")
        let plan = try fields.optionalString("plan")
        if let plan, story.plans[plan] == nil { throw InvoiceRun.noPlan(plan, fields.path("plan")) }
        let quantities = try quantities(&fields)
        let timing = try fields.optionalChoice("when", as: SubscriptionChange.Timing.self) ?? .immediately
        let invoice = try fields.optionalChoice("invoice", as: SubscriptionChange.InvoiceTiming.self) ?? .now
        try fields.finish()
        guard plan != nil || !quantities.isEmpty else {
            throw .invalid(path, "changes nothing: it needs a plan, quantities or cancel")
        }
        return InvoiceStory.Change(
            at: moment,
            timing: timing,
            plan.map { .plan($0, quantities: quantities, invoice: invoice) }
                ?? .quantities(quantities, invoice: invoice),
            path: path
        )
    }

    private static func usage(
        _ elements: [(value: JSONValue, path: String)],
        _ meters: [String: Meter],
        _ zone: Zone
    ) throws(Problem) -> [String: UsageLog] {
        var reader = UsageReader(in: zone, years: SimulationBatch.years)
        var events: [String: [RatingEvent]] = [:]
        for element in elements {
            guard let (meter, event) = try reader.next(element.value, path: element.path) else { continue }
            guard meters[meter] != nil else {
                throw .invalid("\(element.path).meter", "there is no meter \(JSONValue.string(meter).seen)")
            }
            events[meter, default: []].append(event)
        }
        return events.mapValues { UsageLog($0) }
    }

    /// The error for a code or an id that is there already.
    static func usedTwice(_ code: String, _ path: String, _ what: String) -> Problem {
        .invalid(path, "\(JSONValue.string(code).seen) is also that of another \(what)")
    }
}
