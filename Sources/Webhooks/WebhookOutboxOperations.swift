import Jobs
package import Postgres
package import Values

/// Turning what happened into deliveries.
package enum WebhookOutboxOperations {
    /// Counts transactions on from where the last cluster's ended, if this database was restored into another.
    ///
    /// - Returns: whether it was.
    @discardableResult
    package static func rebase(in transaction: borrowing Transaction) async throws -> Bool {
        try await transaction.first("SELECT app.rebase_outbox()") { row in try row.next() } ?? false
    }

    /// Reads on in the trail and writes a delivery for each line and each endpoint that is to be told of it.
    ///
    /// Each line is read once, and none is missed though transactions end out of their order: only lines are read
    /// that are older than every transaction still running. Another node that reads meanwhile makes this one do
    /// nothing. Runs as system.
    ///
    /// `limit`: about how many lines are read at most.
    ///
    /// - Returns: whether there may be more to read.
    package static func dispatch(
        limit: Int,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        // A look that writes nothing: most of the time there is nothing to do.
        let looks = try await transaction.results([
            WebhookOutboxQueries.byIndexes, WebhookOutboxQueries.range(limit: 1),
        ])
        guard let look = looks.last, look.count > 0 else { return false }
        let held: Bool? = try await transaction.first(WebhookOutboxQueries.lock) { row in try row.next() }
        guard held == true else { return false }
        let range = try await transaction.first(WebhookOutboxQueries.range(limit: limit)) { row in
            (first: try row.next() as Int64, last: try row.next() as Int64)
        }
        guard let range else { return false }
        try await transaction.execute(WebhookOutboxQueries.lockEndpoints(first: range.first, last: range.last))
        // A statement of its own: it sees what those ended who held the endpoints before.
        try await transaction.execute(
            WebhookOutboxQueries.dispatch(first: range.first, last: range.last, now: now)
        )
        try await transaction.execute(WebhookOutboxQueries.advance(to: range.last + 1))
        return true
    }
}
