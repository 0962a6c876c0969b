import Jobs
import Postgres
import Values

/// The statements by which asynchronous jobs are kept, taken and given back.
enum AsynchronousQueries {
    /// Keeps what a job was given until it is past its retention.
    static func insertInput(
        _ input: JSONValue,
        of ticket: InferenceTicket,
        until end: Instant,
        at now: Instant
    ) -> SQL {
        """
        INSERT INTO app.inference_contents (tenant_id, job_id, input, output, expires_at, recorded_at)
        VALUES (\(ticket.tenant), \(ticket.job), \(input), NULL, \(end), \(now))
        """
    }

    /// A job that may be taken.
    struct Candidate: Hashable, Sendable {
        let tenant: TenantID
        let job: JobID
    }

    /// Jobs that may be taken, in the order in which they should be.
    ///
    /// Each tenant's first comes before any other's second, and what runs of a tenant counts: so one with a thousand
    /// jobs delays itself.
    static func candidates(models: [String], limit: Int, at now: Instant) -> SQL {
        """
        SELECT w.tenant_id, w.id
        FROM (
            SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY priority DESC, id) AS place
            FROM app.inference_jobs
            WHERE is_async AND status = 'queued' AND run_at <= \(now) AND model = ANY (\(models)::text[])
        ) w LEFT JOIN (
            SELECT tenant_id, count(*) AS running FROM app.inference_jobs
            WHERE is_async AND status = 'running' AND finished_at IS NULL GROUP BY tenant_id
        ) r ON r.tenant_id = w.tenant_id
        ORDER BY w.place + coalesce(r.running, 0), w.id LIMIT \(limit)
        """
    }

    static func candidate(_ row: inout RowReader) throws -> Candidate {
        Candidate(tenant: try row.next(), job: try row.next())
    }

    /// How many wait in all, and when the next of them may be taken or has run out of time.
    static func outlook(at now: Instant) -> SQL {
        """
        SELECT count(*), min(CASE WHEN run_at > \(now) THEN least(run_at, deadline_at) ELSE deadline_at END)
        FROM app.inference_jobs WHERE is_async AND status = 'queued'
        """
    }

    /// How many of a tenant's take a place now: those that run and those that somebody waits for.
    static func busy(_ tenant: TenantID) -> SQL {
        """
        SELECT count(*) FROM app.inference_jobs
        WHERE tenant_id = \(tenant) AND finished_at IS NULL AND (status = 'running' OR NOT is_async)
        """
    }

    /// Takes a waiting job under a lease; no row if it does not wait any more or the lease is void.
    static func take(_ candidate: Candidate, under lease: NodeLease, at now: Instant) -> SQL {
        """
        UPDATE app.inference_jobs
        SET status = 'running', node_id = \(lease.node), node_epoch = \(lease.epoch), attempts = attempts + 1,
            started_at = \(now)
        WHERE tenant_id = \(candidate.tenant) AND id = \(candidate.job) AND is_async AND status = 'queued'
          AND EXISTS (SELECT FROM app.nodes n WHERE \(fragment: InferenceJobQueries.alive(lease)))
        RETURNING \(fragment: InferenceJobQueries.ticketColumns)
        """
    }

    static func input(_ candidate: Candidate) -> SQL {
        """
        SELECT input FROM app.inference_contents
        WHERE tenant_id = \(candidate.tenant) AND job_id = \(candidate.job)
        """
    }

    /// Has a job wait again: nothing of the run that ended is left.
    ///
    /// `attempts`: how many runs count.
    static func giveBack(
        _ ticket: InferenceTicket,
        fence: InferenceJobQueries.Fence,
        attempts: Int,
        until runAt: Instant
    ) -> SQL {
        """
        UPDATE app.inference_jobs
        SET status = 'queued', node_id = NULL, node_epoch = NULL, attempts = \(attempts), run_at = \(runAt),
            started_at = NULL, is_prompt_computed = false, cached_tokens = 0, delivered_tokens = 0
        WHERE tenant_id = \(ticket.tenant) AND id = \(ticket.job) AND is_async AND status = 'running'
          AND cancel_requested_at IS NULL AND \(fragment: InferenceJobQueries.condition(fence, ticket))
        """
    }

    /// Gives back all that a lost node ran and that may run again.
    static func release(_ lease: NodeLease, at now: Instant) -> SQL {
        """
        UPDATE app.inference_jobs
        SET status = 'queued', node_id = NULL, node_epoch = NULL, run_at = \(now), started_at = NULL,
            is_prompt_computed = false, cached_tokens = 0, delivered_tokens = 0
        WHERE node_id = \(lease.node) AND node_epoch = \(lease.epoch) AND finished_at IS NULL AND is_async
          AND attempts < max_attempts AND cancel_requested_at IS NULL
        """
    }

    /// Waiting jobs whose time has passed.
    static func late(at now: Instant, limit: Int) -> SQL {
        """
        SELECT \(fragment: InferenceJobQueries.ticketColumns) FROM app.inference_jobs
        WHERE is_async AND status = 'queued' AND deadline_at <= \(now)
        ORDER BY tenant_id, id LIMIT \(limit)
        """
    }

    /// One job, to be ended or begun anew; only an asynchronous one.
    static func ticket(_ id: JobID, of tenant: TenantID) -> SQL {
        """
        SELECT \(fragment: InferenceJobQueries.ticketColumns) FROM app.inference_jobs
        WHERE tenant_id = \(tenant) AND id = \(id) AND is_async
        """
    }

    /// Has a job that failed, was cancelled or ran out of time wait anew, with a reservation of its own.
    static func revive(_ ticket: InferenceTicket, reserved: Decimal12, at now: Instant) -> SQL {
        """
        UPDATE app.inference_jobs
        SET status = 'queued', node_id = NULL, node_epoch = NULL, attempts = 0, run_at = \(now), started_at = NULL,
            finished_at = NULL, error = NULL, finish_reason = NULL, completion_tokens = NULL, cpu_milliseconds = NULL,
            is_prompt_computed = false, cached_tokens = 0, delivered_tokens = 0, cancel_requested_at = NULL,
            deadline_at = NULL, reserved = \(reserved)
        WHERE tenant_id = \(ticket.tenant) AND id = \(ticket.job) AND is_async
          AND status IN ('failed', 'cancelled', 'expired')
        """
    }

    /// Empties what is past its retention.
    static func forget(at now: Instant, limit: Int) -> SQL {
        """
        UPDATE app.inference_contents SET input = NULL, output = NULL
        WHERE (tenant_id, job_id) IN (
            SELECT tenant_id, job_id FROM app.inference_contents
            WHERE expires_at <= \(now) AND (input IS NOT NULL OR output IS NOT NULL) LIMIT \(limit))
        """
    }
}
