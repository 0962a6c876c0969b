package import Postgres
package import Values

/// Reading and writing deliveries and their log.
package enum WebhookDeliveryQueries {
    /// What a list of deliveries is narrowed to; nil narrows nothing.
    package struct Selection: Sendable {
        package var endpoint: WebhookEndpointID?
        package var status: WebhookDeliveryStatus?
        package var type: String?
        package var object: String?

        /// Makes a selection.
        package init(
            endpoint: WebhookEndpointID? = nil,
            status: WebhookDeliveryStatus? = nil,
            type: String? = nil,
            object: String? = nil
        ) {
            self.endpoint = endpoint
            self.status = status
            self.type = type
            self.object = object
        }
    }

    /// An owner's deliveries, the newest events first.
    ///
    /// `owner`: the tenant whose endpoints they are for; nil is the installation.
    ///
    /// `before`: the last id of the page before.
    package static func list(
        of owner: TenantID?,
        _ selection: Selection = Selection(),
        limit: Int,
        before: WebhookDeliveryID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [WebhookDelivery] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.webhook_deliveries
            WHERE tenant_id = \(WebhookEndpointQueries.key(owner))
              AND (\(selection.endpoint)::uuid IS NULL OR endpoint_id = \(selection.endpoint))
              AND (\(selection.status?.rawValue)::text IS NULL OR status = \(selection.status?.rawValue))
              AND (\(selection.type)::text IS NULL OR type = \(selection.type))
              AND (\(selection.object)::text IS NULL OR object = \(selection.object))
              AND (\(before)::uuid IS NULL OR id < \(before))
            ORDER BY id DESC LIMIT \(limit)
            """,
            delivery
        )
    }

    /// One delivery of an owner; nil if there is none.
    package static func find(
        _ id: WebhookDeliveryID,
        of owner: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> WebhookDelivery? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.webhook_deliveries
            WHERE tenant_id = \(WebhookEndpointQueries.key(owner)) AND id = \(id)
            """,
            delivery
        )
    }

    /// One delivery, whosever it is: for staff.
    package static func find(
        _ id: WebhookDeliveryID,
        in transaction: borrowing Transaction
    ) async throws -> WebhookDelivery? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.webhook_deliveries WHERE id = \(id)",
            delivery
        )
    }

    /// The log of a delivery, the first attempt first.
    package static func attempts(
        of delivery: WebhookDelivery,
        in transaction: borrowing Transaction
    ) async throws -> [WebhookAttempt] {
        try await transaction.query(
            """
            SELECT attempt, at, duration_ms, address, response_status, response_body, error FROM app.webhook_attempts
            WHERE tenant_id = \(WebhookEndpointQueries.key(delivery.owner)) AND delivery_id = \(delivery.id)
            ORDER BY attempt
            """
        ) { row in
            WebhookAttempt(
                number: try row.next(),
                at: try row.next(),
                durationMilliseconds: try row.next(),
                address: try row.next(),
                responseStatus: try row.next(),
                responseBody: try row.next(),
                error: try row.next()
            )
        }
    }

    /// Gives up what an endpoint was still to be told; what is being sent ends by itself.
    static func giveUp(_ endpoint: WebhookEndpoint, error: String, now: Instant) -> SQL {
        """
        UPDATE app.webhook_deliveries SET status = 'failed', error = \(error), finished_at = \(now)
        WHERE tenant_id = \(WebhookEndpointQueries.key(endpoint.tenant)) AND endpoint_id = \(endpoint.id)
          AND status IN ('waiting', 'pending')
        """
    }

    /// Has deliveries that have ended sent again; they go to their place in the line of their object.
    static func restart(_ ids: [WebhookDeliveryID], of owner: TenantID?, now: Instant) -> SQL {
        """
        UPDATE app.webhook_deliveries
        SET status = 'waiting', tries = 0, first_tried_at = NULL, next_at = \(now), finished_at = NULL
        WHERE tenant_id = \(WebhookEndpointQueries.key(owner)) AND id = ANY (\(ids)::uuid[])
          AND status IN ('delivered', 'failed')
        """
    }

    /// Puts the first of each object's line to be sent, and those behind it to wait.
    ///
    /// While one of the line is being sent, none is first: its end puts the line in order again.
    static func arrange(_ objects: [String], endpoint: WebhookEndpointID, of owner: TenantID?, now: Instant) -> SQL {
        """
        UPDATE app.webhook_deliveries d
        SET status = l.status, next_at = CASE WHEN l.status = 'pending' THEN greatest(d.next_at, \(now)) ELSE d.next_at END
        FROM (
            SELECT id, CASE WHEN row_number() OVER line = 1 AND count(*) FILTER (WHERE status = 'sending') OVER whole = 0
                            THEN 'pending' ELSE 'waiting' END AS status
            FROM app.webhook_deliveries
            WHERE tenant_id = \(WebhookEndpointQueries.key(owner)) AND endpoint_id = \(endpoint)
              AND object = ANY (\(objects)::text[]) AND status IN ('waiting', 'pending', 'sending')
            WINDOW line AS (PARTITION BY object ORDER BY ordinal), whole AS (PARTITION BY object)
        ) l
        WHERE d.tenant_id = \(WebhookEndpointQueries.key(owner)) AND d.id = l.id AND d.status IN ('waiting', 'pending')
          AND d.status <> l.status
        """
    }

    /// Puts the next of an object's line to be sent: what `arrange` does, for one that has just ended.
    static func promote(_ object: String, endpoint: WebhookEndpointID, of owner: TenantID?, now: Instant) -> SQL {
        """
        UPDATE app.webhook_deliveries SET status = 'pending', next_at = \(now)
        WHERE tenant_id = \(WebhookEndpointQueries.key(owner)) AND status = 'waiting' AND id = (
            SELECT id FROM app.webhook_deliveries
            WHERE tenant_id = \(WebhookEndpointQueries.key(owner)) AND endpoint_id = \(endpoint)
              AND object = \(object) AND status IN ('waiting', 'pending', 'sending')
            ORDER BY ordinal LIMIT 1)
        """
    }

    /// Clears answers' bodies that are past their retention, some at a time.
    static func forgetBodies(before: Instant, limit: Int) -> SQL {
        """
        UPDATE app.webhook_attempts a SET response_body = NULL
        FROM (SELECT tenant_id, delivery_id, attempt FROM app.webhook_attempts
              WHERE response_body IS NOT NULL AND recorded_at < \(before) LIMIT \(limit)) old
        WHERE a.tenant_id = old.tenant_id AND a.delivery_id = old.delivery_id AND a.attempt = old.attempt
        """
    }

    static let columns: SQL =
        """
        id, tenant_id, endpoint_id, activity_id, type, object, status, attempts, next_at, response_status, duration_ms,
        error, recorded_at, finished_at
        """

    static func delivery(_ row: inout RowReader) throws -> WebhookDelivery {
        let id: WebhookDeliveryID = try row.next()
        let owner: String = try row.next()
        let endpoint: WebhookEndpointID = try row.next()
        let event: WebhookEventID = try row.next()
        let type: String = try row.next()
        let object: String = try row.next()
        let status: String = try row.next()
        return WebhookDelivery(
            id: id,
            owner: WebhookEndpointQueries.owner(owner),
            endpoint: endpoint,
            event: event,
            type: type,
            object: object,
            // The table's CHECK has no other words.
            status: WebhookDeliveryStatus(rawValue: status) ?? .failed,
            attempts: try row.next(),
            nextAt: try row.next(),
            responseStatus: try row.next(),
            durationMilliseconds: try row.next(),
            error: try row.next(),
            recordedAt: try row.next(),
            finishedAt: try row.next()
        )
    }
}
