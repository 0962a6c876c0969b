import Jobs
package import Postgres
package import Values

/// Taking deliveries that are due, and writing what came of them.
package enum WebhookSendingOperations {
    /// How long answers' bodies are kept, in seconds.
    package static let retention: Int64 = 30 * 86_400

    private static let author = Author.system("webhooks")

    /// Takes deliveries that are due, for a node whose lease is good.
    ///
    /// Runs as system.
    static func claim(
        limit: Int,
        perEndpoint: Int,
        lease: NodeLease,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [WebhookClaim] {
        let results = try await transaction.results([
            WebhookOutboxQueries.byIndexes, WebhookSendingQueries.lockDue(lease: lease, now: now),
        ])
        let endpoints: [WebhookEndpointID] =
            try results.last.map { set in
                try Transaction.decode(set) { row in try row.next() }
            } ?? []
        guard !endpoints.isEmpty else { return [] }
        // A statement of its own: it counts what others took who held the endpoints before.
        return try await transaction.query(
            WebhookSendingQueries.claim(endpoints, limit: limit, perEndpoint: perEndpoint, lease: lease, now: now)
        ) { row in try WebhookSendingQueries.claim(&row, lease: lease) }
    }

    /// Writes what came of an attempt, and puts the next of the object's line to be sent once it has ended.
    ///
    /// `jitter`: from 0 up to 1, for the wait before it is tried again.
    ///
    /// - Returns: what became of it; nil if another node has it now, and then nothing is written.
    static func record(
        _ claim: WebhookClaim,
        _ outcome: WebhookOutcome,
        begun: Instant,
        jitter: Double,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> WebhookVerdict? {
        try await transaction.execute(WebhookOutboxQueries.byIndexes)
        let endpoint = try await transaction.first(
            """
            SELECT \(fragment: WebhookEndpointQueries.columns) FROM app.webhook_endpoints
            WHERE tenant_id = \(WebhookEndpointQueries.key(claim.owner)) AND id = \(claim.endpoint) FOR NO KEY UPDATE
            """,
            WebhookEndpointQueries.endpoint
        )
        guard let endpoint else { return nil }
        let verdict = WebhookRules.verdict(
            outcome,
            tries: claim.tries,
            firstTriedAt: claim.firstTriedAt,
            now: now,
            jitter: jitter,
            isEnabled: endpoint.status == .enabled
        )
        let written = try await transaction.batch([
            WebhookSendingQueries.end(claim, outcome, verdict, now: now),
            WebhookSendingQueries.log(claim, outcome, begun: begun, now: now),
        ])
        guard written.first == 1 else { throw StaleClaim() }
        try await follow(claim, outcome, verdict, endpoint, now: now, in: transaction)
        return verdict
    }

    /// Another node has the delivery: the transaction is undone.
    struct StaleClaim: Error {}

    /// What follows for the line of the object and for the endpoint.
    private static func follow(
        _ claim: WebhookClaim,
        _ outcome: WebhookOutcome,
        _ verdict: WebhookVerdict,
        _ endpoint: WebhookEndpoint,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        let object = claim.event.object
        if case .retry = verdict {
            // One before it may have been asked for again meanwhile.
            try await transaction.execute(
                WebhookDeliveryQueries.arrange([object], endpoint: endpoint.id, of: claim.owner, now: now)
            )
        } else {
            try await transaction.execute(
                WebhookDeliveryQueries.promote(object, endpoint: endpoint.id, of: claim.owner, now: now)
            )
        }
        if outcome.isSuccess != (endpoint.failingSince == nil) {
            try await transaction.execute(
                WebhookEndpointQueries.setFailing(since: outcome.isSuccess ? nil : now, of: endpoint)
            )
        }
        guard endpoint.status == .enabled,
            let reason = WebhookRules.disabling(
                outcome,
                verdict: verdict,
                failingSince: endpoint.failingSince,
                now: now
            )
        else { return }
        try await WebhookEndpointOperations.disable(
            endpoint,
            reason: reason,
            by: Stamp(now: now, author: author),
            in: transaction
        )
    }

    /// Gives back what a lost node was sending.
    static func release(_ lease: NodeLease, now: Instant, in transaction: borrowing Transaction) async throws {
        try await transaction.execute(WebhookSendingQueries.release(lease, now: now))
    }

    /// Clears answers' bodies that are past their retention; the log itself stays.
    ///
    /// Runs as system.
    ///
    /// - Returns: how many were cleared, at most `limit`.
    package static func forgetBodies(
        limit: Int = 10_000,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        try await transaction.execute(
            WebhookDeliveryQueries.forgetBodies(before: now.adding(seconds: -retention), limit: limit)
        )
    }

    /// How much is still to be delivered, and when the oldest of it was written.
    package static func backlog(in transaction: borrowing Transaction) async throws -> (count: Int, oldest: Instant?) {
        try await transaction.first(WebhookSendingQueries.backlog) { row in
            (count: try row.next(), oldest: try row.next())
        } ?? (0, nil)
    }
}
