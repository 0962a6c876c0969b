package import Jobs
package import Postgres
import Values

/// What billing does by itself.
package enum BillingJobs {
    /// The kind of the job that bills everything due.
    package static let run = "billing.run"

    /// Registers the billing run, and has it done every five minutes.
    ///
    /// `database`: what the run's transactions, one for each subscription, run on.
    ///
    /// `time`: the clock, up to whose instant is billed.
    ///
    /// `graceSeconds`: how long an invoice stays a draft.
    package static func install(
        on worker: JobWorker,
        database: Database,
        time: any TimeSource,
        graceSeconds: Int64 = BillingRun.defaultGraceSeconds
    ) throws {
        worker.registerLong(run) { _ in
            let summary = try await BillingRun.run(
                until: time.now(),
                database: database,
                time: time,
                graceSeconds: graceSeconds
            )
            // What was done is done; the failure makes the job try the rest again.
            if let failure = summary.failures.first {
                throw Problem(
                    .internal,
                    "billing failed for \(summary.failures.count): \(failure.object): \(failure.message)"
                )
            }
        }
        worker.schedule(run, try Schedule("*/5 * * * *")) { slot in
            JobRequest(kind: run, payload: [:], runAt: slot, uniqueKey: run, maxAttempts: 3)
        }
    }
}
