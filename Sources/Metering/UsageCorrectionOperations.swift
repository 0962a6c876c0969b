import Jobs
package import Postgres
package import Values

extension MeteringOperations {
    /// Of so many who correct an event at once, one at least gives up.
    private static let tries = 10

    /// Takes an event back: it stays, and counts no more.
    ///
    /// That is for good.
    ///
    /// Taking it back again is no work.
    ///
    /// Runs in the scopes `.tenant` and `.system`.
    ///
    /// - Returns: the event as it stands.
    /// - Throws: `MeteringError.eventNotFound` if the tenant has no event with the id.
    @discardableResult
    package static func void(
        _ eventID: String,
        of tenant: TenantID,
        reason: String = "",
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> StoredEvent {
        try UsageAmendment.check(reason: reason)
        for _ in 0..<tries {
            let stored = try await require(eventID, of: tenant, in: transaction)
            guard stored.voidedAt == nil else { return stored }
            guard try await take(back: stored, of: tenant, reason: reason, by: stamp, in: transaction) else { continue }
            try await Activity.record(
                "usage.voided",
                object: eventID,
                tenant: tenant,
                details: ["event": stored.event.json, "reason": .string(reason)],
                by: stamp,
                in: transaction
            )
            return try await require(eventID, of: tenant, in: transaction)
        }
        throw MeteringError.eventBusy(eventID)
    }

    /// Amends an event: what it said stays and counts no more, what it says now is a new revision under the same id.
    ///
    /// Amending it to what it says already is no work.
    ///
    /// Runs in the scopes `.tenant` and `.system`.
    ///
    /// - Returns: the event as it stands.
    /// - Throws: `MeteringError.eventNotFound` if the tenant has no event with the id, `eventVoided` if it was taken
    ///   back, `tooManyAmendments`; what cannot be stored.
    @discardableResult
    package static func amend(
        _ eventID: String,
        of tenant: TenantID,
        with amendment: UsageAmendment,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> StoredEvent {
        for _ in 0..<tries {
            let stored = try await require(eventID, of: tenant, in: transaction)
            let event = try amendment.applied(to: stored.event)
            guard UsageContent.hash(event) != UsageContent.hash(stored.event) else { return stored }
            guard stored.voidedAt == nil else { throw MeteringError.eventVoided(eventID) }
            try await UsageArchiveQueries.requireEvents(at: [event.at], in: transaction)
            let revision = stored.latest.number + 1
            guard revision <= UsageAmendment.limit else { throw MeteringError.tooManyAmendments(eventID) }
            let reason = amendment.reason
            guard try await take(back: stored, of: tenant, reason: reason, by: stamp, in: transaction) else { continue }
            try await transaction.batch(
                UsageCorrectionQueries.insert(event, revision: revision, of: tenant, reason: reason, by: stamp)
            )
            for view in try await views(of: event, in: transaction) {
                try await transaction.execute(
                    RollupQueries.add(event.value, to: RollupKey(event, of: tenant, by: view))
                )
            }
            try await Activity.record(
                "usage.amended",
                object: eventID,
                tenant: tenant,
                details: ["from": stored.event.json, "to": event.json, "reason": .string(reason)],
                by: stamp,
                in: transaction
            )
            return try await require(eventID, of: tenant, in: transaction)
        }
        throw MeteringError.eventBusy(eventID)
    }

    private static func require(
        _ eventID: String,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> StoredEvent {
        guard let stored = try await UsageQueries.find(eventID, of: tenant, in: transaction) else {
            throw MeteringError.eventNotFound(eventID)
        }
        return stored
    }

    /// Takes the last revision of an event back and out of its rollups; false if somebody else has done so meanwhile.
    private static func take(
        back stored: StoredEvent,
        of tenant: TenantID,
        reason: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        let event = stored.event
        let written = try await transaction.execute(
            UsageCorrectionQueries.take(
                back: event.id,
                revision: stored.latest.number,
                of: tenant,
                reason: reason,
                by: stamp
            )
        )
        guard written == 1 else { return false }
        try await subtract(event, from: RollupKey(event, of: tenant), isComputed: true, in: transaction)
        for view in try await views(of: event, in: transaction) {
            try await subtract(
                event,
                from: RollupKey(event, of: tenant, by: view),
                isComputed: view.isComputed,
                in: transaction
            )
        }
        return true
    }

    /// The meters that count an event beside the one that it names; their rollups may then be changed.
    private static func views(of event: UsageEvent, in transaction: borrowing Transaction) async throws -> [MeterView] {
        let views = try await transaction.query(MeterViewQueries.views(of: [event.meter]), MeterViewQueries.view)
            .filter { $0.counts(event) }
        if !views.isEmpty { try await transaction.execute(MeterViewQueries.share(views.map(\.code))) }
        return views
    }

    /// Takes an event out of a rollup: subtracts, or where it may have been the least or greatest adds up anew.
    ///
    /// The lock comes in a statement of its own: the next one then sees all events whose transactions the rollup has.
    private static func subtract(
        _ event: UsageEvent,
        from rollup: RollupKey,
        isComputed: Bool,
        in transaction: borrowing Transaction
    ) async throws {
        let bounds: [Decimal12?]? = try await transaction.first(RollupQueries.lock(rollup)) { row in
            [try row.next(), try row.next()]
        }
        guard isComputed else {
            // What it adds up is not all that happened; what is not there yet will be computed.
            if bounds != nil { try await transaction.execute(RollupQueries.addUp(rollup)) }
            return
        }
        guard let bounds, let least = bounds[0], let greatest = bounds[1] else {
            throw MeteringError.rollupMissing(event.id)
        }
        let isInside = least < event.value && event.value < greatest
        try await transaction.execute(
            isInside ? RollupQueries.subtract(event.value, from: rollup) : RollupQueries.addUp(rollup)
        )
    }
}
