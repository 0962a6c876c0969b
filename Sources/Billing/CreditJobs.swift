package import Jobs
package import Postgres
import Tenants
package import Values

/// What happens to credit by itself: charges of purchases, automatic purchases, expiry.
package enum CreditJobs {
    /// The kind of the job that charges a purchase.
    package static let charge = "credits.charge"
    /// The kind of the job that looks after rules and expiry.
    package static let sweep = "credits.sweep"

    /// How often a gateway that does not answer is asked, over some days.
    private static let chargeAttempts = 60
    /// How many tenants are read at a time.
    private static let pageSize = 200

    /// Registers both, and has the second done every minute.
    package static func install(
        on worker: JobWorker,
        database: Database,
        time: any TimeSource,
        gateways: any GatewaySource
    ) throws {
        worker.registerLong(charge) { job in
            try await charge(job, database: database, time: time, gateways: gateways)
        }
        worker.registerLong(sweep) { _ in
            let now = time.now()
            try await expire(at: now, database: database, time: time)
            try await clearPaidBack(at: now, database: database, time: time)
            try await topUp(at: now, database: database, time: time)
        }
        worker.schedule(sweep, try Schedule("* * * * *")) { slot in
            JobRequest(kind: sweep, payload: [:], runAt: slot, uniqueKey: sweep, maxAttempts: 3)
        }
    }

    /// The job that charges a purchase with a payment method as it is now.
    static func chargeRequest(_ purchase: CreditPurchase, _ method: PaymentMethod, at now: Instant) -> JobRequest {
        JobRequest(
            kind: charge,
            payload: [
                "purchase": .string(purchase.id.text), "method": .string(method.reference),
                "customer": .optional(method.customer),
            ],
            tenant: purchase.tenant,
            runAt: now,
            uniqueKey: purchase.id.text,
            maxAttempts: chargeAttempts
        )
    }

    /// Begins the purchases that rules ask for at an instant.
    ///
    /// What one tenant's is refused for holds up no other.
    package static func topUp(at instant: Instant, database: Database, time: any TimeSource) async throws {
        var last: TenantID?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await TopUpQueries.low(at: instant, after: last, limit: pageSize, in: transaction)
            }
            for tenant in page {
                do {
                    _ = try await database.transaction(as: .system) { transaction in
                        try await TopUpOperations.topUp(
                            tenant,
                            by: Stamp(at: instant, recordedAt: time.now(), author: .system("credits")),
                            in: transaction
                        )
                    }
                } catch  where Problem.of(error).kind != .unavailable {
                    continue
                }
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end
        }
    }

    /// Books out everything that has expired up to an instant.
    ///
    /// `tenant`: only this tenant's; nil is all.
    package static func expire(
        at instant: Instant,
        tenant: TenantID? = nil,
        database: Database,
        time: any TimeSource
    ) async throws {
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await CreditExpiryOperations.expired(at: instant, tenant: tenant, limit: pageSize, in: transaction)
            }
            for found in page {
                _ = try await database.transaction(as: .system) { transaction in
                    try await CreditExpiryOperations.expire(
                        found.grant,
                        of: found.tenant,
                        by: Stamp(at: instant, recordedAt: time.now(), author: .system("credits")),
                        in: transaction
                    )
                }
            }
            guard page.count == pageSize else { return }
        }
    }

    /// Books out what invoices have given back of credit since its money went back.
    package static func clearPaidBack(at instant: Instant, database: Database, time: any TimeSource) async throws {
        var last: CreditPaidBackOperations.Found?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await CreditPaidBackOperations.cleared(after: last, limit: pageSize, in: transaction)
            }
            for found in page {
                try await database.transaction(as: .system) { transaction in
                    let stamp = Stamp(at: instant, recordedAt: time.now(), author: .system("credits"))
                    let owner = try await TenantQueries.find(found.tenant, in: transaction)
                    try await CreditPaidBackOperations.clear(
                        found,
                        by: owner?.stamped(stamp) ?? stamp,
                        in: transaction
                    )
                }
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end
        }
    }

    /// Asks the gateway, under the purchase's id: asking again is the same charge.
    private static func charge(
        _ job: Job,
        database: Database,
        time: any TimeSource,
        gateways: any GatewaySource
    ) async throws {
        guard let tenant = job.tenant, let id = job.payload["purchase"]?.string.flatMap({ CreditPurchaseID($0) }),
            let method = job.payload["method"]?.string
        else { throw Problem(.internal, "the job names no purchase") }
        let purchase = try await database.transaction(as: .tenant(tenant)) { transaction in
            try await CreditPurchaseQueries.find(id, of: tenant, in: transaction)
        }
        guard let purchase, purchase.status == .pending, let name = purchase.gateway else { return }
        var outcome = try await gateways.gateway(named: name).charge(
            GatewayCharge(
                amount: purchase.price,
                customer: job.payload["customer"]?.string,
                method: method,
                idempotencyKey: id.text,
                description: "Credit \(purchase.package)",
                metadata: ["tenant": tenant.text, "purchase": id.text],
                // Whoever was here before may have been killed before the answer was written.
                mayHaveBeenSent: job.attempt > 1
            )
        )
        if case .unavailable(let message, _) = outcome {
            guard job.attempt >= job.maxAttempts else { throw Problem(.unavailable, "the gateway: \(message)") }
            outcome = .declined(reference: nil, code: "unanswered", message: message, isFinal: false)
        }
        let settled = outcome
        _ = try await database.transaction(as: .tenant(tenant)) { transaction in
            let stamp = Stamp(now: time.now(), author: .system("credits"))
            let owner = try await TenantQueries.find(tenant, in: transaction)
            return try await CreditPurchaseOperations.settle(
                id,
                of: tenant,
                with: settled,
                by: owner?.stamped(stamp) ?? stamp,
                in: transaction
            )
        }
    }
}
