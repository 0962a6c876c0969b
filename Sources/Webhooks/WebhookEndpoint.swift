package import Values

extension Entities {
    /// An address that is told of what happens.
    package enum WebhookEndpoint: Entity { package static let prefix = "whe" }
    /// The telling of one event to one endpoint.
    package enum WebhookDelivery: Entity { package static let prefix = "whd" }
    /// An event as receivers know it: a line of the trail.
    package enum WebhookEvent: Entity { package static let prefix = "evt" }
}

/// Names an endpoint.
package typealias WebhookEndpointID = ID<Entities.WebhookEndpoint>
/// Names a delivery.
package typealias WebhookDeliveryID = ID<Entities.WebhookDelivery>
/// Names an event; every endpoint and every attempt sees the same.
package typealias WebhookEventID = ID<Entities.WebhookEvent>

/// Whether an endpoint is told anything.
package enum WebhookEndpointStatus: String, CaseIterable, Sendable {
    case enabled
    case disabled
    /// For good; its deliveries stay readable.
    case removed
}

/// Why an endpoint is disabled.
package enum WebhookDisabledReason: String, CaseIterable, Sendable {
    /// Somebody asked for it.
    case asked
    /// It answered 410 Gone.
    case gone
    /// For days nothing it was sent arrived.
    case failing
}

/// An address of a tenant, or of the installation, that is told of what happens.
package struct WebhookEndpoint: Hashable, Sendable {
    /// Names it.
    package let id: WebhookEndpointID
    /// Whose it is; nil is the installation's own, which is told of what happens to all tenants.
    package let tenant: TenantID?
    /// Where events are sent.
    package let url: WebhookURL
    /// What people keep about it.
    package let description: String
    /// Of which events it is told.
    package let events: [WebhookFilter]
    /// Whether it is told anything.
    package let status: WebhookEndpointStatus
    /// Why it is disabled, if it is.
    package let disabledReason: WebhookDisabledReason?
    /// Until when the secret before the last rotation is valid, too.
    package let previousUntil: Instant?
    /// Since when every attempt has failed; nil after one that has not.
    package let failingSince: Instant?
    /// When it was made.
    package let createdAt: Instant

    /// As it leaves over HTTP; never with a secret.
    package var json: JSONValue {
        [
            "id": id.json, "tenant": .optional(tenant?.text), "url": .string(url.text),
            "description": .string(description), "events": .array(events.map { .string($0.text) }),
            "enabled": .bool(status == .enabled), "status": .string(status.rawValue),
            "disabled_reason": .optional(disabledReason?.rawValue),
            "previous_secret_until": .optional(previousUntil?.text), "failing_since": .optional(failingSince?.text),
            "created_at": createdAt.json,
        ]
    }

    /// The endpoint with its secret, which nothing else ever shows.
    package func json(secret: WebhookSecret) -> JSONValue {
        var object = json.object ?? JSONObject()
        object["secret"] = .string(secret.text)
        return .object(object)
    }
}
