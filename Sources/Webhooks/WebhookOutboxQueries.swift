import Jobs
import Postgres
import Values

/// All SQL of the outbox: how lines of the trail become deliveries.
enum WebhookOutboxQueries {
    /// Has the rest of the transaction read its tables by their indexes.
    ///
    /// A queue is empty and full by turns. By what is known of an empty one the planner would read all of a full one for
    /// every line: hours instead of seconds.
    static let byIndexes: SQL = "SET LOCAL enable_seqscan = off"

    /// Holds what says up to where the outbox is read; no row while another node reads.
    static let lock: SQL = "SELECT is_only FROM app.webhook_outbox FOR UPDATE SKIP LOCKED"

    /// What there is to read, at most `limit` lines and the rest of the last one's transaction: where it begins and the
    /// last position; no row where there is nothing, or nobody to be told.
    ///
    /// Nothing before the oldest endpoint matters to anybody. All lines below the horizon have been written or never
    /// will be: no transaction below it still runs.
    static func range(limit: Int) -> SQL {
        """
        WITH ends AS (
            SELECT greatest(o.position, (SELECT min(e.position) FROM app.webhook_endpoints e WHERE e.status = 'enabled'))
                       AS first,
                   o.base + pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon
            FROM app.webhook_outbox o
        ), lines AS (
            SELECT a.position FROM app.activity a
            WHERE a.position >= (SELECT first FROM ends) AND a.position < (SELECT horizon FROM ends)
              AND EXISTS (SELECT FROM app.webhook_endpoints e WHERE e.status = 'enabled')
            ORDER BY a.position LIMIT \(limit)
        )
        SELECT (SELECT first FROM ends), max(position) FROM lines HAVING count(*) > 0
        """
    }

    /// Holds the endpoints that may be told of a range: nobody ends a delivery meanwhile, so that none is put behind
    /// one that has just ended.
    static func lockEndpoints(first: Int64, last: Int64) -> SQL {
        """
        SELECT id FROM app.webhook_endpoints
        WHERE status = 'enabled' AND (tenant_id = \(Activity.installation) OR tenant_id IN (
            SELECT a.tenant_id FROM app.activity a WHERE a.position BETWEEN \(first) AND \(last)))
        ORDER BY tenant_id, id FOR NO KEY UPDATE
        """
    }

    /// Writes a delivery for each endpoint and line of the range that match, and have none yet.
    static func dispatch(first: Int64, last: Int64, now: Instant) -> SQL {
        let lines: SQL = "SELECT * FROM app.activity WHERE position BETWEEN \(first) AND \(last)"
        return """
            WITH lines AS (\(fragment: lines)), matched AS (
                SELECT e.tenant_id AS owner, e.id AS endpoint_id, a.* FROM app.webhook_endpoints e
                JOIN lines a ON a.tenant_id = e.tenant_id
                WHERE e.tenant_id <> \(Activity.installation) AND e.status = 'enabled' AND a.position > e.position
                  AND \(fragment: matches)
                UNION ALL
                SELECT e.tenant_id AS owner, e.id AS endpoint_id, a.* FROM app.webhook_endpoints e CROSS JOIN lines a
                WHERE e.tenant_id = \(Activity.installation) AND e.status = 'enabled' AND a.position > e.position
                  AND \(fragment: matches)
            )
            \(fragment: insert(now: now)) ON CONFLICT DO NOTHING
            """
    }

    /// Writes the deliveries of the rows `matched`: the first of each object is to be sent, those behind it wait.
    private static func insert(now: Instant) -> SQL {
        """
        INSERT INTO app.webhook_deliveries (tenant_id, id, endpoint_id, activity_tenant_id, activity_id, type, object,
                                            ordinal, status, attempts, tries, next_at, recorded_at)
        SELECT m.owner, (left(m.id::text, 18) || substr(gen_random_uuid()::text, 19))::uuid, m.endpoint_id,
               m.tenant_id, m.id, m.verb, m.object, m.ordinal,
               CASE WHEN row_number() OVER (PARTITION BY m.owner, m.endpoint_id, m.object ORDER BY m.ordinal) = 1
                     AND NOT EXISTS (
                         SELECT FROM app.webhook_deliveries d
                         WHERE d.tenant_id = m.owner AND d.endpoint_id = m.endpoint_id AND d.object = m.object
                           AND d.status IN ('waiting', 'pending', 'sending'))
                    THEN 'pending' ELSE 'waiting' END,
               0, 0, \(now), \(now)
        FROM matched m
        WHERE NOT EXISTS (
            SELECT FROM app.webhook_deliveries d
            WHERE d.tenant_id = m.owner AND d.endpoint_id = m.endpoint_id AND d.activity_id = m.id)
        """
    }

    /// Says up to where the outbox has been read now.
    static func advance(to position: Int64) -> SQL {
        "UPDATE app.webhook_outbox SET position = \(position)"
    }

    /// An endpoint's lines of a stretch of time by their ids, in order: those to be told anew.
    ///
    /// Lines' ids begin with the time they were recorded.
    static func recorded(
        for endpoint: WebhookEndpoint,
        from: ActivityID,
        until: ActivityID,
        undeliveredOnly: Bool,
        limit: Int
    ) -> SQL {
        let owner = WebhookEndpointQueries.key(endpoint.tenant)
        return """
            SELECT a.id, a.object, d.id FROM app.activity a
            CROSS JOIN (SELECT \(endpoint.events.map(\.text))::text[] AS events) e
            LEFT JOIN app.webhook_deliveries d
                ON d.tenant_id = \(owner) AND d.endpoint_id = \(endpoint.id) AND d.activity_id = a.id
            WHERE (\(owner) = \(Activity.installation) OR a.tenant_id = \(owner)) AND a.id > \(from) AND a.id < \(until)
              AND \(fragment: matches)
              AND (NOT \(undeliveredOnly) OR d.status IS DISTINCT FROM 'delivered')
            ORDER BY a.id LIMIT \(limit)
            """
    }

    static func lastTest(of endpoint: WebhookEndpoint) -> SQL {
        """
        SELECT id FROM app.activity
        WHERE tenant_id = \(WebhookEndpointQueries.key(endpoint.tenant)) AND object = \(endpoint.id.text)
          AND verb = 'webhook_endpoint.tested'
        ORDER BY ordinal DESC LIMIT 1
        """
    }

    /// Writes deliveries of lines that have none, whenever they were recorded.
    static func tell(_ endpoint: WebhookEndpoint, of activities: [ActivityID], now: Instant) -> SQL {
        let owner = WebhookEndpointQueries.key(endpoint.tenant)
        return """
            WITH matched AS (
                SELECT \(owner)::uuid AS owner, \(endpoint.id)::uuid AS endpoint_id, a.* FROM app.activity a
                WHERE (\(owner) = \(Activity.installation) OR a.tenant_id = \(owner))
                  AND a.id = ANY (\(activities)::uuid[])
            )
            \(fragment: insert(now: now)) ON CONFLICT DO NOTHING RETURNING id
            """
    }

    /// What `WebhookFilter.matches` says, of the line `a` and the filters of `e`.
    private static let matches: SQL =
        """
        EXISTS (SELECT FROM unnest(e.events) f
                WHERE f = a.verb OR f = '*' OR (right(f, 2) = '.*' AND starts_with(a.verb, left(f, -1))))
        """
}
