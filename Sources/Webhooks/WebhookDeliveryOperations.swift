import Jobs
package import Postgres
package import Values

/// Asking for deliveries.
package enum WebhookDeliveryOperations {
    /// How many events one call of `replay` asks for at most.
    package static let replayBatch = 1000

    /// Has a delivery that has ended sent again, with the same `webhook-id` and body.
    ///
    /// `owner`: the tenant whose endpoint it is for; nil is the installation.
    ///
    /// - Throws: `WebhookError.deliveryNotFound`, `.unfinished`, `.disabled`.
    @discardableResult
    package static func redeliver(
        _ id: WebhookDeliveryID,
        of owner: TenantID?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> WebhookDelivery {
        guard let known = try await WebhookDeliveryQueries.find(id, of: owner, in: transaction) else {
            throw WebhookError.deliveryNotFound(id)
        }
        let endpoint = try await enabled(known.endpoint, of: owner, in: transaction)
        let restarted = try await transaction.execute(
            WebhookDeliveryQueries.restart([id], of: owner, now: stamp.recordedAt)
        )
        guard restarted == 1 else {
            let delivery = try await WebhookDeliveryQueries.find(id, of: owner, in: transaction) ?? known
            throw WebhookError.unfinished(id, status: delivery.status)
        }
        try await transaction.execute(
            WebhookDeliveryQueries.arrange([known.object], endpoint: endpoint.id, of: owner, now: stamp.recordedAt)
        )
        try await WebhookEndpointOperations.record(
            "webhook_endpoint.redelivery_requested",
            endpoint,
            ["delivery": id.json, "event": known.event.json, "type": .string(known.type)],
            by: stamp,
            in: transaction
        )
        return try await WebhookDeliveryQueries.find(id, of: owner, in: transaction) ?? known
    }

    /// What one call of `replay` did.
    package struct Replay: Sendable {
        /// How many events will be sent.
        package let count: Int
        /// Where the next call goes on; nil if everything was asked for.
        package let next: ActivityID?
    }

    /// Has what was recorded in a stretch of time sent to an endpoint, whether it was sent before or not; what is on
    /// its way already is left alone.
    ///
    /// `after`: the `next` of the call before; a call asks for `replayBatch` events at most.
    ///
    /// `undeliveredOnly`: leaves out what was delivered.
    ///
    /// - Throws: `WebhookError.endpointNotFound`, `.disabled`; a stretch without length.
    package static func replay(
        to id: WebhookEndpointID,
        of owner: TenantID?,
        from: Instant,
        until: Instant,
        undeliveredOnly: Bool = false,
        after: ActivityID? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Replay {
        guard from < until else {
            throw Problem.invalid("to", "is \(until); it must be after `from`, which is \(from)")
        }
        let endpoint = try await enabled(id, of: owner, in: transaction)
        try await transaction.execute(WebhookOutboxQueries.byIndexes)
        let lines = try await transaction.query(
            WebhookOutboxQueries.recorded(
                for: endpoint,
                from: after ?? ActivityID(at: from, random: (0, 0)),
                until: ActivityID(at: until, random: (0, 0)),
                undeliveredOnly: undeliveredOnly,
                limit: replayBatch
            )
        ) { row in
            (
                id: try row.next() as ActivityID, object: try row.next() as String,
                old: try row.next() as WebhookDeliveryID?
            )
        }
        let now = stamp.recordedAt
        var count = try await transaction.execute(
            WebhookDeliveryQueries.restart(lines.compactMap(\.old), of: owner, now: now)
        )
        count += try await transaction.execute(
            WebhookOutboxQueries.tell(endpoint, of: lines.filter { $0.old == nil }.map(\.id), now: now)
        )
        try await transaction.execute(
            WebhookDeliveryQueries.arrange(Set(lines.map(\.object)).sorted(), endpoint: id, of: owner, now: now)
        )
        if after == nil {
            try await WebhookEndpointOperations.record(
                "webhook_endpoint.replay_requested",
                endpoint,
                ["from": from.json, "to": until.json, "undelivered_only": .bool(undeliveredOnly)],
                by: stamp,
                in: transaction
            )
        }
        return Replay(count: count, next: lines.count == replayBatch ? lines.last?.id : nil)
    }

    /// Sends an endpoint an event that stands for nothing, whatever it is told of: to try it.
    ///
    /// - Throws: `WebhookError.endpointNotFound`, `.disabled`.
    package static func test(
        _ id: WebhookEndpointID,
        of owner: TenantID?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> WebhookDelivery {
        let endpoint = try await enabled(id, of: owner, in: transaction)
        try await WebhookEndpointOperations.record(
            "webhook_endpoint.tested",
            endpoint,
            ["message": "This event was sent to try the endpoint."],
            by: stamp,
            in: transaction
        )
        // The endpoint is held: the last such line is the one just written.
        let line: ActivityID? = try await transaction.first(WebhookOutboxQueries.lastTest(of: endpoint)) { row in
            try row.next()
        }
        guard let line else { throw WebhookError.endpointNotFound(id) }
        let written: WebhookDeliveryID? = try await transaction.first(
            WebhookOutboxQueries.tell(endpoint, of: [line], now: stamp.recordedAt)
        ) { row in try row.next() }
        guard let written, let delivery = try await WebhookDeliveryQueries.find(written, of: owner, in: transaction)
        else { throw WebhookError.endpointNotFound(id) }
        return delivery
    }

    /// The endpoint, held; only an enabled one is sent anything.
    private static func enabled(
        _ id: WebhookEndpointID,
        of owner: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> WebhookEndpoint {
        let endpoint = try await WebhookEndpointQueries.lock(id, of: owner, in: transaction)
        guard endpoint.status == .enabled else { throw WebhookError.disabled(id) }
        return endpoint
    }
}
