package import Values

/// What of an event is to be otherwise; what is not named stays as it is.
package struct UsageAmendment: Hashable, Sendable {
    /// How often an event can be amended.
    package static let limit = 100

    private let value: Decimal12?
    private let instant: Instant?
    private let properties: JSONValue?
    private let subject: String?
    private let subscription: SubscriptionID?
    /// Why, in at most 500 characters.
    package let reason: String

    /// Reads `{"value", "at", "properties", "subject", "subscription", "reason"}`; one of the first five must be there.
    ///
    /// `zone`: where a bare date is midnight.
    package init(json: JSONValue, in zone: Zone = .utc) throws(Problem) {
        var fields = try JSONFields(json)
        value = try fields.has("value") ? UsageEvent.value(&fields) : nil
        instant = try fields.optionalInstant("at", in: zone)
        properties = fields.value("properties")
        subject = try fields.optionalString("subject")
        subscription = try fields.optionalID("subscription", of: Entities.Subscription.self)
        reason = try fields.optionalString("reason") ?? ""
        try fields.finish()
        try UsageAmendment.check(reason: reason)
        guard value != nil || instant != nil || properties != nil || subject != nil || subscription != nil else {
            throw .invalid(
                "value",
                "is missing: name what changes, at least one of value, at, properties, subject, subscription"
            )
        }
    }

    /// The event as it shall be; throws what cannot be stored.
    func applied(to event: UsageEvent) throws(Problem) -> UsageEvent {
        try UsageEvent(
            id: event.id,
            meter: event.meter,
            at: instant ?? event.at,
            value: value ?? event.value,
            properties: properties ?? event.properties,
            subject: subject ?? event.subject,
            subscription: subscription ?? event.subscription
        )
    }

    static func check(reason: String) throws(Problem) {
        let length = reason.unicodeScalars.count
        guard length <= 500, !reason.utf8.contains(0) else {
            throw .invalid("reason", "has \(length) characters; at most 500 are allowed, and none is U+0000")
        }
    }
}
