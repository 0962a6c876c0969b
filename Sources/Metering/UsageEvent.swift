package import Values

/// An event of usage as it was sent.
///
/// A value of this type keeps the limits and can be stored.
package struct UsageEvent: Hashable, Sendable {
    /// The caller's id: an event of a tenant with the same id and content counts once, for good.
    package let id: String
    /// The code of the meter it counts on.
    package let meter: String
    /// When it happened.
    package let at: Instant
    /// How much.
    package let value: Decimal12
    /// What it can be grouped and priced by: an object.
    package let properties: JSONValue
    /// The tenant's own end user, if it says so.
    package let subject: String?
    /// The subscription it is for, if it says so.
    package let subscription: SubscriptionID?

    /// Makes an event; throws what cannot be stored.
    package init(
        id: String,
        meter: String,
        at instant: Instant,
        value: Decimal12 = 1,
        properties: JSONValue = [:],
        subject: String? = nil,
        subscription: SubscriptionID? = nil
    ) throws(Problem) {
        try self.init(
            id: id,
            meter: meter,
            at: instant,
            value: value,
            properties: properties,
            subject: subject,
            subscription: subscription,
            fields: .shortForm(path: "")
        )
    }

    /// Makes an event that was read from fields of these names, which errors then name.
    init(
        id: String,
        meter: String,
        at instant: Instant,
        value: Decimal12,
        properties: JSONValue,
        subject: String?,
        subscription: SubscriptionID?,
        fields: UsageFieldNames
    ) throws(Problem) {
        try UsageLimits.check(id, at: fields.id, bytes: UsageLimits.idBytes)
        try UsageLimits.check(meter, at: fields.meter, bytes: UsageLimits.meterBytes)
        if let subject { try UsageLimits.check(subject, at: fields.subject, bytes: UsageLimits.subjectBytes) }
        try UsageLimits.check(instant, at: fields.at)
        try UsageLimits.check(properties: properties, at: fields.properties)
        self.id = id
        self.meter = meter
        at = instant
        self.value = value
        self.properties = properties
        self.subject = subject
        self.subscription = subscription
    }

    /// Takes an event from the table, where only valid ones are.
    init(
        stored id: String,
        meter: String,
        at instant: Instant,
        value: Decimal12,
        properties: JSONValue,
        subject: String?,
        subscription: SubscriptionID?
    ) {
        self.id = id
        self.meter = meter
        at = instant
        self.value = value
        self.properties = properties
        self.subject = subject
        self.subscription = subscription
    }

    /// The short form.
    package var json: JSONValue {
        [
            "id": .string(id), "meter": .string(meter), "at": .string(at.text), "value": .string(value.text),
            "properties": properties, "subject": .optional(subject), "subscription": .optional(subscription?.text),
        ]
    }

    /// The quarter of an hour of UTC that it falls in.
    var bucket: Instant { UsageBucket.start(of: at) }
}

/// What an event may be at most; everything is bounded.
package enum UsageLimits {
    /// Bytes of an id.
    package static let idBytes = 128
    /// Bytes of a meter's code.
    package static let meterBytes = 64
    /// Bytes of a subject.
    package static let subjectBytes = 256
    /// Bytes of the properties as JSON.
    package static let propertiesBytes = 8_192
    /// Events in one call of `MeteringOperations.ingest`.
    package static let batch = 10_000
    /// The instants that have a partition: the years 2000 to 2100 in UTC.
    package static let instants =
        Instant(seconds: 946_684_800)...Instant(microseconds: 4_133_980_799_999_999)

    /// The largest power of ten in a number among properties, either way.
    private static let exponent = 400

    static func check(_ text: String, at field: String, bytes limit: Int) throws(Problem) {
        let count = text.utf8.count
        guard (1...limit).contains(count) else {
            throw .invalid(field, "has \(count) bytes; 1 to \(limit) are allowed")
        }
        // Most texts are plain ASCII, for which nothing has to be looked up.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .invalid(field, "must not hold control characters")
        }
    }

    static func check(_ instant: Instant, at field: String) throws(Problem) {
        guard instants.contains(instant) else {
            throw .invalid(field, "must lie in the years 2000 to 2100 of UTC, not \(instant)")
        }
    }

    static func check(properties: JSONValue, at field: String) throws(Problem) {
        guard properties.object != nil else { throw .invalid(field, "must be an object, not \(properties.seen)") }
        let count = properties.utf8.count
        guard count <= propertiesBytes else {
            throw .invalid(field, "has \(count) bytes as JSON; at most \(propertiesBytes) are allowed")
        }
        try checkStorable(properties, at: field)
    }

    /// Refuses what jsonb cannot hold, or would write out at great length.
    private static func checkStorable(_ value: JSONValue, at path: String) throws(Problem) {
        switch value {
        case .null, .bool: break
        case .string(let text): try checkStorable(text, at: path)
        case .number(let number):
            let canonical = CanonicalNumber(number)
            guard canonical.digits.isEmpty || (-exponent...exponent).contains(canonical.magnitude) else {
                throw .invalid(path, "must be a number between 1e-\(exponent) and 1e\(exponent), not \(value.seen)")
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() { try checkStorable(element, at: "\(path)[\(index)]") }
        case .object(let object):
            for (key, member) in object {
                try checkStorable(key, at: path)
                try checkStorable(member, at: "\(path).\(key)")
            }
        }
    }

    private static func checkStorable(_ text: String, at path: String) throws(Problem) {
        guard !text.utf8.contains(0) else { throw .invalid(path, "must not hold the character U+0000") }
    }
}

/// The quarters of an hour that rollups are kept by.
package enum UsageBucket {
    static let microseconds: Int64 = 900 * 1_000_000

    /// The quarter that holds an instant.
    package static func start(of instant: Instant) -> Instant {
        let quarters = instant.microseconds / microseconds
        let isBefore = instant.microseconds < quarters * microseconds
        return Instant(microseconds: (isBefore ? quarters - 1 : quarters) * microseconds)
    }

    /// The first quarter that does not begin before an instant.
    package static func start(atOrAfter instant: Instant) -> Instant {
        let start = start(of: instant)
        return start == instant ? start : start.adding(microseconds: microseconds)
    }
}
