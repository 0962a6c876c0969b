package import Values

/// What is different in a scenario, over the same book with the same luck.
///
/// A file is one object: `{"name": "dearer", "price": {"factor": 1.1, "from": "2026-07"}, "churn": {"factor": 1.2}}`.
/// All parts are optional, factors are from 0 to 100, and `from` is the first month in which a part holds: the first
/// of the forecast unless given.
package struct Scenario: Hashable, Sendable {
    /// A factor, and the first month in which it holds; nil is from the beginning.
    package struct Lever: Hashable, Sendable {
        package var factor = 1.0
        package var from: Month?

        /// What it is in a month.
        func factor(in month: Int) -> Double { from.map { month < $0.index } ?? false ? 1 : factor }
    }

    /// Its name, as it stands beside the base.
    package let name: String
    /// Of prices: new subscriptions and usage at once, those in force at their next end of a term.
    package let price: Lever
    /// Of the hazard of every end of a term.
    package let churn: Lever
    /// Of new business.
    package let new: Lever
    /// Of usage.
    package let usage: Lever
    /// Of costs of revenue, in the order of `RevenueBook.costNames`; the last is the partners' share.
    package let costs: [Lever]
    /// The partners' share in percent of revenue, in place of what it was.
    package let partnerPercent: Double?

    /// What is as it is.
    package static let base = Scenario(name: "base")

    private init(name: String) {
        self.name = name
        price = Lever()
        churn = Lever()
        new = Lever()
        usage = Lever()
        costs = RevenueBook.costNames.map { _ in Lever() }
        partnerPercent = nil
    }

    /// Reads a scenario strictly.
    ///
    /// - Throws: a problem that names the field: unknown ones, factors below 0, a name of no or more than 60
    /// characters.
    package init(json: JSONValue, path: String = "") throws(Problem) {
        var fields = try JSONFields(json, path: path)
        name = try fields.string("name")
        guard (1...60).contains(name.count), name != Self.base.name else {
            throw fields.invalid("name", "is \(JSONValue.string(name).seen); 1 to 60 characters, not \"base\"")
        }
        price = try Self.lever("price", &fields)
        churn = try Self.lever("churn", &fields)
        var growth = try Self.part("growth", &fields)
        new = try Self.lever("new", &growth)
        usage = try Self.lever("usage", &growth)
        try growth.finish()
        var cost = try Self.part("cost", &fields)
        var costs: [Lever] = []
        for name in RevenueBook.costNames.dropLast() { costs.append(try Self.lever(name, &cost)) }
        try cost.finish()
        var partner = Lever()
        var percent: Double?
        if var partners = try fields.optionalObject("partners") {
            percent = try partners.optionalDouble("percent_of_revenue")
            if let percent, !(0...100).contains(percent) {
                throw partners.invalid("percent_of_revenue", "is \(percent); from 0 to 100 is right")
            }
            partner.factor = try Self.factor(&partners) ?? 1
            partner.from = try Self.month(&partners)
            try partners.finish()
        }
        costs.append(partner)
        self.costs = costs
        partnerPercent = percent
        try fields.finish()
    }

    /// An object that may be left out.
    private static func part(_ key: String, _ fields: inout JSONFields) throws(Problem) -> JSONFields {
        if let own = try fields.optionalObject(key) { return own }
        return try JSONFields(.object(JSONObject()), path: fields.path(key))
    }

    private static func lever(_ key: String, _ fields: inout JSONFields) throws(Problem) -> Lever {
        guard var own = try fields.optionalObject(key) else { return Lever() }
        guard let factor = try factor(&own) else { throw own.invalid("factor", "is missing; 1.1 is ten percent more") }
        let lever = Lever(factor: factor, from: try month(&own))
        try own.finish()
        return lever
    }

    private static func factor(_ fields: inout JSONFields) throws(Problem) -> Double? {
        guard let factor = try fields.optionalDouble("factor") else { return nil }
        guard (0...100).contains(factor) else { throw fields.invalid("factor", "is \(factor); from 0 to 100 is right") }
        return factor
    }

    private static func month(_ fields: inout JSONFields) throws(Problem) -> Month? {
        guard let text = try fields.optionalString("from") else { return nil }
        guard let month = Month(text) else {
            throw fields.invalid("from", "is \(JSONValue.string(text).seen); a month like 2026-07 is expected")
        }
        return month
    }

    /// How many there may be at once.
    package static let maximum = 10

    /// Refuses too many, and a name that is there twice.
    package static func check(_ scenarios: [Scenario]) throws(Problem) {
        guard scenarios.count <= maximum else {
            throw .invalid("scenarios", "there are \(scenarios.count); at most \(maximum) are compared at once")
        }
        var names: Set<String> = []
        for scenario in scenarios where !names.insert(scenario.name).inserted {
            throw .invalid("scenarios", "two are named \(JSONValue.string(scenario.name).seen); names differ")
        }
    }

    /// What is different, in a line for people.
    package var text: String {
        var parts: [String] = []
        func add(_ name: String, _ lever: Lever) {
            guard lever.factor != 1 else { return }
            parts.append("\(name) × \(lever.factor)" + (lever.from.map { " from \($0)" } ?? ""))
        }
        add("price", price)
        add("churn", churn)
        add("new business", new)
        add("usage", usage)
        for (name, lever) in zip(RevenueBook.costNames, costs) { add(name, lever) }
        if let partnerPercent { parts.append("partner_share \(partnerPercent) % of revenue") }
        return parts.isEmpty ? "as it is" : parts.joined(separator: ", ")
    }
}
