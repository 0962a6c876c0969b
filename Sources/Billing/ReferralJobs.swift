package import Jobs
package import Postgres
package import Values

/// Rewarding those who brought others, by itself.
package enum ReferralJobs {
    /// The kind of the job that rewards everybody it can.
    package static let run = "billing.referrals"

    private static let page = 200

    /// Has referrals rewarded every five minutes.
    package static func install(on worker: JobWorker, database: Database, time: any TimeSource) throws {
        worker.registerLong(run) { _ in
            _ = try await settleAll(database: database, time: time, author: .system("billing"))
        }
        worker.schedule(run, try Schedule("*/5 * * * *")) { slot in
            JobRequest(kind: run, payload: [:], runAt: slot, uniqueKey: run, maxAttempts: 3)
        }
    }

    /// Rewards every referral that can be, each in a transaction of its own.
    ///
    /// - Returns: those that were rewarded or refused.
    @discardableResult
    package static func settleAll(
        database: Database,
        time: any TimeSource,
        author: Author
    ) async throws -> [Referral] {
        var settled: [Referral] = []
        var after: TenantID?
        while true {
            let due = try await database.transaction(as: .system) { transaction in
                try await ReferralOperations.due(limit: page, after: after, in: transaction)
            }
            for tenant in due {
                let referral = try await database.transaction(as: .system) { transaction in
                    try await ReferralOperations.settle(
                        tenant,
                        by: Stamp(now: time.now(), author: author),
                        in: transaction
                    )
                }
                if let referral, referral.status != .pending { settled.append(referral) }
            }
            guard due.count == page, let last = due.last else { return settled }
            after = last
        }
    }
}
