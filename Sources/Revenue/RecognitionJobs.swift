package import Jobs
package import Postgres
import Values

/// Has each month's revenue recognised once it is over.
package enum RecognitionJobs {
    /// The kind of the job that posts the month before.
    package static let recognise = "revenue.recognise"

    /// Registers the job, and has it done every day: a month that could not be posted on its first day is the next.
    ///
    /// It runs at two in the morning, UTC, when the drafts of the month's last hour are in the books.
    package static func install(on worker: JobWorker, database: Database, time: any TimeSource) throws {
        worker.registerLong(recognise) { _ in
            let now = time.now()
            let month = Month(of: Zone.utc.date(of: now)).adding(-1)
            try await RecognitionRun.run(
                through: month,
                database: database,
                by: Stamp(now: now, author: .system("revenue"))
            )
        }
        worker.schedule(recognise, try Schedule("0 2 * * *")) { slot in
            JobRequest(kind: recognise, payload: [:], runAt: slot, uniqueKey: recognise)
        }
    }
}
