package import Jobs
import Postgres
import Values

/// What subscriptions do by themselves: their periods, trials and allowances move on also where nobody bills.
package enum SubscriptionJobs {
    /// The kind of the job that finds what has lapsed.
    package static let sweep = "subscriptions.sweep"
    /// The kind of the job that moves one subscription on.
    package static let advance = "subscriptions.advance"

    /// So many are found at once; the others a minute later.
    private static let batch = 2_000

    /// Registers the handlers, and has every minute moved on what has lapsed, each in a transaction of its own.
    package static func install(on worker: JobWorker) throws {
        worker.register(sweep) { _, now, transaction in
            let lapsed = try await SubscriptionQueries.lapsed(at: now, limit: batch, in: transaction)
            let requests = lapsed.map { tenant, subscription in
                JobRequest(
                    kind: advance,
                    payload: ["subscription": .string(subscription.text)],
                    tenant: tenant,
                    runAt: now,
                    uniqueKey: subscription.uuidText
                )
            }
            try await JobOperations.enqueue(requests, at: now, in: transaction)
        }
        worker.register(advance) { job, now, transaction in
            var fields = try JSONFields(job.payload, path: "payload")
            let id = try fields.id("subscription", of: Entities.Subscription.self)
            guard let tenant = job.tenant else { return }
            let stamp = Stamp(now: now, author: .system("subscriptions"))
            try await SubscriptionOperations.advance(id, of: tenant, until: now, by: stamp, in: transaction)
        }
        worker.schedule(sweep, try Schedule("* * * * *")) { slot in
            JobRequest(kind: sweep, payload: [:], runAt: slot, uniqueKey: sweep)
        }
    }
}
