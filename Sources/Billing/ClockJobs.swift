package import Jobs
package import Postgres
package import Values

/// Has test clocks moved in the background.
package enum ClockJobs {
    /// The kind of the job that takes one clock to where it is to go.
    package static let advance = "clocks.advance"

    /// Registers the job.
    ///
    /// `gateways`: who is asked for money on the way.
    package static func install(
        on worker: JobWorker,
        database: Database,
        time: any TimeSource,
        gateways: (any GatewaySource)? = nil
    ) {
        worker.registerLong(advance) { job in
            var fields = try JSONFields(job.payload, path: "payload")
            let id = try fields.id("clock", of: Entities.Clock.self)
            try await ClockRun.advance(id, database: database, time: time, gateways: gateways)
        }
    }

    /// Asks that a clock be moved, in the transaction that says where to.
    package static func enqueue(
        _ id: ClockID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let request = JobRequest(
            kind: advance,
            payload: ["clock": .string(id.text)],
            runAt: stamp.recordedAt,
            uniqueKey: id.text
        )
        try await JobOperations.enqueue([request], at: stamp.recordedAt, in: transaction)
    }
}
