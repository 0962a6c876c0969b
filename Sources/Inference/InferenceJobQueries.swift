import Jobs
package import Postgres
package import Values

/// Reading jobs, and the statements that write them.
package enum InferenceJobQueries {
    /// One job of a tenant.
    package static func find(
        _ id: JobID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> InferenceJob? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.inference_jobs WHERE tenant_id = \(tenant) AND id = \(id)",
            job
        )
    }

    /// A tenant's jobs, the newest first.
    ///
    /// `before`: the last id of the page before.
    package static func list(
        of tenant: TenantID,
        status: InferenceJobStatus? = nil,
        limit: Int,
        before: JobID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [InferenceJob] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.inference_jobs
            WHERE tenant_id = \(tenant) AND (\(before)::uuid IS NULL OR id < \(before))
              AND (\(status?.rawValue)::text IS NULL OR status = \(status?.rawValue))
            ORDER BY id DESC LIMIT \(limit)
            """,
            job
        )
    }

    /// What a tenant asked for in the sixty seconds before an instant.
    package static func recent(
        of tenant: TenantID,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> RecentLoad {
        try await transaction.first(recent(tenant, now), load) ?? .none
    }

    // MARK: - For admission

    static func recent(_ tenant: TenantID, _ now: Instant) -> SQL {
        """
        SELECT count(*), coalesce(sum(CASE WHEN finished_at IS NULL THEN prompt_tokens + max_tokens
                                           WHEN is_prompt_computed THEN prompt_tokens + coalesce(completion_tokens, 0)
                                           ELSE 0 END), 0)::bigint, min(created_at), max(created_at)
        FROM app.inference_jobs
        WHERE tenant_id = \(tenant) AND created_at > \(now.adding(microseconds: -RecentLoad.microseconds))
        """
    }

    static func load(_ row: inout RowReader) throws -> RecentLoad {
        RecentLoad(
            requests: try row.next(),
            tokens: try row.next(),
            oldest: try row.next(),
            newest: try row.next()
        )
    }

    static func active(_ tenant: TenantID) -> SQL {
        """
        SELECT count(*) FILTER (WHERE status = 'running'), count(*) FILTER (WHERE status = 'queued'),
               coalesce(sum(prompt_tokens), 0)::bigint, coalesce(sum(max_tokens), 0)::bigint
        FROM app.inference_jobs WHERE tenant_id = \(tenant) AND finished_at IS NULL
        """
    }

    static func active(_ row: inout RowReader) throws -> Admission.Active {
        Admission.Active(
            running: try row.next(),
            waiting: try row.next(),
            promptTokens: try row.next(),
            maxTokens: try row.next()
        )
    }

    /// Writes the row under the node's lease; no row if that is void.
    static func insert(
        _ ticket: InferenceTicket,
        _ request: InferenceRequest,
        reserved: Decimal12,
        isWaiting: Bool,
        recordedAt: Instant
    ) -> SQL {
        let status = isWaiting ? InferenceJobStatus.queued : .running
        return """
            INSERT INTO app.inference_jobs (
                tenant_id, id, task, status, model, version, route, key_id, subject, is_stream, prompt_tokens,
                max_tokens, reserved, cached_tokens, delivered_tokens, is_prompt_computed, node_id, node_epoch,
                attempts, metadata, created_at, started_at, recorded_at)
            SELECT \(ticket.tenant)::uuid, \(ticket.job)::uuid, \(ticket.task)::text, \(status.rawValue)::text,
                   \(ticket.model)::text, \(ticket.version)::text, \(ticket.route)::text, \(ticket.key)::uuid,
                   \(ticket.subject)::text, \(ticket.isStream)::boolean, \(ticket.promptTokens)::int,
                   \(ticket.maxTokens)::int, \(reserved)::numeric, 0, 0, false, n.node_id, n.epoch, 1,
                   \(request.metadata)::jsonb, \(ticket.createdAt)::timestamptz,
                   \(isWaiting ? nil : ticket.createdAt)::timestamptz, \(recordedAt)::timestamptz
            FROM app.nodes n WHERE \(fragment: alive(ticket.lease))
            """
    }

    // MARK: - For running

    /// Where a waiting job stands: the running ones, those that came before it and wait, and whether it waits itself.
    static func queue(_ ticket: InferenceTicket) -> SQL {
        """
        SELECT count(*) FILTER (WHERE status = 'running'),
               count(*) FILTER (WHERE status = 'queued' AND id < \(ticket.job)),
               count(*) FILTER (WHERE id = \(ticket.job) AND status = 'queued')
        FROM app.inference_jobs WHERE tenant_id = \(ticket.tenant) AND finished_at IS NULL
        """
    }

    static func begin(_ ticket: InferenceTicket, at now: Instant) -> SQL {
        """
        UPDATE app.inference_jobs SET status = 'running', started_at = \(now)
        WHERE tenant_id = \(ticket.tenant) AND id = \(ticket.job) AND status = 'queued'
          AND node_id = \(ticket.lease.node) AND node_epoch = \(ticket.lease.epoch)
        """
    }

    /// What each beat writes of running jobs, in one statement.
    ///
    /// A row that is being settled is left alone: waiting for it could cost the node its lease.
    static func progress(_ jobs: [(ticket: InferenceTicket, progress: InferenceProgress)]) -> SQL {
        """
        WITH given AS (
            SELECT * FROM unnest(\(jobs.map(\.ticket.tenant))::uuid[], \(jobs.map(\.ticket.job))::uuid[],
                                 \(jobs.map(\.progress.deliveredTokens))::int[],
                                 \(jobs.map(\.progress.cachedTokens))::int[],
                                 \(jobs.map(\.progress.promptTokens))::int[])
                AS g (tenant_id, id, delivered, cached, prompt)
        ), free AS (
            SELECT j.tenant_id, j.id, g.delivered, g.cached, g.prompt
            FROM app.inference_jobs j JOIN given g ON g.tenant_id = j.tenant_id AND g.id = j.id
            WHERE j.finished_at IS NULL FOR UPDATE OF j SKIP LOCKED
        )
        UPDATE app.inference_jobs j
        SET delivered_tokens = f.delivered, cached_tokens = f.cached, prompt_tokens = f.prompt,
            is_prompt_computed = true
        FROM free f WHERE j.tenant_id = f.tenant_id AND j.id = f.id
        """
    }

    static func requestCancel(_ id: JobID, of tenant: TenantID, at now: Instant) -> SQL {
        """
        UPDATE app.inference_jobs SET cancel_requested_at = coalesce(cancel_requested_at, \(now))
        WHERE tenant_id = \(tenant) AND id = \(id) AND finished_at IS NULL
        """
    }

    /// Jobs of a node that are to be cancelled.
    static func cancelled(_ lease: NodeLease) -> SQL {
        """
        SELECT id FROM app.inference_jobs
        WHERE node_id = \(lease.node) AND node_epoch = \(lease.epoch) AND finished_at IS NULL
          AND cancel_requested_at IS NOT NULL
        """
    }

    // MARK: - For settlement

    /// Whoever may end a job.
    enum Fence {
        /// The node that runs it, while its lease is good.
        case holder
        /// Anybody, once that lease is void.
        case successor
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
        let alive: SQL = "EXISTS (SELECT FROM app.nodes n WHERE \(fragment: alive(ticket.lease)))"
        let condition: SQL = fence == .holder ? alive : "NOT \(fragment: alive)"
        return """
            UPDATE app.inference_jobs
            SET status = \(outcome.status.rawValue), is_prompt_computed = \(isPromptComputed),
                prompt_tokens = CASE WHEN \(isPromptComputed) THEN \(usage.promptTokens) ELSE prompt_tokens END,
                cached_tokens = \(usage.cachedTokens), completion_tokens = \(usage.completionTokens),
                cpu_milliseconds = \(usage.cpuMilliseconds), finish_reason = \(outcome.reason?.rawValue),
                error = \(errorJSON(outcome.error)), finished_at = \(now)
            WHERE tenant_id = \(ticket.tenant) AND id = \(ticket.job) AND finished_at IS NULL
              AND node_id = \(ticket.lease.node) AND node_epoch = \(ticket.lease.epoch)
              AND \(fragment: condition)
            RETURNING reserved
            """
    }

    /// Jobs that nobody works on any more: their nodes are gone.
    static func orphans(limit: Int) -> SQL {
        """
        SELECT tenant_id, id, key_id, task, model, version, route, subject, is_stream, prompt_tokens, max_tokens,
               node_id, node_epoch, created_at, is_prompt_computed, cached_tokens, delivered_tokens
        FROM app.inference_jobs j
        WHERE finished_at IS NULL AND NOT EXISTS (
            SELECT FROM app.nodes n
            WHERE n.node_id = j.node_id AND n.epoch = j.node_epoch AND n.state = 'alive')
        ORDER BY tenant_id, id LIMIT \(limit)
        """
    }

    static func orphan(_ row: inout RowReader) throws -> (ticket: InferenceTicket, progress: InferenceProgress) {
        let ticket = InferenceTicket(
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
            lease: NodeLease(node: try row.next(), epoch: try row.next()),
            createdAt: try row.next()
        )
        let progress = InferenceProgress(
            isPromptComputed: try row.next(),
            promptTokens: ticket.promptTokens,
            cachedTokens: try row.next(),
            deliveredTokens: try row.next()
        )
        return (ticket, progress)
    }

    /// The condition on nodes `n` that a lease is good.
    private static func alive(_ lease: NodeLease) -> SQL {
        "n.node_id = \(lease.node) AND n.epoch = \(lease.epoch) AND n.state = 'alive'"
    }

    private static func errorJSON(_ error: InferenceError?) -> JSONValue? {
        guard let problem = error?.problem else { return nil }
        return ["code": .string(problem.code), "message": .string(problem.message)]
    }

    private static let columns: SQL =
        """
        id, tenant_id, task, status, model, version, route, key_id, subject, is_stream, is_prompt_computed,
        prompt_tokens, cached_tokens, completion_tokens, cpu_milliseconds, finish_reason, error, attempts, metadata,
        created_at, started_at, finished_at
        """

    private static func job(_ row: inout RowReader) throws -> InferenceJob {
        let id: JobID = try row.next()
        let tenant: TenantID = try row.next()
        let task: String = try row.next()
        let status: String = try row.next()
        let model: String = try row.next()
        let version: String = try row.next()
        let route: String = try row.next()
        let key: KeyID = try row.next()
        let subject: String? = try row.next()
        let isStream: Bool = try row.next()
        let isPromptComputed: Bool = try row.next()
        let promptTokens: Int = try row.next()
        let cachedTokens: Int = try row.next()
        let completionTokens: Int? = try row.next()
        let milliseconds: Int? = try row.next()
        let usage = completionTokens.map { tokens in
            GenerationUsage(
                promptTokens: promptTokens,
                cachedTokens: cachedTokens,
                completionTokens: tokens,
                cpuMilliseconds: milliseconds ?? 0
            )
        }
        return InferenceJob(
            id: id,
            tenant: tenant,
            task: task,
            // The table's CHECK has no other words.
            status: InferenceJobStatus(rawValue: status) ?? .failed,
            model: model,
            version: version,
            route: route,
            key: key,
            subject: subject,
            isStream: isStream,
            usage: isPromptComputed ? usage : nil,
            finishReason: try row.next(),
            error: try row.next(),
            attempts: try row.next(),
            metadata: try row.next(),
            createdAt: try row.next(),
            startedAt: try row.next(),
            finishedAt: try row.next()
        )
    }
}
