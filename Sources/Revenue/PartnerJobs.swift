package import Jobs
package import Postgres
import Values

/// Has the partners' shares accrued.
package enum PartnerJobs {
    /// The kind of the job that accrues what came in.
    package static let accrue = "revenue.partners"

    /// Registers the job, and has it done every day at three in the morning, UTC.
    package static func install(on worker: JobWorker, database: Database, time: any TimeSource) throws {
        worker.registerLong(accrue) { _ in
            try await PartnerAccrualRun.run(
                database: database,
                by: Stamp(now: time.now(), author: .system("revenue"))
            )
        }
        worker.schedule(accrue, try Schedule("0 3 * * *")) { slot in
            JobRequest(kind: accrue, payload: [:], runAt: slot, uniqueKey: accrue)
        }
    }
}
