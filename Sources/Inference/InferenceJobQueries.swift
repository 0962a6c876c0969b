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
            "\(fragment: select) WHERE j.tenant_id = \(tenant) AND j.id = \(id)",
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
            \(fragment: select)
            WHERE j.tenant_id = \(tenant) AND (\(before)::uuid IS NULL OR j.id < \(before))
              AND (\(status?.rawValue)::text IS NULL OR j.status = \(status?.rawValue))
            ORDER BY j.id DESC LIMIT \(limit)
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
        SELECT count(*) FILTER (WHERE status = 'running'), count(*) FILTER (WHERE status = 'queued' AND NOT is_async),
               count(*) FILTER (WHERE status = 'queued' AND is_async),
               coalesce(sum(prompt_tokens), 0)::bigint, coalesce(sum(max_tokens), 0)::bigint
        FROM app.inference_jobs WHERE tenant_id = \(tenant) AND finished_at IS NULL
        """
    }

    static func active(_ row: inout RowReader) throws -> Admission.Active {
        Admission.Active(
            running: try row.next(),
            waiting: try row.next(),
            deferred: try row.next(),
            promptTokens: try row.next(),
            maxTokens: try row.next()
        )
    }

    /// Writes the row under the node's lease, or for whichever node will take it; no row if the lease is void.
    static func insert(
        _ ticket: InferenceTicket,
        _ metadata: JSONValue,
        reserved: Decimal12,
        isWaiting: Bool,
        recordedAt: Instant
    ) -> SQL {
        let status = isWaiting ? InferenceJobStatus.queued : .running
        let deferral = ticket.deferral
        let holder: SQL = ticket.lease == nil ? "NULL::uuid, NULL::bigint" : "n.node_id, n.epoch"
        let source: SQL = ticket.lease.map { "FROM app.nodes n WHERE \(fragment: alive($0))" } ?? ""
        return """
            INSERT INTO app.inference_jobs (
                tenant_id, id, task, status, model, version, route, key_id, subject, is_stream, prompt_tokens,
                max_tokens, reserved, cached_tokens, delivered_tokens, is_prompt_computed, attempts, is_async, priority,
                max_attempts, run_at, deadline_at, is_halved, metadata, created_at, started_at,
                recorded_at, node_id, node_epoch)
            SELECT \(ticket.tenant)::uuid, \(ticket.job)::uuid, \(ticket.task)::text, \(status.rawValue)::text,
                   \(ticket.model)::text, \(ticket.version)::text, \(ticket.route)::text, \(ticket.key)::uuid,
                   \(ticket.subject)::text, \(ticket.isStream)::boolean, \(ticket.promptTokens)::int,
                   \(ticket.maxTokens)::int, \(reserved)::numeric, 0, 0, false, \(deferral?.attempt ?? 1)::int,
                   \(ticket.isAsynchronous)::boolean, \(deferral?.priority ?? 0)::smallint,
                   \(deferral?.maxAttempts ?? 1)::int,
                   \(ticket.isAsynchronous ? ticket.createdAt : nil)::timestamptz, \(deferral?.deadline)::timestamptz,
                   \(ticket.isHalved)::boolean, \(metadata)::jsonb, \(ticket.createdAt)::timestamptz,
                   \(isWaiting ? nil : ticket.createdAt)::timestamptz, \(recordedAt)::timestamptz, \(fragment: holder)
            \(fragment: source)
            """
    }

    // MARK: - For running

    /// Where a waiting job stands: the running ones, those that came before it and wait, and whether it waits itself.
    ///
    /// Nobody waits for asynchronous jobs: those that have not begun are not before it.
    static func queue(_ ticket: InferenceTicket) -> SQL {
        """
        SELECT count(*) FILTER (WHERE status = 'running'),
               count(*) FILTER (WHERE status = 'queued' AND NOT is_async AND id < \(ticket.job)),
               count(*) FILTER (WHERE id = \(ticket.job) AND status = 'queued')
        FROM app.inference_jobs WHERE tenant_id = \(ticket.tenant) AND finished_at IS NULL
        """
    }

    static func begin(_ ticket: InferenceTicket, at now: Instant) -> SQL {
        """
        UPDATE app.inference_jobs SET status = 'running', started_at = \(now)
        WHERE tenant_id = \(ticket.tenant) AND id = \(ticket.job) AND status = 'queued'
          AND node_id = \(ticket.lease?.node) AND node_epoch = \(ticket.lease?.epoch)
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

    /// The condition on nodes `n` that a lease is good.
    static func alive(_ lease: NodeLease) -> SQL {
        "n.node_id = \(lease.node) AND n.epoch = \(lease.epoch) AND n.state = 'alive'"
    }

    private static let select: SQL =
        """
        SELECT j.id, j.tenant_id, j.task, j.status, j.model, j.version, j.route, j.key_id, j.subject, j.is_stream,
               j.is_async, j.is_prompt_computed, j.prompt_tokens, j.cached_tokens, j.completion_tokens,
               j.cpu_milliseconds, j.finish_reason, j.error, j.attempts, j.metadata, j.created_at, j.started_at,
               j.finished_at, c.output
        FROM app.inference_jobs j
        LEFT JOIN app.inference_contents c ON c.tenant_id = j.tenant_id AND c.job_id = j.id
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
        let isAsynchronous: Bool = try row.next()
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
            isAsynchronous: isAsynchronous,
            usage: isPromptComputed || promptTokens == 0 && milliseconds ?? 0 > 0 ? usage : nil,
            finishReason: try row.next(),
            error: try row.next(),
            attempts: try row.next(),
            metadata: try row.next(),
            createdAt: try row.next(),
            startedAt: try row.next(),
            finishedAt: try row.next(),
            output: try row.next()
        )
    }
}
