import Jobs
package import Postgres
package import Values

/// Reading and writing endpoints.
package enum WebhookEndpointQueries {
    /// One endpoint of an owner, also one that was removed; nil if there is none.
    ///
    /// `owner`: the tenant whose it is; nil is the installation.
    package static func find(
        _ id: WebhookEndpointID,
        of owner: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> WebhookEndpoint? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.webhook_endpoints
            WHERE tenant_id = \(key(owner)) AND id = \(id)
            """,
            endpoint
        )
    }

    /// One endpoint, whosever it is: for staff.
    package static func find(
        _ id: WebhookEndpointID,
        in transaction: borrowing Transaction
    ) async throws -> WebhookEndpoint? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.webhook_endpoints WHERE id = \(id)",
            endpoint
        )
    }

    /// An owner's endpoints but those removed, in the order of their ids.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of owner: TenantID?,
        limit: Int,
        after: WebhookEndpointID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [WebhookEndpoint] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.webhook_endpoints
            WHERE tenant_id = \(key(owner)) AND status <> 'removed' AND (\(after)::uuid IS NULL OR id > \(after))
            ORDER BY id LIMIT \(limit)
            """,
            endpoint
        )
    }

    /// Everybody's endpoints but those removed: for staff.
    package static func listAll(
        limit: Int,
        after: WebhookEndpointID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [WebhookEndpoint] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.webhook_endpoints
            WHERE status <> 'removed' AND (\(after)::uuid IS NULL OR id > \(after))
            ORDER BY id LIMIT \(limit)
            """,
            endpoint
        )
    }

    /// What stands for the owner in the tables.
    static func key(_ owner: TenantID?) -> String { owner?.uuidText ?? Activity.installation }

    /// The owner that a key of the tables stands for.
    static func owner(_ key: String) -> TenantID? {
        key == Activity.installation ? nil : TenantID(uuidText: key)
    }

    /// The endpoint, held until the transaction ends: whoever changes its deliveries holds it.
    static func lock(
        _ id: WebhookEndpointID,
        of owner: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> WebhookEndpoint {
        let found = try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.webhook_endpoints
            WHERE tenant_id = \(key(owner)) AND id = \(id) AND status <> 'removed' FOR NO KEY UPDATE
            """,
            endpoint
        )
        guard let found else { throw WebhookError.endpointNotFound(id) }
        return found
    }

    static func count(of owner: TenantID?) -> SQL {
        """
        SELECT count(*) FROM app.webhook_endpoints WHERE tenant_id = \(key(owner)) AND status <> 'removed'
        """
    }

    /// Writes an endpoint; it is told of what transactions do that begin after this one.
    static func insert(_ endpoint: WebhookEndpoint, secret: [UInt8], stamp: Stamp) -> SQL {
        """
        INSERT INTO app.webhook_endpoints (tenant_id, id, url, description, events, status, disabled_reason, secret,
                                           position, created_at, recorded_at, author)
        VALUES (\(key(endpoint.tenant)), \(endpoint.id), \(endpoint.url.text), \(endpoint.description),
                \(endpoint.events.map(\.text))::text[], \(endpoint.status.rawValue),
                \(endpoint.disabledReason?.rawValue), \(secret), \(fragment: position), \(endpoint.createdAt),
                \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT (tenant_id, id) DO NOTHING
        """
    }

    /// Writes what may be changed by request; one that is enabled anew is not told of what happened meanwhile.
    static func update(_ new: WebhookEndpoint, isEnabledAnew: Bool) -> SQL {
        """
        UPDATE app.webhook_endpoints
        SET url = \(new.url.text), description = \(new.description), events = \(new.events.map(\.text))::text[],
            status = \(new.status.rawValue), disabled_reason = \(new.disabledReason?.rawValue),
            failing_since = CASE WHEN \(isEnabledAnew) THEN NULL ELSE failing_since END,
            position = CASE WHEN \(isEnabledAnew) THEN \(fragment: position) ELSE position END
        WHERE tenant_id = \(key(new.tenant)) AND id = \(new.id)
        """
    }

    static func setStatus(
        _ status: WebhookEndpointStatus,
        reason: WebhookDisabledReason?,
        of endpoint: WebhookEndpoint
    ) -> SQL {
        """
        UPDATE app.webhook_endpoints SET status = \(status.rawValue), disabled_reason = \(reason?.rawValue)
        WHERE tenant_id = \(key(endpoint.tenant)) AND id = \(endpoint.id)
        """
    }

    static func rotate(_ endpoint: WebhookEndpoint, secret: [UInt8], previousUntil: Instant) -> SQL {
        """
        UPDATE app.webhook_endpoints
        SET previous_secret = secret, previous_until = \(previousUntil), secret = \(secret)
        WHERE tenant_id = \(key(endpoint.tenant)) AND id = \(endpoint.id)
        """
    }

    static func setFailing(since: Instant?, of endpoint: WebhookEndpoint) -> SQL {
        """
        UPDATE app.webhook_endpoints SET failing_since = \(since)
        WHERE tenant_id = \(key(endpoint.tenant)) AND id = \(endpoint.id)
        """
    }

    /// This transaction's number in the outbox.
    private static let position: SQL =
        "((SELECT o.base FROM app.webhook_outbox o) + pg_current_xact_id()::text::bigint)"

    static let columns: SQL =
        """
        tenant_id, id, url, description, events, status, disabled_reason, previous_until, failing_since, created_at
        """

    static func endpoint(_ row: inout RowReader) throws -> WebhookEndpoint {
        let tenant: String = try row.next()
        let id: WebhookEndpointID = try row.next()
        let url: String = try row.next()
        let description: String = try row.next()
        let events: [String] = try row.next()
        let status: String = try row.next()
        let reason: String? = try row.next()
        return WebhookEndpoint(
            id: id,
            tenant: owner(tenant),
            url: try WebhookURL(stored: url),
            description: description,
            events: events.map(WebhookFilter.init(stored:)),
            // The table's CHECK has no other words.
            status: WebhookEndpointStatus(rawValue: status) ?? .removed,
            disabledReason: reason.flatMap(WebhookDisabledReason.init(rawValue:)),
            previousUntil: try row.next(),
            failingSince: try row.next(),
            createdAt: try row.next()
        )
    }
}
