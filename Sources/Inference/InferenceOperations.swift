import Billing
import Jobs
import Metering
import Plans
package import Postgres
import Tenants
package import Values

/// Admitting jobs, giving them their turn, and ending them.
///
/// Each is part of one transaction of the caller's.
package enum InferenceOperations {
    /// Asks that a job be cancelled; the node that runs it does so within a second.
    ///
    /// Doing so again is no work.
    ///
    /// - Returns: the job as it stands; one that has ended stays as it is.
    /// - Throws: `InferenceError.jobNotFound` if the tenant has no job with the id.
    @discardableResult
    package static func cancel(
        _ id: JobID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> InferenceJob {
        // The budget before the job: a job that has not begun ends here.
        let waiting = try await transaction.first(AsynchronousQueries.ticket(id, of: tenant)) { row in
            try InferenceJobQueries.ticket(&row)
        }
        if waiting != nil { _ = try await BudgetQueries.lock(tenant, in: transaction) }
        let written = try await transaction.execute(
            InferenceJobQueries.requestCancel(id, of: tenant, at: stamp.recordedAt)
        )
        guard let job = try await InferenceJobQueries.find(id, of: tenant, in: transaction) else {
            throw InferenceError.jobNotFound(id.text)
        }
        guard written == 1 else { return job }
        try await Activity.record(
            "inference.cancel_requested",
            object: id.text,
            tenant: tenant,
            details: [:],
            by: stamp,
            in: transaction
        )
        guard var waiting, job.status == .queued, job.isAsynchronous else { return job }
        waiting.lease = nil
        try await settle(waiting, .unbegun(.cancelled), fence: .waiting, by: stamp, in: transaction)
        return try await InferenceJobQueries.find(id, of: tenant, in: transaction) ?? job
    }

    // MARK: - Admission

    /// Decides under the lock of the tenant's budget whether a request may begin, sets aside the most that it can cost
    /// and writes its row.
    ///
    /// Runs in the scope `.tenant`.
    ///
    /// - Throws: `InferenceError.refused`, `.modelNotFound`, and `.leaseLost` if the node's lease is void: then
    ///   nothing may be written, the transaction must be rolled back.
    static func admit(
        _ ticket: InferenceTicket,
        _ order: InferenceOrder,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> InferenceGrant {
        let tenant = ticket.tenant
        guard let owner = try await TenantQueries.find(tenant, in: transaction) else {
            throw TenantError.notFound(tenant)
        }
        let stamp = owner.stamped(stamp)
        let terms = try await InferenceTermsQueries.terms(of: tenant, at: stamp.at, in: transaction)
        if let model = order.model, terms.inference != nil, !terms.allows(model, askedFor: order.asked) {
            throw InferenceError.modelNotFound(order.asked ?? model.name)
        }
        let amount = try Admission.amount(
            plans: terms.plans,
            promptTokens: ticket.promptTokens,
            maxTokens: ticket.maxTokens,
            isHalved: ticket.isHalved
        )
        let demand = Admission.Demand(
            promptTokens: ticket.promptTokens,
            maxTokens: ticket.maxTokens,
            amount: amount,
            isAsynchronous: ticket.isAsynchronous
        )
        let facts = try await facts(owner, terms, by: stamp, in: transaction)
        let isWaiting: Bool
        do throws(AdmissionRefusal) {
            isWaiting = try Admission.decide(facts, demand, at: stamp.recordedAt)
        } catch {
            throw InferenceError.refused(error)
        }
        guard let inference = facts.inference else { throw InferenceError.refused(.notEntitled) }
        try await write(
            ticket,
            order,
            amount: amount,
            within: facts.spendLimit,
            isWaiting: isWaiting,
            by: stamp,
            in: transaction
        )
        let used = facts.recent.adding(tokens: demand.promptTokens + demand.maxTokens, at: stamp.recordedAt)
        return InferenceGrant(
            inference: inference,
            isWaiting: isWaiting,
            rates: used.figures(
                requestsPerMinute: inference.requestsPerMinute,
                tokensPerMinute: inference.tokensPerMinute,
                at: stamp.recordedAt
            )
        )
    }

    /// Reads what the decision depends on, the budget's lock first: what is read after it holds until the commit.
    static func facts(
        _ owner: Tenant,
        _ terms: InferenceTerms,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Admission.Facts {
        let budget = try await currentBudget(owner, terms, at: stamp.at, in: transaction)
        let results = try await transaction.results([
            InferenceJobQueries.recent(owner.id, stamp.recordedAt), InferenceJobQueries.active(owner.id),
        ])
        let recent = try Transaction.decode(results[0], InferenceJobQueries.load).first ?? .none
        let active = try Transaction.decode(results[1], InferenceJobQueries.active).first ?? .none
        var quotas: [QuotaBalance] = []
        let hard = try await QuotaQueries.inForce(of: owner.id, at: stamp.at, in: transaction)
            .filter { $0.isHard && InferenceMeter(rawValue: $0.meter) != nil }
        for feature in Set(hard.map(\.feature)).sorted() {
            quotas += try await QuotaQueries.balances(of: owner.id, feature: feature, at: stamp.at, in: transaction)
        }
        var credit = Exact.zero
        if terms.inference?.prepaid == true {
            credit = try await InferenceTermsQueries.credit(terms, of: owner.id, at: stamp.at, in: transaction)
        }
        return Admission.Facts(
            tenantStatus: owner.status,
            inference: terms.inference,
            withheld: terms.withheld,
            recent: recent,
            active: active,
            quotas: quotas,
            budget: budget,
            spendLimit: owner.spendLimit?.exact,
            credit: credit
        )
    }

    /// The budget, locked, with what the present month has cost.
    private static func currentBudget(
        _ owner: Tenant,
        _ terms: InferenceTerms,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Budget {
        let budget = try await BudgetQueries.lock(owner.id, in: transaction)
        let month = Budget.month(of: instant, in: owner.timeZone)
        guard budget.windowStart != month.start else { return budget }
        let fresh = try await spent(budget, owner, terms, during: month, adding: [], in: transaction)
        try await transaction.execute(BudgetQueries.update(fresh, releasing: .zero, of: owner.id))
        return fresh
    }

    private static func write(
        _ ticket: InferenceTicket,
        _ order: InferenceOrder,
        amount: Decimal12,
        within limit: Exact?,
        isWaiting: Bool,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        // The condition is the table's word on what was decided: whatever Swift believed, this cannot overspend.
        let written = try await transaction.batch([
            BudgetQueries.reserve(amount, within: limit, of: ticket.tenant),
            InferenceJobQueries.insert(
                ticket,
                order.metadata,
                reserved: amount,
                isWaiting: isWaiting,
                recordedAt: stamp.recordedAt
            ),
        ])
        guard written[0] == 1 else {
            throw InferenceError.refused(
                .spendLimit(limit: limit ?? .zero, left: .zero, needed: amount.exact)
            )
        }
        guard written[1] == 1 else { throw InferenceError.leaseLost }
        guard let input = order.input else { return }
        try await transaction.execute(
            AsynchronousQueries.insertInput(
                input,
                of: ticket,
                until: stamp.recordedAt.adding(seconds: retentionSeconds),
                at: stamp.recordedAt
            )
        )
    }

    /// So long is kept what asynchronous jobs were given and what came of them: 30 days.
    static let retentionSeconds: Int64 = 30 * 86_400

    /// Lets a waiting job run if it is its turn.
    ///
    /// - Returns: how many are before it; 0 if it runs now.
    /// - Throws: `InferenceError.leaseLost` if it does not wait any more: somebody else has ended it.
    static func begin(
        _ ticket: InferenceTicket,
        concurrency: Int,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        let before = try await place(ticket, in: transaction) - concurrency + 1
        guard before <= 0 else { return before }
        // Free as it seems; the lock makes sure of it.
        _ = try await BudgetQueries.lock(ticket.tenant, in: transaction)
        let surely = try await place(ticket, in: transaction) - concurrency + 1
        guard surely <= 0 else { return surely }
        guard try await transaction.execute(InferenceJobQueries.begin(ticket, at: now)) == 1 else {
            throw InferenceError.leaseLost
        }
        return 0
    }

    /// How many run or wait before a job.
    private static func place(
        _ ticket: InferenceTicket,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        let counts: [Int]? = try await transaction.first(InferenceJobQueries.queue(ticket)) { row in
            [try row.next(), try row.next(), try row.next()]
        }
        guard let counts, counts[2] == 1 else { throw InferenceError.leaseLost }
        return counts[0] + counts[1]
    }
}
