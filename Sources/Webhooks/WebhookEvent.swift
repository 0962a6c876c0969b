package import Values

/// What an endpoint is told: a line of the trail in the form of Standard Webhooks.
package struct WebhookEvent: Hashable, Sendable {
    /// Names it; the value of `webhook-id`.
    package let id: WebhookEventID
    /// The verb, like `invoice.finalized`.
    package let type: String
    /// When it happened, in business time.
    package let at: Instant
    /// When it was recorded.
    package let recordedAt: Instant
    /// Whose it is; nil where it concerns no tenant.
    package let tenant: TenantID?
    /// The wire id of what it happened to.
    package let object: String
    /// Who did it.
    package let author: String
    /// Ids and values worth knowing.
    package let details: JSONValue

    /// Makes an event of its parts.
    package init(
        id: WebhookEventID,
        type: String,
        at: Instant,
        recordedAt: Instant,
        tenant: TenantID?,
        object: String,
        author: String,
        details: JSONValue
    ) {
        self.id = id
        self.type = type
        self.at = at
        self.recordedAt = recordedAt
        self.tenant = tenant
        self.object = object
        self.author = author
        self.details = details
    }

    /// The body that is sent and signed: the same bytes in every attempt, as the trail never changes.
    package var json: JSONValue {
        [
            "id": id.json, "type": .string(type), "timestamp": at.json,
            "data": [
                "object": .string(object), "tenant": .optional(tenant?.text), "author": .string(author),
                "recorded_at": recordedAt.json, "details": details,
            ],
        ]
    }
}
