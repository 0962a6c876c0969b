import Jobs
package import Postgres
package import Tenants
package import Values

/// Making, changing and removing endpoints.
package enum WebhookEndpointOperations {
    /// The most endpoints of a tenant, or of the installation.
    package static let limit = 20
    /// How long the secret before a rotation stays valid by default, in seconds.
    package static let overlap: Int64 = 86_400
    /// The longest it may.
    package static let longestOverlap: Int64 = 30 * 86_400

    /// Makes an endpoint and its secret, which nothing shows again.
    ///
    /// With an id that the draft brings, asking again yields the endpoint that is there, without a secret.
    ///
    /// `box`: seals the secret.
    ///
    /// - Throws: `SecretBox.missing` without a box; `WebhookError.tooManyEndpoints`, `.idTaken`.
    package static func create(
        _ draft: WebhookEndpointDraft,
        for owner: TenantID?,
        sealing box: SecretBox?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret?) {
        guard let box else { throw SecretBox.missing }
        let endpoint = WebhookEndpoint(
            id: draft.id ?? .make(at: stamp.recordedAt),
            tenant: owner,
            url: draft.url,
            description: draft.description,
            events: draft.events,
            status: draft.isEnabled ? .enabled : .disabled,
            disabledReason: draft.isEnabled ? nil : .asked,
            previousUntil: nil,
            failingSince: nil,
            createdAt: stamp.at
        )
        let secret = WebhookSecret.generate()
        let sealed = try box.seal(secret.bytes, context: WebhookSealing.context(endpoint.id))
        let written = try await transaction.execute(
            WebhookEndpointQueries.insert(endpoint, secret: sealed, stamp: stamp)
        )
        guard written == 1 else {
            let existing = try await WebhookEndpointQueries.find(endpoint.id, of: owner, in: transaction)
            guard let existing, existing.status != .removed, draft.isSatisfied(by: existing) else {
                throw WebhookError.idTaken(endpoint.id)
            }
            return (existing, nil)
        }
        let count: Int? = try await transaction.first(WebhookEndpointQueries.count(of: owner)) { try $0.next() }
        guard (count ?? 0) <= limit else { throw WebhookError.tooManyEndpoints(limit: limit) }
        try await record("webhook_endpoint.created", endpoint, endpoint.json, by: stamp, in: transaction)
        return (endpoint, secret)
    }

    /// Changes what is named, and nothing else.
    ///
    /// One that is disabled is told nothing from now on, and what it was still to be told is given up; one that is
    /// enabled is told of what happens from now on.
    @discardableResult
    package static func update(
        _ id: WebhookEndpointID,
        of owner: TenantID?,
        _ changes: WebhookEndpointChanges,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> WebhookEndpoint {
        let old = try await WebhookEndpointQueries.lock(id, of: owner, in: transaction)
        let isEnabled = changes.isEnabled ?? (old.status == .enabled)
        let new = WebhookEndpoint(
            id: id,
            tenant: owner,
            url: changes.url ?? old.url,
            description: changes.description ?? old.description,
            events: changes.events ?? old.events,
            status: isEnabled ? .enabled : .disabled,
            disabledReason: isEnabled ? nil : old.disabledReason ?? .asked,
            previousUntil: old.previousUntil,
            failingSince: isEnabled && old.status != .enabled ? nil : old.failingSince,
            createdAt: old.createdAt
        )
        guard new != old else { return old }
        try await transaction.execute(
            WebhookEndpointQueries.update(new, isEnabledAnew: isEnabled && old.status != .enabled)
        )
        if old.status == .enabled, !isEnabled {
            try await giveUp(old, "the endpoint was disabled", at: stamp.recordedAt, in: transaction)
        }
        try await record("webhook_endpoint.updated", new, difference(old, new), by: stamp, in: transaction)
        return new
    }

    /// Removes an endpoint for good; its deliveries stay readable, what it was still to be told is given up.
    @discardableResult
    package static func remove(
        _ id: WebhookEndpointID,
        of owner: TenantID?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> WebhookEndpoint {
        let endpoint = try await WebhookEndpointQueries.lock(id, of: owner, in: transaction)
        try await transaction.execute(WebhookEndpointQueries.setStatus(.removed, reason: nil, of: endpoint))
        try await giveUp(endpoint, "the endpoint was removed", at: stamp.recordedAt, in: transaction)
        try await record(
            "webhook_endpoint.removed",
            endpoint,
            ["url": .string(endpoint.url.text)],
            by: stamp,
            in: transaction
        )
        return try await WebhookEndpointQueries.find(id, of: owner, in: transaction) ?? endpoint
    }

    /// Gives an endpoint a new secret; the one before stays valid beside it, and both sign, until the overlap ends.
    ///
    /// A secret before that one is valid no more.
    ///
    /// `overlap`: in seconds, from 0.
    ///
    /// - Throws: an overlap beyond 30 days; `SecretBox.missing` without a box.
    package static func rotate(
        _ id: WebhookEndpointID,
        of owner: TenantID?,
        overlap: Int64 = overlap,
        sealing box: SecretBox?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        guard let box else { throw SecretBox.missing }
        guard (0...longestOverlap).contains(overlap) else {
            throw Problem.invalid("overlap_seconds", "is \(overlap); 0 to \(longestOverlap) are allowed")
        }
        let endpoint = try await WebhookEndpointQueries.lock(id, of: owner, in: transaction)
        let secret = WebhookSecret.generate()
        let until = stamp.recordedAt.adding(seconds: overlap)
        try await transaction.execute(
            WebhookEndpointQueries.rotate(
                endpoint,
                secret: try box.seal(secret.bytes, context: WebhookSealing.context(id)),
                previousUntil: until
            )
        )
        try await record(
            "webhook_endpoint.secret_rotated",
            endpoint,
            ["previous_secret_until": until.json],
            by: stamp,
            in: transaction
        )
        return (try await WebhookEndpointQueries.lock(id, of: owner, in: transaction), secret)
    }

    /// Disables an endpoint, whose row is held, for what its receiver did.
    static func disable(
        _ endpoint: WebhookEndpoint,
        reason: WebhookDisabledReason,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(WebhookEndpointQueries.setStatus(.disabled, reason: reason, of: endpoint))
        try await giveUp(endpoint, "the endpoint was disabled", at: stamp.recordedAt, in: transaction)
        try await record(
            "webhook_endpoint.disabled",
            endpoint,
            [
                "reason": .string(reason.rawValue), "url": .string(endpoint.url.text),
                "failing_since": .optional(endpoint.failingSince?.text),
            ],
            by: stamp,
            in: transaction
        )
    }

    private static func giveUp(
        _ endpoint: WebhookEndpoint,
        _ error: String,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(WebhookDeliveryQueries.giveUp(endpoint, error: error, now: now))
    }

    static func record(
        _ verb: String,
        _ endpoint: WebhookEndpoint,
        _ details: JSONValue,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: endpoint.id.text,
            tenant: endpoint.tenant,
            details: details,
            by: stamp,
            in: transaction
        )
    }

    /// What changed, with the values before and after.
    private static func difference(_ old: WebhookEndpoint, _ new: WebhookEndpoint) -> JSONValue {
        var changes = JSONObject()
        for (key, value) in new.json.object ?? JSONObject() {
            let before = old.json[key] ?? .null
            if before != value { changes[key] = ["from": before, "to": value] }
        }
        return .object(changes)
    }
}
