package import Jobs
package import Postgres
import Values

/// Has subscriptions with thresholds looked at every minute.
package enum ProgressiveJobs {
    /// The kind of the job.
    package static let sweep = "billing.thresholds"

    /// Registers the job, and has it done every minute.
    package static func install(on worker: JobWorker, database: Database, time: any TimeSource) throws {
        worker.registerLong(sweep) { _ in
            var summary = BillingRunSummary()
            try await ProgressiveBilling.sweep(at: time.now(), database: database, time: time, &summary)
            if let failure = summary.failures.first {
                throw Problem(
                    .internal,
                    "looking at thresholds failed for \(summary.failures.count): \(failure.object): \(failure.message)"
                )
            }
        }
        worker.schedule(sweep, try Schedule("* * * * *")) { slot in
            JobRequest(kind: sweep, payload: [:], runAt: slot, uniqueKey: sweep, maxAttempts: 3)
        }
    }
}
