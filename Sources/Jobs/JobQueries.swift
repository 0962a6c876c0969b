import Postgres
import Values

/// All SQL of the job queue.
enum JobQueries {
    static func insert(_ requests: [JobRequest], ids: [BackgroundJobID], at recordedAt: Instant) -> SQL {
        let runAt = requests.map { request in
            // One with a test clock waits for the clock and not for the machine's time to reach what it is due at.
            request.clock == nil ? max(request.runAt, request.dueAt ?? request.runAt) : request.runAt
        }
        return """
            INSERT INTO app.jobs (job_id, kind, state, priority, run_at, due_at, clock_id, tenant_id, unique_key,
                                  payload, attempt, max_attempts, recorded_at)
            SELECT id, kind, 'available', priority,
                   CASE WHEN r.clock_id IS NULL OR r.due_at IS NULL
                          OR r.due_at <= (SELECT c.at FROM app.test_clocks c WHERE c.clock_id = r.clock_id)
                        THEN r.run_at ELSE 'infinity' END,
                   due_at, clock_id, tenant_id, unique_key, payload, 0, max_attempts, \(recordedAt)
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
    ///
    /// The node's row is locked meanwhile: whoever declares the node lost comes before, and then nothing is taken, or
    /// after, and then gives back what was taken. Without that a job could be taken under a void lease and never end.
    /// The rows are found by an array of their ids: joined, they are hashed with all jobs there ever were.
    static func claim(kinds: [String], limit: Int, lease: NodeLease, now: Instant) -> SQL {
        """
        WITH holder AS (
            SELECT node_id FROM app.nodes
            WHERE node_id = \(lease.node) AND epoch = \(lease.epoch) AND state = 'alive' FOR SHARE
        ), ready AS (
            SELECT job_id FROM app.jobs
            WHERE state = 'available' AND run_at <= \(now) AND kind = ANY (\(kinds)::text[])
              AND EXISTS (SELECT FROM holder)
            ORDER BY priority, run_at, job_id LIMIT \(limit) FOR UPDATE SKIP LOCKED
        )
        UPDATE app.jobs j
        SET state = 'running', attempt = j.attempt + 1, node_id = \(lease.node), node_epoch = \(lease.epoch),
            started_at = \(now)
        WHERE j.job_id = ANY (ARRAY(SELECT job_id FROM ready))
        RETURNING j.job_id, j.kind, j.payload, j.tenant_id, j.due_at, j.attempt, j.max_attempts
        """
    }

    /// Ends jobs this lease still holds; the rows returned are those it held.
    ///
    /// That a row has a node means that it is running, by the table's CHECK. The state is not asked for, or the planner
    /// would take the index of what is running, and read all of it for every job.
    static func complete(_ jobs: [Job], lease: NodeLease, now: Instant) -> SQL {
        """
        UPDATE app.jobs j SET state = 'done', node_id = NULL, finished_at = \(now), error = NULL
        FROM unnest(\(jobs.map(\.id))::uuid[], \(jobs.map(\.attempt))::int[]) AS d (id, attempt)
        WHERE j.job_id = d.id AND j.attempt = d.attempt AND j.node_id = \(lease.node) AND j.node_epoch = \(lease.epoch)
        RETURNING j.job_id
        """
    }

    static func fail(_ job: Job, error: String, retryAt: Instant?, now: Instant) -> SQL {
        """
        UPDATE app.jobs SET node_id = NULL, error = \(error),
            state = CASE WHEN \(retryAt)::timestamptz IS NULL THEN 'dead' ELSE 'available' END,
            run_at = coalesce(\(retryAt), run_at),
            finished_at = CASE WHEN \(retryAt)::timestamptz IS NULL THEN \(now)::timestamptz END
        WHERE job_id = \(job.id) AND attempt = \(job.attempt)
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

    /// Gives back jobs that were claimed and not begun, as if they had never been claimed.
    static func giveBack(_ jobs: [Job], lease: NodeLease) -> SQL {
        """
        UPDATE app.jobs j SET state = 'available', node_id = NULL, attempt = j.attempt - 1
        FROM unnest(\(jobs.map(\.id))::uuid[], \(jobs.map(\.attempt))::int[]) AS g (id, attempt)
        WHERE j.job_id = g.id AND j.attempt = g.attempt AND j.node_id = \(lease.node) AND j.node_epoch = \(lease.epoch)
        """
    }

    /// Releases jobs whose test clock has reached what they are due at: those that were written while it was moved,
    /// which `releaseClock` could not see.
    static func releaseClocks(now: Instant) -> SQL {
        """
        WITH due AS (
            SELECT j.job_id FROM app.jobs j JOIN app.test_clocks c ON c.clock_id = j.clock_id
            WHERE j.state = 'available' AND j.clock_id IS NOT NULL AND j.run_at = 'infinity' AND j.due_at <= c.at
            ORDER BY j.job_id LIMIT 1000 FOR UPDATE OF j SKIP LOCKED
        )
        UPDATE app.jobs j SET run_at = \(now) FROM due WHERE j.job_id = due.job_id
        """
    }

    static func releaseClock(_ clock: ClockID, at instant: Instant, now: Instant) -> SQL {
        """
        UPDATE app.jobs SET run_at = \(now)
        WHERE clock_id = \(clock) AND state = 'available' AND due_at <= \(instant) AND run_at = 'infinity'
        """
    }
}
