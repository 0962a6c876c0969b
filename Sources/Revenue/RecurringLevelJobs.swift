package import Jobs
package import Postgres
import Values

/// Has what subscriptions bring a month kept for reports.
package enum RecurringLevelJobs {
    /// The kind of the job that brings it up to date.
    package static let refresh = "revenue.recurring"

    /// Registers the job, and has it done every hour: what changed since then is derived by reports themselves.
    package static func install(on worker: JobWorker, database: Database, time: any TimeSource) throws {
        worker.registerLong(refresh) { _ in
            try await RecurringLevelRun.run(
                database: database,
                by: Stamp(now: time.now(), author: .system("revenue"))
            )
        }
        worker.schedule(refresh, try Schedule("20 * * * *")) { slot in
            JobRequest(kind: refresh, payload: [:], runAt: slot, uniqueKey: refresh)
        }
    }
}
