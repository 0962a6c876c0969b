import Postgres
import Values

/// All SQL of what gateways told.
enum GatewayEventQueries {
    /// Where an event stands.
    enum State: String {
        /// What it is about is not known here, perhaps not yet.
        case waiting
        /// What it said was done.
        case applied
        /// It means nothing here.
        case ignored
        /// What it is about never became known.
        case abandoned
    }

    /// Stores an event unless it is there; of the same one at once one waits for the other.
    static func insert(_ event: StripeEvent, state: State, body: String?, now: Instant) -> SQL {
        """
        INSERT INTO app.gateway_events (gateway, event_id, type, object, state, body, created_at, recorded_at, settled_at)
        VALUES ('stripe', \(event.id), \(event.type), \(event.objectID), \(state.rawValue), \(body),
                \(event.createdAt ?? now), \(now), \(state == .waiting ? nil : now))
        ON CONFLICT DO NOTHING
        """
    }

    /// The body of an event that waits, under its lock.
    static func waiting(_ id: String, in transaction: borrowing Transaction) async throws -> String? {
        try await transaction.first(
            """
            SELECT body FROM app.gateway_events
            WHERE gateway = 'stripe' AND event_id = \(id) AND state = 'waiting' FOR UPDATE
            """
        ) { row in try row.next() }
    }

    static func settle(_ id: String, as state: State, now: Instant) -> SQL {
        """
        UPDATE app.gateway_events SET state = \(state.rawValue), body = NULL, settled_at = \(now)
        WHERE gateway = 'stripe' AND event_id = \(id) AND state = 'waiting'
        """
    }
}
