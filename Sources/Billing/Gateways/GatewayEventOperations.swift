import Jobs
import Postgres
package import Values

/// What gateways tell: each event has its effect once, whenever and however often it comes.
enum GatewayEventOperations {
    /// What an event came to.
    private enum Effect {
        /// It was done, or had been done before.
        case applied
        /// It means nothing here.
        case ignored
        /// What it is about is not known, or cannot take it, yet.
        case unknown
    }

    /// Stores an event and does what it says, in one transaction; nothing if it was stored before.
    ///
    /// What it is about may not be known yet, because Stripe is sometimes faster than its own answer to us; then it
    /// waits and is looked at again.
    static func receive(
        _ event: StripeEvent,
        body: [UInt8],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        // Of the same event at once the second waits here for the first.
        let isNew = try await transaction.execute(
            GatewayEventQueries.insert(
                event,
                state: .waiting,
                body: String(decoding: body, as: UTF8.self),
                now: stamp.recordedAt
            )
        )
        guard isNew == 1 else { return }
        let state: GatewayEventQueries.State
        switch try await effect(of: event, by: stamp, in: transaction) {
        case .applied: state = .applied
        case .ignored: state = .ignored
        case .unknown:
            try await JobOperations.enqueue(
                [GatewayJobs.eventRequest(event.id, at: stamp.recordedAt)],
                at: stamp.recordedAt,
                in: transaction
            )
            return
        }
        try await transaction.execute(GatewayEventQueries.settle(event.id, as: state, now: stamp.recordedAt))
    }

    /// Does what a waiting event says, if what it is about is known by now.
    ///
    /// `isLast`: gives up if it is not.
    ///
    /// - Throws: it is still not known, so that the job looks again later.
    static func lookAgain(
        at id: String,
        isLast: Bool,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard let body = try await GatewayEventQueries.waiting(id, in: transaction) else { return }
        let state: GatewayEventQueries.State
        switch try await effect(of: try StripeEvent(body: body.utf8), by: stamp, in: transaction) {
        case .applied: state = .applied
        case .ignored: state = .ignored
        case .unknown:
            guard isLast else {
                throw Problem(.precondition, code: "not_known_yet", "what the event \(id) is about is not known yet")
            }
            state = .abandoned
        }
        try await transaction.execute(GatewayEventQueries.settle(id, as: state, now: stamp.recordedAt))
    }

    /// Does what an event says; what is refused by the rules leaves nothing behind and waits, too.
    private static func effect(
        of event: StripeEvent,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Effect {
        guard let notice = event.notice else { return .ignored }
        do {
            return try await transaction.savepoint {
                try await apply(notice, by: stamp, in: transaction) ? .applied : .unknown
            }
        } catch let error as any ProblemConvertible where !(error is PostgresError) {
            return .unknown
        }
    }

    /// Whether what the notice is about is known here, and so was done.
    private static func apply(
        _ notice: GatewayNotice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        switch notice {
        case .charge(let charge): try await apply(charge, by: stamp, in: transaction)
        case .refunds(let refunds): try await apply(refunds, by: stamp, in: transaction)
        case .dispute(let dispute): try await apply(dispute, by: stamp, in: transaction)
        }
    }
}

extension Gateways {
    /// Takes an event that Stripe sends: checks who signed it and when, and does what it says once.
    ///
    /// - Throws: `invalid` if it is not signed with our secret, or longer ago than 300 s; `GatewayError.notSetUp`,
    ///   `.noWebhookSecret`.
    package func receive(body: [UInt8], signature header: String?, by stamp: Stamp) async throws {
        let signature = try StripeSignature(header: header)
        try signature.checkTime(now: stamp.recordedAt)
        try signature.check(body: body, secret: try await webhookSecret(of: .stripe))
        let event = try StripeEvent(body: body)
        try await database.transaction(as: .system) { transaction in
            try await GatewayEventOperations.receive(event, body: body, by: stamp, in: transaction)
        }
    }
}
