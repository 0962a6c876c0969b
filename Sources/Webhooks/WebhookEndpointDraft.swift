package import Values

/// What is asked for when an endpoint is made.
package struct WebhookEndpointDraft: Hashable, Sendable {
    /// The id that the caller brings, which then makes asking twice harmless.
    package var id: WebhookEndpointID?
    /// Where events are sent.
    package var url: WebhookURL
    /// Of which it is told.
    package var events: [WebhookFilter]
    /// What people keep about it.
    package var description: String
    /// Whether it is told from the start.
    package var isEnabled: Bool

    /// The most filters of an endpoint.
    static let filterLimit = 50
    private static let longestDescription = 500

    /// Makes a draft; without filters it is told everything.
    package init(
        id: WebhookEndpointID? = nil,
        url: WebhookURL,
        events: [WebhookFilter] = [.all],
        description: String = "",
        isEnabled: Bool = true
    ) throws(Problem) {
        self.id = id
        self.url = url
        self.events = try Self.checked(events)
        self.description = try Self.checked(description: description)
        self.isEnabled = isEnabled
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields, reach: WebhookReach) throws(Problem) {
        let id = try fields.optionalID("id", of: Entities.WebhookEndpoint.self)
        let url = try WebhookURL(try fields.string("url"), reach: reach, at: fields.path("url"))
        let events = try Self.filters(&fields)
        let description = try fields.optionalString("description")
        let isEnabled = try fields.optionalBool("enabled")
        try fields.finish()
        try self.init(
            id: id,
            url: url,
            events: events ?? [.all],
            description: description ?? "",
            isEnabled: isEnabled ?? true
        )
    }

    /// Whether an endpoint is what this draft asks for.
    func isSatisfied(by endpoint: WebhookEndpoint) -> Bool {
        url == endpoint.url && events == endpoint.events && description == endpoint.description
    }

    static func filters(_ fields: inout JSONFields) throws(Problem) -> [WebhookFilter]? {
        guard let elements = try fields.optionalArray("events") else { return nil }
        var filters: [WebhookFilter] = []
        for (value, path) in elements {
            guard let text = value.string else {
                throw .invalid(path, "must be an event like \"invoice.paid\", not \(value.seen)")
            }
            filters.append(try WebhookFilter(known: text, at: path))
        }
        return filters
    }

    static func checked(_ events: [WebhookFilter]) throws(Problem) -> [WebhookFilter] {
        guard (1...filterLimit).contains(events.count) else {
            throw .invalid(
                "events",
                "has \(events.count) filters; 1 to \(filterLimit) are allowed, \"*\" is everything"
            )
        }
        return events
    }

    static func checked(description text: String) throws(Problem) -> String {
        guard text.unicodeScalars.count <= longestDescription, !text.unicodeScalars.contains("\0") else {
            throw .invalid(
                "description",
                "has \(text.unicodeScalars.count) characters; at most \(longestDescription) are allowed"
            )
        }
        return text
    }
}

/// What is to change about an endpoint; what is nil stays.
package struct WebhookEndpointChanges: Hashable, Sendable {
    package var url: WebhookURL?
    package var events: [WebhookFilter]?
    package var description: String?
    package var isEnabled: Bool?

    /// Changes nothing yet.
    package init(
        url: WebhookURL? = nil,
        events: [WebhookFilter]? = nil,
        description: String? = nil,
        isEnabled: Bool? = nil
    ) throws(Problem) {
        self.url = url
        self.events = if let events { try WebhookEndpointDraft.checked(events) } else { nil }
        self.description =
            if let description { try WebhookEndpointDraft.checked(description: description) } else { nil }
        self.isEnabled = isEnabled
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields, reach: WebhookReach) throws(Problem) {
        let text = try fields.optionalString("url")
        var url: WebhookURL?
        if let text { url = try WebhookURL(text, reach: reach, at: fields.path("url")) }
        let events = try WebhookEndpointDraft.filters(&fields)
        let description = try fields.optionalString("description")
        let isEnabled = try fields.optionalBool("enabled")
        try fields.finish()
        try self.init(url: url, events: events, description: description, isEnabled: isEnabled)
    }
}
