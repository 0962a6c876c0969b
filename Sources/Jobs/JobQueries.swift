import Postgres
import Values

/// All SQL of the job queue.
enum JobQueries {
    static func insert(_ requests: [JobRequest], ids: [BackgroundJobID], at recordedAt: Instant) -> SQL {
        let runAt = requests.map { request -> String in
            // A job that waits for a test clock is released by the clock, not by the machine's time.
            guard request.clock == nil else { return "infinity" }
            return max(request.runAt, request.dueAt ?? request.runAt).text
        }
        return """
            INSERT INTO app.jobs (job_id, kind, state, priority, run_at, due_at, clock_id, tenant_id, unique_key,
                                  payload, attempt, max_attempts, recorded_at)
            SELECT id, kind, 'available', priority, run_at, due_at, clock_id, tenant_id, unique_key,
                   payload, 0, max_attempts, \(recordedAt)
            FROM unnest(\(ids)::uuid[], \(requests.map(\.kind))::text[], \(requests.map(\.priority))::smallint[],
                        \(runAt)::timestamptz[], \(requests.map(\.dueAt))::timestamptz[],
                        \(requests.map(\.clock))::uuid[], \(requests.map(\.tenant))::uuid[],
                        \(requests.map(\.uniqueKey))::text[], \(requests.map(\.payload))::jsonb[],
                        \(requests.map(\.maxAttempts))::int[])
                 AS r (id, kind, priority, run_at, due_at, clock_id, tenant_id, unique_key, payload, max_attempts)
            ON CONFLICT DO NOTHING
            """
    }

    /// Takes up to `limit` jobs that are ready, best first; nobody waits for anybody.
    static func claim(kinds: [String], limit: Int, lease: NodeLease, now: Instant) -> SQL {
        """
        WITH ready AS (
            SELECT job_id FROM app.jobs
            WHERE state = 'available' AND run_at <= \(now) AND kind = ANY (\(kinds)::text[])
            ORDER BY priority, run_at, job_id LIMIT \(limit) FOR UPDATE SKIP LOCKED
        )
        UPDATE app.jobs j
        SET state = 'running', attempt = j.attempt + 1, node_id = \(lease.node), node_epoch = \(lease.epoch),
            started_at = \(now)
        FROM ready WHERE j.job_id = ready.job_id
        RETURNING j.job_id, j.kind, j.payload, j.tenant_id, j.due_at, j.attempt, j.max_attempts
        """
    }

    /// Ends jobs this lease still holds; the rows returned are those it held.
    static func complete(_ jobs: [Job], lease: NodeLease, now: Instant) -> SQL {
        """
        UPDATE app.jobs j SET state = 'done', node_id = NULL, finished_at = \(now), error = NULL
        FROM unnest(\(jobs.map(\.id))::uuid[], \(jobs.map(\.attempt))::int[]) AS d (id, attempt)
        WHERE j.job_id = d.id AND j.attempt = d.attempt AND j.state = 'running'
          AND j.node_id = \(lease.node) AND j.node_epoch = \(lease.epoch)
        RETURNING j.job_id
        """
    }

    static func fail(_ job: Job, error: String, retryAt: Instant?, now: Instant) -> SQL {
        """
        UPDATE app.jobs SET node_id = NULL, error = \(error),
            state = CASE WHEN \(retryAt)::timestamptz IS NULL THEN 'dead' ELSE 'available' END,
            run_at = coalesce(\(retryAt), run_at),
            finished_at = CASE WHEN \(retryAt)::timestamptz IS NULL THEN \(now)::timestamptz END
        WHERE job_id = \(job.id) AND attempt = \(job.attempt) AND state = 'running'
          AND node_id = \(job.lease.node) AND node_epoch = \(job.lease.epoch)
        """
    }

    /// Gives back what a lost node held; a job that has used up its attempts is a dead letter.
    static func release(_ lease: NodeLease, now: Instant) -> SQL {
        """
        UPDATE app.jobs SET node_id = NULL, error = 'the node that ran it was lost',
            state = CASE WHEN attempt >= max_attempts THEN 'dead' ELSE 'available' END,
            finished_at = CASE WHEN attempt >= max_attempts THEN \(now)::timestamptz END
        WHERE node_id = \(lease.node) AND node_epoch = \(lease.epoch) AND state = 'running'
        """
    }

    static func releaseClock(_ clock: ClockID, at instant: Instant, now: Instant) -> SQL {
        """
        UPDATE app.jobs SET run_at = \(now)
        WHERE clock_id = \(clock) AND state = 'available' AND due_at <= \(instant) AND run_at = 'infinity'
        """
    }
}
