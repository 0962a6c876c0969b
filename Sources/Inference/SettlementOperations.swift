import Billing
import Jobs
import Metering
import Plans
import Postgres
import Tenants
import Values

/// Ending jobs: exactly once, with all that follows.
extension InferenceOperations {
    /// Ends a job: its row, the events of its usage, its reservation, and what the month has cost, all or nothing.
    ///
    /// Runs in the scopes `.tenant` and `.system`.
    ///
    /// - Throws: `InferenceError.leaseLost` if the job has ended or is another's by now: then nothing may be written,
    ///   the transaction must be rolled back.
    static func settle(
        _ ticket: InferenceTicket,
        _ outcome: InferenceOutcome,
        fence: InferenceJobQueries.Fence,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard let owner = try await TenantQueries.find(ticket.tenant, in: transaction) else {
            throw TenantError.notFound(ticket.tenant)
        }
        let stamp = owner.stamped(stamp)
        // Always the budget first and then the job: so two never wait for each other.
        let budget = try await BudgetQueries.lock(ticket.tenant, in: transaction)
        let finish = InferenceJobQueries.finish(ticket, outcome, fence: fence, at: stamp.recordedAt)
        let reserved: Decimal12? = try await transaction.first(finish) { row in try row.next() }
        guard let reserved else { throw InferenceError.leaseLost }
        if let output = outcome.output { try await transaction.execute(InferenceJobQueries.keep(output, of: ticket)) }
        let terms = try await InferenceTermsQueries.terms(of: ticket.tenant, at: stamp.at, in: transaction)
        let events = try ticket.events(outcome.usage, at: stamp.at)
        try await store(events, of: ticket, recordedAt: stamp.recordedAt, in: transaction)
        let month = Budget.month(of: stamp.at, in: owner.timeZone)
        let fresh = try await spent(budget, owner, terms, during: month, adding: events, in: transaction)
        try await transaction.execute(BudgetQueries.update(fresh, releasing: reserved, of: ticket.tenant))
        if ticket.isAsynchronous { try await tell(ticket, by: stamp, in: transaction) }
    }

    /// Records the end of a job that nobody waits for.
    private static func tell(
        _ ticket: InferenceTicket,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let job = try await InferenceJobQueries.find(ticket.job, of: ticket.tenant, in: transaction)
        guard let job, var details = job.json.object else { return }
        // What was asked and answered stays where it has a retention.
        details["output"] = .null
        try await Activity.record(
            "job.\(job.status.rawValue)",
            object: job.id.text,
            tenant: ticket.tenant,
            details: .object(details),
            by: stamp,
            in: transaction
        )
    }

    /// Stores usage.
    ///
    /// Its ids are derived from the job's; one that the tenant has used for an event of its own gets another.
    private static func store(
        _ events: [UsageEvent],
        of ticket: InferenceTicket,
        recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        var rest = events
        while !rest.isEmpty {
            let outcomes = try await MeteringOperations.ingest(
                rest.map { (tenant: ticket.tenant, event: $0) },
                recordedAt: recordedAt,
                in: transaction
            )
            if let rejected = outcomes.first(where: { $0.kind == .rejected }) {
                throw Problem(
                    .internal,
                    code: "usage_rejected",
                    rejected.errors.first?.message ?? "usage cannot be stored"
                )
            }
            var again: [UsageEvent] = []
            for (event, outcome) in zip(rest, outcomes) where outcome.kind != .accepted {
                again.append(
                    try UsageEvent(
                        id: "\(event.id):\(ID<Entities.EventRow>.make(at: recordedAt))",
                        meter: event.meter,
                        at: event.at,
                        value: event.value,
                        properties: event.properties,
                        subject: event.subject
                    )
                )
            }
            rest = again
        }
    }

    /// The budget with what a month has cost: prices of quantities are rated anew over all its usage, prices of single
    /// events only for those that came.
    static func spent(
        _ budget: Budget,
        _ owner: Tenant,
        _ terms: InferenceTerms,
        during month: Period,
        adding events: [UsageEvent],
        in transaction: borrowing Transaction
    ) async throws -> Budget {
        let isEachEvent: (PriceSum) -> Bool = { if case .eachEvent = $0 { true } else { false } }
        var byEvent = budget.spentByEvent.exact
        if budget.windowStart == month.start {
            byEvent += try InferenceTermsQueries.cost(terms, ofEach: events)
        } else {
            byEvent = try await InferenceTermsQueries.cost(
                terms,
                of: owner.id,
                during: month,
                in: transaction,
                where: isEachEvent
            )
        }
        let rest = try await InferenceTermsQueries.cost(
            terms,
            of: owner.id,
            during: month,
            in: transaction,
            where: { !isEachEvent($0) }
        )
        return Budget(
            windowStart: month.start,
            spent: try Decimal12(rounding: max(.zero, rest + byEvent)),
            spentByEvent: try Decimal12(rounding: max(.zero, byEvent)),
            reserved: budget.reserved
        )
    }

    // MARK: - Recovery

    /// Jobs that nobody works on any more, with how they end.
    ///
    /// Of a stream what its reader had got, as last recorded, is charged; another job failed and costs nothing.
    static func orphans(
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [(ticket: InferenceTicket, outcome: InferenceOutcome)] {
        try await transaction.query(InferenceJobQueries.orphans(limit: limit)) { row in
            let (ticket, progress) = try InferenceJobQueries.orphan(&row)
            return (ticket, .cut(.interrupted, progress: progress, isStream: ticket.isStream))
        }
    }
}
