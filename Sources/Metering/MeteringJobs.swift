package import Jobs
import Postgres
package import Values

/// What metering does by itself.
package enum MeteringJobs {
    /// The kind of the job that makes partitions ahead of time.
    package static let partitions = "metering.partitions"
    /// The kind of the job that computes a meter over past events, a step at a time.
    package static let backfill = "metering.backfill"
    /// The kind of the job that stores events whose meter was not known, a batch at a time.
    package static let replay = "metering.replay"

    /// The kind of the job that writes down what is left of features, every night.
    package static let checkpoints = "metering.checkpoints"

    /// Registers the handlers, has the partitions of this month and the next two made every night, and looks every
    /// five minutes for kept events whose meter is there.
    ///
    /// Ingest makes what is missing; made ahead, no request has to. A request that did not see a meter may keep events
    /// after the meter was put and its events stored; the look finds them.
    package static func install(on worker: JobWorker) throws {
        worker.register(checkpoints) { _, now, transaction in
            let hasMore = try await QuotaCheckpointOperations.advance(at: now, in: transaction)
            if hasMore {
                let next = JobRequest(kind: checkpoints, payload: [:], runAt: now)
                try await JobOperations.enqueue([next], at: now, in: transaction)
            }
        }
        worker.schedule(checkpoints, try Schedule("41 1 * * *")) { slot in
            JobRequest(kind: checkpoints, payload: [:], runAt: slot, uniqueKey: checkpoints)
        }
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
        worker.register(backfill) { job, now, transaction in
            guard let code = job.payload["meter"]?.string else { return }
            let stamp = Stamp(now: now, author: .system("metering"))
            let next = try await MeterBackfillOperations.step(code, by: stamp, in: transaction)
            guard next != .none else { return }
            let request = backfill(
                code,
                generation: try await MeterBackfillQueries.generation(code, in: transaction),
                step: (job.payload["step"]?.int ?? 0) + 1,
                at: next == .wait ? now.adding(seconds: 1) : now
            )
            try await JobOperations.enqueue([request], at: now, in: transaction)
        }
        worker.register(replay) { job, now, transaction in
            let meter = job.payload["meter"]?.string
            let stamp = Stamp(now: now, author: .system("metering"))
            guard try await UsageKeptOperations.replay(meter: meter, by: stamp, in: transaction).hasMore else { return }
            let request = replay(meter, step: (job.payload["step"]?.int ?? 0) + 1, at: now)
            try await JobOperations.enqueue([request], at: now, in: transaction)
        }
        worker.schedule(replay, try Schedule("*/5 * * * *")) { slot in replay(nil, step: 0, at: slot) }
    }

    /// A step of a meter's computing.
    ///
    /// `step`: counts the steps; a running one does not stand in the way of the next.
    package static func backfill(_ code: String, generation: Int, step: Int, at instant: Instant) -> JobRequest {
        JobRequest(
            kind: backfill,
            payload: ["meter": .string(code), "step": .int(step)],
            runAt: instant,
            uniqueKey: "\(code) \(generation) \(step)"
        )
    }

    /// A batch of kept events.
    ///
    /// `meter`: only its events; nil is all.
    package static func replay(_ meter: String?, step: Int, at instant: Instant) -> JobRequest {
        JobRequest(
            kind: replay,
            payload: ["meter": .optional(meter), "step": .int(step)],
            runAt: instant,
            uniqueKey: "\(meter ?? "") \(step)"
        )
    }
}
