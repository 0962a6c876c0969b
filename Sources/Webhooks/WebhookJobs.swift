package import Jobs
import Postgres
import Values

/// What is done at its time, beside sending.
package enum WebhookJobs {
    /// The kind of the job that clears answers past their retention.
    package static let retentionKind = "webhooks.retention"

    /// Has answers' bodies that are past their retention cleared every night, some thousands a job.
    package static func install(on worker: JobWorker) throws {
        worker.register(retentionKind) { _, now, transaction in
            let cleared = try await WebhookSendingOperations.forgetBodies(limit: batch, now: now, in: transaction)
            guard cleared == batch else { return }
            try await JobOperations.enqueue([request(at: now)], at: now, in: transaction)
        }
        worker.schedule(retentionKind, try Schedule("40 3 * * *")) { slot in request(at: slot) }
    }

    private static let batch = 10_000

    private static func request(at instant: Instant) -> JobRequest {
        JobRequest(kind: retentionKind, payload: [:], runAt: instant)
    }
}
