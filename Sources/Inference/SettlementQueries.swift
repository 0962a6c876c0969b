import Jobs
import Postgres
import Values

/// Ending jobs, and finding those that nobody works on any more.
extension InferenceJobQueries {
    /// Whoever may end a job.
    enum Fence {
        /// The node that runs it, while its lease is good.
        case holder
        /// Anybody, once that lease is void.
        case successor
        /// Anybody, while no node has taken it.
        case waiting
    }

    /// The condition under which the fence lets a row be changed.
    static func condition(_ fence: Fence, _ ticket: InferenceTicket) -> SQL {
        guard let lease = ticket.lease, fence != .waiting else { return "status = 'queued' AND node_id IS NULL" }
        let isAlive: SQL = "EXISTS (SELECT FROM app.nodes n WHERE \(fragment: alive(lease)))"
        return """
            node_id = \(lease.node) AND node_epoch = \(lease.epoch)
              AND \(unescaped: fence == .holder ? "" : "NOT ")\(fragment: isAlive)
            """
    }

    /// Ends a job unless it has ended or the fence forbids; returns what was reserved.
    static func finish(
        _ ticket: InferenceTicket,
        _ outcome: InferenceOutcome,
        fence: Fence,
        at now: Instant
    ) -> SQL {
        let usage = outcome.usage
        let isPromptComputed = usage.promptTokens > 0
        return """
            UPDATE app.inference_jobs
            SET status = \(outcome.status.rawValue), is_prompt_computed = \(isPromptComputed),
                prompt_tokens = CASE WHEN \(isPromptComputed) THEN \(usage.promptTokens) ELSE prompt_tokens END,
                cached_tokens = \(usage.cachedTokens), completion_tokens = \(usage.completionTokens),
                cpu_milliseconds = \(usage.cpuMilliseconds), finish_reason = \(outcome.reason?.rawValue),
                error = \(errorJSON(outcome.error)), finished_at = \(now)
            WHERE tenant_id = \(ticket.tenant) AND id = \(ticket.job) AND finished_at IS NULL
              AND \(fragment: condition(fence, ticket))
            RETURNING reserved
            """
    }

    /// Keeps what came of a job.
    static func keep(_ output: JSONValue, of ticket: InferenceTicket) -> SQL {
        """
        UPDATE app.inference_contents SET output = \(output)
        WHERE tenant_id = \(ticket.tenant) AND job_id = \(ticket.job)
        """
    }

    /// Jobs that nobody works on any more: their nodes are gone.
    static func orphans(limit: Int) -> SQL {
        """
        SELECT \(fragment: ticketColumns), is_prompt_computed, cached_tokens, delivered_tokens
        FROM app.inference_jobs j
        WHERE finished_at IS NULL AND node_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM app.nodes n
            WHERE n.node_id = j.node_id AND n.epoch = j.node_epoch AND n.state = 'alive')
        ORDER BY tenant_id, id LIMIT \(limit)
        """
    }

    static func orphan(_ row: inout RowReader) throws -> (ticket: InferenceTicket, progress: InferenceProgress) {
        let ticket = try ticket(&row)
        let progress = InferenceProgress(
            isPromptComputed: try row.next(),
            promptTokens: ticket.promptTokens,
            cachedTokens: try row.next(),
            deliveredTokens: try row.next()
        )
        return (ticket, progress)
    }

    /// What `ticket` reads.
    static let ticketColumns: SQL =
        """
        tenant_id, id, key_id, task, model, version, route, subject, is_stream, prompt_tokens, max_tokens, node_id,
        node_epoch, created_at, is_halved, is_async, priority, attempts, max_attempts, deadline_at
        """

    static func ticket(_ row: inout RowReader) throws -> InferenceTicket {
        var ticket = InferenceTicket(
            tenant: try row.next(),
            job: try row.next(),
            key: try row.next(),
            task: try row.next(),
            model: try row.next(),
            version: try row.next(),
            route: try row.next(),
            subject: try row.next(),
            isStream: try row.next(),
            promptTokens: try row.next(),
            maxTokens: try row.next(),
            lease: try lease(&row),
            createdAt: try row.next()
        )
        ticket.isHalved = try row.next()
        let isAsynchronous: Bool = try row.next()
        let deferral = InferenceTicket.Deferral(
            priority: try row.next(),
            attempt: try row.next(),
            maxAttempts: try row.next(),
            deadline: try row.next()
        )
        if isAsynchronous { ticket.deferral = deferral }
        return ticket
    }

    private static func lease(_ row: inout RowReader) throws -> NodeLease? {
        let node: NodeID? = try row.next()
        let epoch: Int64? = try row.next()
        guard let node, let epoch else { return nil }
        return NodeLease(node: node, epoch: epoch)
    }

    private static func errorJSON(_ error: InferenceError?) -> JSONValue? {
        guard let problem = error?.problem else { return nil }
        return ["code": .string(problem.code), "message": .string(problem.message)]
    }
}
