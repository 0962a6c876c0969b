import Jobs
import Postgres
import Values

/// All SQL of sending: taking deliveries that are due, and writing what came of them.
enum WebhookSendingQueries {
    /// Holds the endpoints that have something due, if this node's lease is good; those that others hold are left out.
    ///
    /// Endpoints are found by skipping from one to the next in the index of what is pending, so that it does not
    /// matter how much an endpoint has.
    static func lockDue(lease: NodeLease, now: Instant) -> SQL {
        """
        WITH RECURSIVE busy AS (
            (SELECT tenant_id, endpoint_id FROM app.webhook_deliveries WHERE status = 'pending'
             ORDER BY tenant_id, endpoint_id LIMIT 1)
            UNION ALL
            SELECT n.tenant_id, n.endpoint_id FROM busy b CROSS JOIN LATERAL (
                SELECT d.tenant_id, d.endpoint_id FROM app.webhook_deliveries d
                WHERE d.status = 'pending' AND (d.tenant_id, d.endpoint_id) > (b.tenant_id, b.endpoint_id)
                ORDER BY d.tenant_id, d.endpoint_id LIMIT 1) n
        ), holder AS (
            SELECT node_id FROM app.nodes
            WHERE node_id = \(lease.node) AND epoch = \(lease.epoch) AND state = 'alive' FOR SHARE
        )
        SELECT e.id FROM app.webhook_endpoints e
        WHERE (e.tenant_id, e.id) IN (SELECT tenant_id, endpoint_id FROM busy) AND e.status = 'enabled'
          AND EXISTS (SELECT FROM holder)
          AND EXISTS (SELECT FROM app.webhook_deliveries d
                      WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.status = 'pending'
                        AND d.next_at <= \(now))
        ORDER BY e.tenant_id, e.id FOR NO KEY UPDATE OF e SKIP LOCKED
        """
    }

    /// Takes what is due for endpoints that are held: the first of each before the second of any.
    ///
    /// `perEndpoint`: the most an endpoint is sent at once; one that fails is sent one at a time.
    static func claim(
        _ endpoints: [WebhookEndpointID],
        limit: Int,
        perEndpoint: Int,
        lease: NodeLease,
        now: Instant
    ) -> SQL {
        """
        WITH free AS (
            SELECT e.tenant_id, e.id AS endpoint_id,
                   CASE WHEN e.failing_since IS NULL THEN \(perEndpoint) ELSE 1 END - (
                       SELECT count(*) FROM app.webhook_deliveries s
                       WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.id AND s.status = 'sending') AS places
            FROM app.webhook_endpoints e WHERE e.id = ANY (\(endpoints)::uuid[])
        ), due AS (
            SELECT d.tenant_id, d.id FROM free f CROSS JOIN LATERAL (
                SELECT p.tenant_id, p.id, row_number() OVER (ORDER BY p.next_at, p.ordinal) AS place
                FROM (SELECT w.tenant_id, w.id, w.next_at, w.ordinal FROM app.webhook_deliveries w
                      WHERE w.tenant_id = f.tenant_id AND w.endpoint_id = f.endpoint_id AND w.status = 'pending'
                        AND w.next_at <= \(now)
                      ORDER BY w.next_at, w.ordinal LIMIT greatest(f.places, 0)) p) d
            ORDER BY d.place LIMIT \(limit)
        )
        UPDATE app.webhook_deliveries d
        SET status = 'sending', attempts = d.attempts + 1, tries = d.tries + 1, node_id = \(lease.node),
            node_epoch = \(lease.epoch), first_tried_at = coalesce(d.first_tried_at, \(now))
        FROM due, app.webhook_endpoints e, app.activity a
        WHERE d.tenant_id = due.tenant_id AND d.id = due.id AND e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
          AND a.tenant_id = d.activity_tenant_id AND a.id = d.activity_id
        RETURNING d.id, d.tenant_id, d.endpoint_id, e.url, e.secret,
                  CASE WHEN e.previous_until > \(now) THEN e.previous_secret END, a.id, a.verb, a.at, a.recorded_at,
                  a.tenant_id, a.object, a.author, a.details, d.attempts, d.tries, d.first_tried_at
        """
    }

    static func claim(_ row: inout RowReader, lease: NodeLease) throws -> WebhookClaim {
        let id: WebhookDeliveryID = try row.next()
        let owner: String = try row.next()
        let endpoint: WebhookEndpointID = try row.next()
        let url: String = try row.next()
        let secret = try row.bytes()
        let previous = try row.optionalBytes()
        let event: WebhookEventID = try row.next()
        let type: String = try row.next()
        let at: Instant = try row.next()
        let recordedAt: Instant = try row.next()
        let tenant: String = try row.next()
        return WebhookClaim(
            id: id,
            owner: WebhookEndpointQueries.owner(owner),
            endpoint: endpoint,
            url: try WebhookURL(stored: url),
            secrets: [secret] + (previous.map { [$0] } ?? []),
            event: WebhookEvent(
                id: event,
                type: type,
                at: at,
                recordedAt: recordedAt,
                tenant: WebhookEndpointQueries.owner(tenant),
                object: try row.next(),
                author: try row.next(),
                details: try row.next()
            ),
            attempt: try row.next(),
            tries: try row.next(),
            firstTriedAt: try row.next(),
            lease: lease
        )
    }

    /// Writes what became of a delivery, if this lease still holds it.
    static func end(_ claim: WebhookClaim, _ outcome: WebhookOutcome, _ verdict: WebhookVerdict, now: Instant) -> SQL {
        let status: WebhookDeliveryStatus
        var next: Instant?
        switch verdict {
        case .delivered: status = .delivered
        case .failed: status = .failed
        case .retry(let at):
            status = .pending
            next = at
        }
        return """
            UPDATE app.webhook_deliveries
            SET status = \(status.rawValue), node_id = NULL, node_epoch = NULL, next_at = coalesce(\(next), next_at),
                response_status = \(outcome.status), duration_ms = \(outcome.durationMilliseconds),
                error = \(outcome.complaint), finished_at = \(next == nil ? now : nil)
            WHERE tenant_id = \(WebhookEndpointQueries.key(claim.owner)) AND id = \(claim.id) AND status = 'sending'
              AND node_id = \(claim.lease.node) AND node_epoch = \(claim.lease.epoch) AND attempts = \(claim.attempt)
            """
    }

    static func log(_ claim: WebhookClaim, _ outcome: WebhookOutcome, begun: Instant, now: Instant) -> SQL {
        """
        INSERT INTO app.webhook_attempts (tenant_id, delivery_id, attempt, at, duration_ms, address, response_status,
                                          response_body, error, recorded_at)
        VALUES (\(WebhookEndpointQueries.key(claim.owner)), \(claim.id), \(claim.attempt), \(begun),
                \(outcome.durationMilliseconds), \(outcome.address), \(outcome.status), \(outcome.body),
                \(outcome.complaint), \(now))
        ON CONFLICT (tenant_id, delivery_id, attempt) DO NOTHING
        """
    }

    /// Gives back what a lost node was sending: it is sent again, with the same id.
    static func release(_ lease: NodeLease, now: Instant) -> SQL {
        """
        UPDATE app.webhook_deliveries
        SET status = 'pending', node_id = NULL, node_epoch = NULL, next_at = \(now),
            error = 'the node that sent it was lost'
        WHERE node_id = \(lease.node) AND node_epoch = \(lease.epoch) AND status = 'sending'
        """
    }

    /// How much is not delivered yet, and since when the oldest of it could have been.
    static let backlog: SQL =
        """
        SELECT count(*), min(d.recorded_at) FROM app.webhook_deliveries d
        WHERE d.status IN ('waiting', 'pending', 'sending')
        """
}
