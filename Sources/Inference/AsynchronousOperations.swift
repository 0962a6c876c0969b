import Jobs
import Plans
package import Postgres
import Tenants
package import Values

/// A job that was read, routed and counted, ready to be admitted.
package struct PreparedJob: Sendable {
    let ticket: InferenceTicket
    let order: InferenceOrder
}

/// A job that a node has taken.
struct TakenJob: Sendable {
    let ticket: InferenceTicket
    let grant: InferenceGrant
    /// The task's fields; nil if they are past their retention.
    let input: JSONValue?
}

/// The life of jobs that nobody waits for.
extension InferenceOperations {
    /// The channel on which nodes hear that there is a job to take.
    static let channel = "abono_inference"

    /// Admits a job, as one that is waited for is admitted, and has it wait for a node.
    ///
    /// Runs in the scope `.tenant`.
    ///
    /// - Returns: the job, queued, and what is left of the minute.
    /// - Throws: what admission refuses.
    package static func submit(
        _ prepared: PreparedJob,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (job: InferenceJob, rates: RateFigures) {
        let ticket = prepared.ticket
        let grant = try await admit(ticket, prepared.order, by: stamp, in: transaction)
        await transaction.signal(channel)
        guard let job = try await InferenceJobQueries.find(ticket.job, of: ticket.tenant, in: transaction) else {
            throw InferenceError.jobNotFound(ticket.job.text)
        }
        return (job, grant.rates)
    }

    /// Takes a waiting job, if the tenant's plan has a place for it now.
    ///
    /// Runs in the scope `.tenant`.
    ///
    /// - Returns: nil if there is no place, or somebody else was faster.
    static func take(
        _ candidate: AsynchronousQueries.Candidate,
        under lease: NodeLease,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> TakenJob? {
        guard let owner = try await TenantQueries.find(candidate.tenant, in: transaction) else { return nil }
        let stamp = owner.stamped(Stamp(now: now, author: .system("inference")))
        // Places are given under the lock of the budget.
        _ = try await BudgetQueries.lock(candidate.tenant, in: transaction)
        let terms = try await InferenceTermsQueries.terms(of: candidate.tenant, at: stamp.at, in: transaction)
        // What was admitted is done, also if the plan has ended since; then one after the other.
        var inference = terms.inference ?? .standard
        if terms.inference == nil { inference.concurrency = 1 }
        let busy: Int? = try await transaction.first(AsynchronousQueries.busy(candidate.tenant)) { row in
            try row.next()
        }
        guard let busy, busy < inference.concurrency else { return nil }
        let ticket = try await transaction.first(AsynchronousQueries.take(candidate, under: lease, at: now)) { row in
            try InferenceJobQueries.ticket(&row)
        }
        guard let ticket else { return nil }
        let input: JSONValue?? = try await transaction.first(AsynchronousQueries.input(candidate)) { row in
            try row.next() as JSONValue?
        }
        let grant = InferenceGrant(
            inference: inference,
            isWaiting: false,
            rates: RecentLoad.none.figures(
                requestsPerMinute: inference.requestsPerMinute,
                tokensPerMinute: inference.tokensPerMinute,
                at: now
            )
        )
        return TakenJob(ticket: ticket, grant: grant, input: input.flatMap(\.self))
    }

    /// Has a job wait again after a run that failed and may be tried again.
    ///
    /// - Returns: whether it does; not if it is another's by now, has ended or is to be cancelled.
    static func giveBack(
        _ ticket: InferenceTicket,
        fence: InferenceJobQueries.Fence,
        attempts: Int,
        until runAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        let changed = try await transaction.execute(
            AsynchronousQueries.giveBack(ticket, fence: fence, attempts: attempts, until: runAt)
        )
        await transaction.signal(channel)
        return changed == 1
    }

    /// Has an asynchronous job that failed, ran out of time or was cancelled wait anew.
    ///
    /// It is admitted as a new one would be; a time limit of its own does not count any more.
    ///
    /// Runs in the scope `.tenant`.
    ///
    /// - Throws: what admission refuses; `InferenceError.jobNotFound`; a job that cannot be tried again, since somebody
    ///   waited for it, it has not ended so, or its input is past its retention.
    package static func retry(
        _ id: JobID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> InferenceJob {
        guard let owner = try await TenantQueries.find(tenant, in: transaction) else {
            throw TenantError.notFound(tenant)
        }
        let stamp = owner.stamped(stamp)
        let terms = try await InferenceTermsQueries.terms(of: tenant, at: stamp.at, in: transaction)
        let facts = try await facts(owner, terms, by: stamp, in: transaction)
        guard let job = try await InferenceJobQueries.find(id, of: tenant, in: transaction) else {
            throw InferenceError.jobNotFound(id.text)
        }
        let ticket = try await transaction.first(AsynchronousQueries.ticket(id, of: tenant)) { row in
            try InferenceJobQueries.ticket(&row)
        }
        guard let ticket else {
            throw refusal("\(id) was waited for; its caller asks again, so that it is admitted and billed anew")
        }
        guard [.failed, .cancelled, .expired].contains(job.status) else {
            throw refusal("\(id) is \(job.status.rawValue); only what failed, expired or was cancelled is tried again")
        }
        let candidate = AsynchronousQueries.Candidate(tenant: tenant, job: id)
        let input: JSONValue?? = try await transaction.first(AsynchronousQueries.input(candidate)) { row in
            try row.next() as JSONValue?
        }
        guard input.flatMap(\.self) != nil else { throw refusal("the input of \(id) is past its retention") }
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
            isAsynchronous: true
        )
        do throws(AdmissionRefusal) {
            _ = try Admission.decide(facts, demand, at: stamp.recordedAt)
        } catch {
            throw InferenceError.refused(error)
        }
        let written = try await transaction.batch([
            BudgetQueries.reserve(amount, within: facts.spendLimit, of: tenant),
            AsynchronousQueries.revive(ticket, reserved: amount, at: stamp.recordedAt),
        ])
        guard written == [1, 1] else { throw refusal("\(id) was changed meanwhile; look at it and try again") }
        try await Activity.record(
            "job.retried",
            object: id.text,
            tenant: tenant,
            details: [:],
            by: stamp,
            in: transaction
        )
        await transaction.signal(channel)
        return try await InferenceJobQueries.find(id, of: tenant, in: transaction) ?? job
    }

    private static func refusal(_ message: String) -> Problem {
        Problem(.precondition, code: "not_retryable", message)
    }
}
