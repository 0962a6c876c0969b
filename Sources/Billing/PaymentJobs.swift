package import Jobs
package import Postgres
import Values

/// What payments do by themselves: collecting, sending money back, and what follows where nobody pays.
package enum PaymentJobs {
    /// The kind of the job that collects an invoice.
    package static let collect = "payments.collect"
    /// The kind of the job that sends a refund.
    package static let refund = "payments.refund"
    /// The kind of the job that does what is due about unpaid invoices.
    package static let dunning = "payments.dunning"

    /// So many unanswered attempts are taken up again in a sweep.
    private static let batch = 500

    /// Registers the handlers, and has unpaid invoices looked at every ten minutes.
    ///
    /// `database`: what their transactions run on; gateways are asked outside of any.
    package static func install(
        on worker: JobWorker,
        database: Database,
        gateways: any GatewaySource,
        time: any TimeSource
    ) throws {
        worker.registerLong(collect) { job in
            var fields = try JSONFields(job.payload, path: "payload")
            let invoice = try fields.id("invoice", of: Entities.Invoice.self)
            guard let tenant = job.tenant else { return }
            try await PaymentCollection.collect(
                invoice,
                of: tenant,
                database: database,
                gateways: gateways,
                time: time
            )
        }
        worker.registerLong(refund) { job in
            var fields = try JSONFields(job.payload, path: "payload")
            let id = try fields.id("refund", of: Entities.PaymentRefund.self)
            guard let tenant = job.tenant else { return }
            try await PaymentCollection.sendRefund(
                id,
                of: tenant,
                database: database,
                gateways: gateways,
                time: time
            )
        }
        worker.registerLong(dunning) { _ in
            try await sweep(database, time)
        }
        worker.schedule(dunning, try Schedule("*/10 * * * *")) { slot in
            JobRequest(kind: dunning, payload: [:], runAt: slot, uniqueKey: dunning, maxAttempts: 3)
        }
    }

    /// Takes up what nobody answered, should its job be lost, and does what is due about unpaid invoices.
    private static func sweep(_ database: Database, _ time: any TimeSource) async throws {
        try await database.transaction(as: .system) { transaction in
            let now = time.now()
            let attempts = try await PaymentAttemptQueries.unanswered(
                at: now.adding(seconds: -300),
                limit: batch,
                in: transaction
            )
            let requests = attempts.map { collectRequest($0.invoice, of: $0.tenant, at: now) }
            try await JobOperations.enqueue(requests, at: now, in: transaction)
        }
        let summary = try await DunningRun.run(until: time.now(), database: database, time: time)
        if let failure = summary.failures.first {
            throw Problem(
                .internal,
                "dunning failed for \(summary.failures.count): \(failure.object): \(failure.message)"
            )
        }
    }

    static func collectRequest(_ invoice: InvoiceID, of tenant: TenantID, at now: Instant) -> JobRequest {
        JobRequest(
            kind: collect,
            payload: ["invoice": .string(invoice.text)],
            tenant: tenant,
            runAt: now,
            uniqueKey: invoice.uuidText
        )
    }

    /// Has an attempt that nobody answered sent again; the job that runs now has the invoice's own key.
    static func enqueueRetry(
        _ attempt: PaymentAttempt,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let wait = (attempt.nextTryAt ?? stamp.at) - stamp.at
        var request = collectRequest(
            attempt.invoice,
            of: attempt.tenant,
            at: stamp.recordedAt.adding(microseconds: max(0, wait))
        )
        request.uniqueKey = "\(attempt.id.uuidText):\(attempt.tries)"
        try await JobOperations.enqueue([request], at: stamp.recordedAt, in: transaction)
    }

    static func enqueueRefund(
        _ refund: PaymentRefund,
        after seconds: Int64,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let request = JobRequest(
            kind: Self.refund,
            payload: ["refund": .string(refund.id.text)],
            tenant: refund.tenant,
            runAt: stamp.recordedAt.adding(seconds: seconds),
            uniqueKey: "\(refund.id.uuidText):\(refund.tries)"
        )
        try await JobOperations.enqueue([request], at: stamp.recordedAt, in: transaction)
    }
}
