package import Jobs
import Values

/// What gateways are asked, and what they told, in the background.
package enum GatewayJobs {
    /// The kind of the job that has a gateway forget a payment method.
    package static let detach = "gateways.detach"
    /// The kind of the job that looks again at an event that came before what it is about.
    package static let event = "gateways.event"

    /// How long the first look at such an event waits, in seconds.
    private static let firstLookSeconds: Int64 = 20
    /// How often it is looked at, over some five hours.
    private static let looks = 10

    /// Registers what is done.
    package static func install(on worker: JobWorker, gateways: Gateways) {
        worker.registerLong(detach) { job in
            guard let name = job.payload["gateway"]?.string.flatMap(GatewayName.init(rawValue:)),
                let method = job.payload["method"]?.string
            else { throw Problem(.internal, "the job names no payment method") }
            do {
                try await gateways.forget(method, at: name)
            } catch GatewayError.notSetUp {
                // Nothing is charged with it any more in any case.
            }
        }
        worker.register(event) { job, now, transaction in
            guard let id = job.payload["event"]?.string else { throw Problem(.internal, "the job names no event") }
            try await GatewayEventOperations.lookAgain(
                at: id,
                isLast: job.attempt >= job.maxAttempts,
                by: Stamp(now: now, author: .system(GatewayName.stripe.rawValue)),
                in: transaction
            )
        }
    }

    /// The job that has a method's gateway forget it.
    static func detachRequest(_ method: PaymentMethod, at now: Instant) -> JobRequest {
        JobRequest(
            kind: detach,
            payload: ["gateway": .string(method.gateway), "method": .string(method.reference)],
            tenant: method.tenant,
            runAt: now,
            uniqueKey: "\(method.gateway):\(method.reference)"
        )
    }

    /// The job that looks at an event again.
    static func eventRequest(_ id: String, at now: Instant) -> JobRequest {
        JobRequest(
            kind: event,
            payload: ["event": .string(id)],
            runAt: now.adding(seconds: firstLookSeconds),
            uniqueKey: id,
            maxAttempts: looks
        )
    }
}
