package import Values

/// What a plan entitles to beside what it bills: inference, metered allowances, switches and fixed values.
package struct PlanFeatures: Hashable, Sendable {
    /// What a tenant may ask of the models.
    package struct Inference: Hashable, Sendable {
        /// The models it may use, by name; `*` is every one.
        package var models: [String]
        /// The most requests in a minute.
        package var requestsPerMinute: Int
        /// The most tokens in a minute.
        package var tokensPerMinute: Int
        /// The most requests under way at once.
        package var concurrency: Int
        /// The most requests that wait.
        package var queued: Int
        /// Its share where tenants compete: twice the weight gets twice the tokens.
        package var weight: Double
        /// Whether every request must be covered by credit.
        package var prepaid: Bool

        /// What a plan grants that says nothing else.
        package static let standard = Inference(
            models: ["*"],
            requestsPerMinute: 600,
            tokensPerMinute: 200_000,
            concurrency: 8,
            queued: 64,
            weight: 1,
            prepaid: false
        )

        /// Whether a model may be used.
        package func allows(model: String) -> Bool { models.contains("*") || models.contains(model) }
    }

    /// So many units of a meter in a period.
    package struct Allowance: Hashable, Sendable {
        /// The meter that counts.
        package var meter: String
        /// The units in a period of the plan.
        package var limit: Decimal12
        /// Whether more is refused; otherwise it is only reported.
        package var isHard: Bool
        /// The most that is had in the next period of what a period leaves; 0 is nothing.
        package var rollover: Decimal12 = .zero
    }

    /// What a feature is.
    package enum Value: Hashable, Sendable {
        /// Had or not had.
        case flag(Bool)
        /// A fixed text or number.
        case fixed(JSONValue)
        /// Units of a meter.
        case allowance(Allowance)
    }

    /// What the plan says of inference; nil: it may not be used.
    package var inference: Inference?

    /// The other features in the order they were written.
    package var values: [(name: String, value: Value)] { names.compactMap { name in byName[name].map { (name, $0) } } }

    private var names: [String] = []
    private var byName: [String: Value] = [:]

    /// No features.
    package init() {}

    /// A feature by its name.
    package subscript(name: String) -> Value? { byName[name] }

    /// The metered allowances with the names of their features.
    package var allowances: [(feature: String, allowance: Allowance)] {
        values.compactMap { name, value in
            guard case .allowance(let allowance) = value else { return nil }
            return (name, allowance)
        }
    }

    /// Reads `features` of a plan strictly.
    package init(json: JSONValue, path: String = "features") throws(Problem) {
        guard let object = json.object else {
            throw .invalid(path, "must be an object, not \(json.seen)")
        }
        guard object.count <= PlanFeatures.limit else {
            throw .invalid(path, "has \(object.count) features; at most \(PlanFeatures.limit) are allowed")
        }
        for (name, value) in object {
            let place = "\(path).\(name)"
            if name == "inference" {
                if !value.isNull { inference = try PlanFeatures.inference(value, path: place) }
                continue
            }
            guard PlanFeatures.isName(name) else {
                throw .invalid(place, "a feature's name has 1 to 64 letters, digits, dots, dashes and underscores")
            }
            names.append(name)
            byName[name] = try PlanFeatures.value(value, path: place)
        }
    }

    private static let limit = 100

    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    private static func inference(_ json: JSONValue, path: String) throws(Problem) -> Inference {
        var fields = try JSONFields(json, path: path)
        var inference = Inference.standard
        if let models = try fields.optionalArray("models") {
            guard !models.isEmpty, models.count <= 200 else {
                throw fields.invalid("models", "needs 1 to 200 names of models, or \"*\" for all")
            }
            inference.models = try PlanFeatures.names(models)
        }
        inference.requestsPerMinute =
            try whole("requests_per_minute", 1...1_000_000, &fields) ?? inference.requestsPerMinute
        inference.tokensPerMinute =
            try whole("tokens_per_minute", 1...10_000_000_000, &fields) ?? inference.tokensPerMinute
        inference.concurrency = try whole("concurrency", 1...10_000, &fields) ?? inference.concurrency
        inference.queued = try whole("queued", 0...100_000, &fields) ?? inference.queued
        if let weight = try fields.optionalDouble("weight") {
            guard weight >= 0.01, weight <= 1000 else {
                throw fields.invalid("weight", "must be from 0.01 to 1000, not \(weight)")
            }
            inference.weight = weight
        }
        inference.prepaid = try fields.optionalBool("prepaid") ?? inference.prepaid
        try fields.finish()
        return inference
    }

    private static func names(_ elements: [(value: JSONValue, path: String)]) throws(Problem) -> [String] {
        var names: [String] = []
        for element in elements {
            guard let name = element.value.string, (1...200).contains(name.utf8.count) else {
                throw .invalid(element.path, "must be the name of a model or \"*\", not \(element.value.seen)")
            }
            names.append(name)
        }
        return names
    }

    private static func whole(
        _ key: String,
        _ range: ClosedRange<Int>,
        _ fields: inout JSONFields
    ) throws(Problem) -> Int? {
        guard let value = try fields.optionalInt(key) else { return nil }
        guard range.contains(value) else {
            throw fields.invalid(key, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return value
    }

    private static func value(_ json: JSONValue, path: String) throws(Problem) -> Value {
        switch json {
        case .bool(let flag): return .flag(flag)
        case .number: return .fixed(json)
        case .string(let text):
            guard text.utf8.count <= 500 else { throw .invalid(path, "must have at most 500 bytes") }
            return .fixed(json)
        case .object:
            var fields = try JSONFields(json, path: path)
            let meter = try fields.string("meter")
            let limit = try fields.nonNegative("limit")
            let isHard = try fields.optionalBool("hard") ?? false
            let rollover = try rollover(&fields, limit: limit)
            try fields.finish()
            do {
                return .allowance(
                    Allowance(
                        meter: meter,
                        limit: try Decimal12(rounding: limit),
                        isHard: isHard,
                        rollover: try Decimal12(rounding: rollover)
                    )
                )
            } catch {
                throw .invalid(fields.path("limit"), error.message)
            }
        case .null, .array:
            throw .invalid(
                path,
                "must be true or false, a number, a text, or {\"meter\", \"limit\", \"hard\", \"rollover\"}, "
                    + "not \(json.seen)"
            )
        }
    }

    /// `true` is all that is left, `{"max"}` up to so much.
    private static func rollover(_ fields: inout JSONFields, limit: Exact) throws(Problem) -> Exact {
        switch fields.value("rollover") {
        case nil, .bool(false): return .zero
        case .bool(true): return limit
        case .some(let json):
            guard case .object = json else {
                throw fields.invalid("rollover", "must be true, false or {\"max\": \"1000\"}, not \(json.seen)")
            }
            var inner = try JSONFields(json, path: fields.path("rollover"))
            let most = try inner.nonNegative("max")
            try inner.finish()
            return min(most, limit)
        }
    }
}

extension PlanFeatures {
    /// The order in which features were written does not count: the table does not keep it.
    package static func == (lhs: PlanFeatures, rhs: PlanFeatures) -> Bool {
        lhs.inference == rhs.inference && lhs.byName == rhs.byName
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(inference)
        hasher.combine(byName)
    }

    /// The features with every default written out: what is stored and shown.
    package var json: JSONValue {
        var object = JSONObject()
        if let inference { object["inference"] = inference.json }
        for (name, value) in values {
            switch value {
            case .flag(let flag): object[name] = .bool(flag)
            case .fixed(let fixed): object[name] = fixed
            case .allowance(let allowance):
                var members: JSONObject = [
                    "meter": .string(allowance.meter), "limit": .string(allowance.limit.text),
                    "hard": .bool(allowance.isHard),
                ]
                if !allowance.rollover.isZero { members["rollover"] = ["max": .string(allowance.rollover.text)] }
                object[name] = .object(members)
            }
        }
        return .object(object)
    }
}

extension PlanFeatures.Inference {
    /// As it is stored and shown.
    package var json: JSONValue {
        [
            "models": .array(models.map(JSONValue.string)), "requests_per_minute": .int(requestsPerMinute),
            "tokens_per_minute": .int(tokensPerMinute), "concurrency": .int(concurrency), "queued": .int(queued),
            "weight": .double(weight), "prepaid": .bool(prepaid),
        ]
    }
}
