package import Values

extension Entities {
    /// Says when a figure reaches a threshold.
    package enum Alert: Entity {
        package static let prefix = "alt"
    }
}

/// Names an alert.
package typealias AlertID = ID<Entities.Alert>

/// Says once a period when a figure of a tenant reaches a threshold.
package struct Alert: Hashable, Sendable {
    /// Of what the figure is.
    package enum Kind: String, CaseIterable, Sendable {
        /// The quantity of a meter in the calendar month.
        case usage
        /// The use of a feature in the window of its allowance.
        case entitlement
        /// What usage cost in the calendar month, as the spend limit counts it.
        case spend
        /// Credit that can still be used, less what usage costs that is not billed yet.
        case credit
    }

    /// Names it.
    package let id: AlertID
    /// Whose it is.
    package let tenant: TenantID
    /// Of what the figure is.
    package let kind: Kind
    /// The meter, of `usage`.
    package let meter: String?
    /// The feature, of `entitlement`.
    package let feature: String?
    /// At which figures it says so.
    package let thresholds: [AlertThreshold]
    /// A few words for people.
    package let name: String
    /// When it was made.
    package let createdAt: Instant
    /// When it was removed.
    package let removedAt: Instant?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "kind": .string(kind.rawValue),
            "meter": .optional(meter), "feature": .optional(feature),
            "thresholds": .array(thresholds.map { .string($0.text) }), "name": .string(name),
            "created_at": createdAt.json, "removed_at": .optional(removedAt?.text),
        ]
    }

    /// The thresholds that a figure has reached: from below, of credit from above.
    package func reached(_ figure: AlertFigure) -> [AlertThreshold] {
        thresholds.filter { threshold in
            let bound: Exact
            if threshold.isPercent {
                guard let whole = figure.whole, whole > .zero else { return false }
                bound = whole * threshold.value.exact / 100
            } else {
                bound = threshold.value.exact
            }
            return kind == .credit ? figure.value <= bound : figure.value >= bound
        }
    }
}

/// A figure at which an alert says so: an amount, or a percentage of the whole.
package struct AlertThreshold: Hashable, Sendable {
    /// The amount, or how many percent.
    package let value: Decimal12
    /// Whether it is a percentage of what is allowed.
    package let isPercent: Bool

    /// Reads `1000` or `80%`; nil if it is neither, or below 0.
    package init?(_ text: String) {
        isPercent = text.hasSuffix("%")
        guard let value = Decimal12(isPercent ? String(text.dropLast()) : text), !value.isNegative else { return nil }
        self.value = value
    }

    /// As it is written and stored: the same threshold has one text.
    package var text: String { isPercent ? "\(value.text)%" : value.text }
}

/// What an alert looks at.
package struct AlertFigure: Hashable, Sendable {
    /// How much it is now.
    package let value: Exact
    /// Of what percentages are; nil where there is nothing.
    package let whole: Exact?
    /// When the period began in which each threshold is told once.
    package let periodStart: Instant

    /// Makes a figure.
    package init(value: Exact, whole: Exact? = nil, periodStart: Instant) {
        self.value = value
        self.whole = whole
        self.periodStart = periodStart
    }
}

/// What is asked for when an alert is made.
package struct AlertDraft: Hashable, Sendable {
    /// The most thresholds of an alert.
    package static let thresholdLimit = 10

    /// Of what the figure is.
    package let kind: Alert.Kind
    /// The meter, of `usage`.
    package let meter: String?
    /// The feature, of `entitlement`.
    package let feature: String?
    /// At which figures it says so.
    package let thresholds: [AlertThreshold]
    /// A few words for people.
    package let name: String

    /// Makes a draft; what it says is checked.
    package init(
        kind: Alert.Kind,
        meter: String? = nil,
        feature: String? = nil,
        thresholds: [String],
        name: String = ""
    ) throws(Problem) {
        guard (meter != nil) == (kind == .usage) else {
            throw .invalid("meter", kind == .usage ? "is required: whose usage" : "is for alerts of the kind usage")
        }
        guard (feature != nil) == (kind == .entitlement) else {
            let isMissing = kind == .entitlement
            throw .invalid("feature", isMissing ? "is required: whose use" : "is for alerts of the kind entitlement")
        }
        if let feature, !(1...64).contains(feature.unicodeScalars.count) || feature.utf8.contains(0) {
            throw .invalid("feature", "a feature's name has 1 to 64 characters")
        }
        guard (1...AlertDraft.thresholdLimit).contains(thresholds.count) else {
            throw .invalid("thresholds", "are \(thresholds.count); 1 to \(AlertDraft.thresholdLimit) are possible")
        }
        guard name.unicodeScalars.count <= 200, !name.utf8.contains(0) else {
            throw .invalid("name", "has \(name.unicodeScalars.count) characters; at most 200, and none is U+0000")
        }
        var read: [AlertThreshold] = []
        for (index, text) in thresholds.enumerated() {
            let field = "thresholds[\(index)]"
            guard let threshold = AlertThreshold(text) else {
                throw .invalid(field, "must be like \"1000\" or \"80%\", not \(JSONValue.string(text).seen)")
            }
            guard !threshold.isPercent || kind == .entitlement || kind == .spend else {
                throw .invalid(field, "is a percentage; of \(kind.rawValue) there is no whole: write an amount")
            }
            guard !read.contains(threshold) else { throw .invalid(field, "\(threshold.text) is there already") }
            read.append(threshold)
        }
        self.kind = kind
        self.meter = meter
        self.feature = feature
        self.thresholds = read
        self.name = name
    }

    /// Reads `{"kind", "meter", "feature", "thresholds", "name"}` strictly.
    package init(json fields: inout JSONFields) throws(Problem) {
        let kind = try fields.choice("kind", as: Alert.Kind.self)
        let meter = try fields.optionalString("meter")
        let feature = try fields.optionalString("feature")
        var thresholds: [String] = []
        guard let elements = try fields.optionalArray("thresholds") else {
            throw fields.invalid("thresholds", "is required: texts like \"1000\" or \"80%\"")
        }
        for element in elements {
            guard let text = element.value.string else {
                throw .invalid(element.path, "must be a text like \"1000\" or \"80%\", not \(element.value.seen)")
            }
            thresholds.append(text)
        }
        let name = try fields.optionalString("name") ?? ""
        try fields.finish()
        try self.init(kind: kind, meter: meter, feature: feature, thresholds: thresholds, name: name)
    }
}
