import Jobs
import Logging
import Postgres
import Values

/// Looking after jobs: those of servers that died, and those that are to be stopped.
extension InferenceService {
    /// Looks each second for jobs that are to be cancelled and for what dead servers have left.
    func watch() async {
        var stoppedAt: SuspendingClock.Instant?
        var forgotAt: SuspendingClock.Instant?
        while !Task.isCancelled {
            if isStopping {
                let since = stoppedAt ?? .now
                stoppedAt = since
                if .now - since >= Self.drain { stopAll() }
            }
            do {
                try await recover()
                try await cancelRequested()
                if forgotAt.map({ .now - $0 >= .seconds(600) }) ?? true {
                    _ = try await forgetContents()
                    forgotAt = .now
                }
            } catch {
                logger.warning("inference cannot look after jobs", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Settles jobs whose nodes are gone, each in a transaction of its own; of several that try one does it.
    ///
    /// `run` does this all the time; call it to have it done now.
    package func recover() async throws {
        let orphans = try await database.transaction(as: .system) { transaction in
            try await InferenceOperations.orphans(limit: 200, in: transaction)
        }
        for (ticket, outcome) in orphans {
            let stamp = Stamp(now: time.now(), author: .system("inference"))
            do {
                if let deferral = ticket.deferral, deferral.attempt < deferral.maxAttempts,
                    try await runAgain(ticket, attempts: deferral.attempt, at: stamp.recordedAt)
                {
                    continue
                }
                try await database.transaction(as: .tenant(ticket.tenant)) { transaction in
                    try await InferenceOperations.settle(
                        ticket,
                        outcome,
                        fence: .successor,
                        by: stamp,
                        in: transaction
                    )
                }
                InferenceMetrics.settled(ticket, outcome)
                logger.notice("a job whose server died was settled", metadata: ["job": "\(ticket.job)"])
            } catch InferenceError.leaseLost {
                continue
            }
        }
    }

    /// Has a job whose server died wait for another; not one that is to be cancelled.
    private func runAgain(_ ticket: InferenceTicket, attempts: Int, at now: Instant) async throws -> Bool {
        try await database.transaction(as: .tenant(ticket.tenant)) { transaction in
            try await InferenceOperations.giveBack(
                ticket,
                fence: .successor,
                attempts: attempts,
                until: now,
                in: transaction
            )
        }
    }

    private func cancelRequested() async throws {
        guard !runningJobs.isEmpty else { return }
        let lease = keeper.lease
        let jobs: [JobID] = try await database.transaction(as: .system) { transaction in
            try await transaction.query(InferenceJobQueries.cancelled(lease)) { row in try row.next() }
        }
        for job in jobs { stop(job, .cancelled) }
    }

    private func stopAll() {
        for job in runningJobs { stop(job, .stopping) }
    }
}
