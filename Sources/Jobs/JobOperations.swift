package import Postgres
package import Values

/// Writing, finishing, retrying and cancelling background work.
package enum JobOperations {
    /// The channel on which workers hear that there is something to do.
    package static let channel = "abono_jobs"

    /// Writes jobs in the caller's transaction: they exist if and only if it commits.
    ///
    /// - Returns: the ids of the requests, in order. One whose unique key is already waiting or running is not added;
    ///   nothing has its id then.
    @discardableResult
    package static func enqueue(
        _ requests: [JobRequest],
        at recordedAt: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [BackgroundJobID] {
        guard !requests.isEmpty else { return [] }
        let ids = requests.map { _ in BackgroundJobID.make(at: recordedAt) }
        try await transaction.execute(JobQueries.insert(requests, ids: ids, at: recordedAt))
        await transaction.signal(channel)
        return ids
    }

    /// Ends a job in the transaction that has its effects; throws, and so undoes them, if the lease is void.
    package static func complete(
        _ job: Job,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        let held = try await transaction.execute(JobQueries.complete([job], lease: job.lease, now: now))
        guard held == 1 else { throw JobError.leaseLost(job.id) }
    }

    /// Makes a dead or cancelled job wait for its next run.
    package static func retry(
        _ id: BackgroundJobID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let changed = try await transaction.execute(
            """
            UPDATE app.jobs SET state = 'available', run_at = \(stamp.recordedAt), attempt = 0, finished_at = NULL
            WHERE job_id = \(id) AND state IN ('dead', 'cancelled')
            """
        )
        try await refuse(id, ifUnchanged: changed, in: transaction)
        try await Activity.record(
            "job.retried",
            object: id.text,
            tenant: nil,
            details: [:],
            by: stamp,
            in: transaction
        )
        await transaction.signal(channel)
    }

    /// Cancels a job that waits.
    package static func cancel(
        _ id: BackgroundJobID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let changed = try await transaction.execute(
            """
            UPDATE app.jobs SET state = 'cancelled', finished_at = \(stamp.recordedAt)
            WHERE job_id = \(id) AND state = 'available'
            """
        )
        try await refuse(id, ifUnchanged: changed, in: transaction)
        try await Activity.record(
            "job.cancelled",
            object: id.text,
            tenant: nil,
            details: [:],
            by: stamp,
            in: transaction
        )
    }

    /// Moves a test clock forward and releases what waited for it.
    package static func advance(
        _ clock: ClockID,
        to instant: Instant,
        now: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            "UPDATE app.test_clocks SET at = \(instant) WHERE clock_id = \(clock) AND at <= \(instant)"
        )
        try await transaction.execute(JobQueries.releaseClock(clock, at: instant, now: now))
        await transaction.signal(channel)
    }

    private static func refuse(
        _ id: BackgroundJobID,
        ifUnchanged changed: Int,
        in transaction: borrowing Transaction
    ) async throws {
        guard changed == 0 else { return }
        let state: String? = try await transaction.first("SELECT state FROM app.jobs WHERE job_id = \(id)") { row in
            try row.next()
        }
        guard let state else { throw JobError.notFound(id.text) }
        throw JobError.notChangeable(id, state: state)
    }
}
