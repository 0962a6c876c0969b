package import Jobs
import Postgres
import Values

/// What metering does by itself.
package enum MeteringJobs {
    /// The kind of the job that makes partitions ahead of time.
    package static let partitions = "metering.partitions"

    /// Registers the handlers, and has the partitions of this month and the next two made every night.
    ///
    /// Ingest makes what is missing; made ahead, no request has to.
    package static func install(on worker: JobWorker) throws {
        worker.register(partitions) { job, now, transaction in
            var months: [CalendarDate] = []
            let month = UsageMonth.start(of: job.dueAt ?? now)
            for ahead in 0..<3 {
                let next = month.adding(months: ahead)
                if UsageLimits.instants.contains(Zone.utc.instant(next)) { months.append(next) }
            }
            try await transaction.execute(UsageIngestQueries.ensurePartitions(months))
        }
        worker.schedule(partitions, try Schedule("17 0 * * *")) { slot in
            JobRequest(kind: partitions, payload: [:], runAt: slot, uniqueKey: partitions)
        }
    }
}
