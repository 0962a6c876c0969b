import Jobs
import Logging
import Postgres
import Values

/// Batches: each node that has a moment goes a step with each.
extension InferenceService {
    /// So many requests of a batch are under way at once.
    private static let batchWidth = 32

    /// Goes a step with every batch each second, until the task is cancelled.
    func runBatches() async {
        while !Task.isCancelled {
            if !isStopping {
                do { try await workOnBatches() } catch {
                    logger.warning("batches stand still", metadata: ["error": "\(error)"])
                }
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Goes a step with every batch that is open.
    ///
    /// `run` does this all the time; call it to have it done now.
    package func workOnBatches() async throws {
        let open = try await database.transaction(as: .system) { transaction in
            try await transaction.query(BatchQueries.open(limit: 200)) { row in
                (tenant: try row.next() as TenantID, id: try row.next() as BatchID)
            }
        }
        for (tenant, id) in open where !isStopping {
            do {
                try await work(on: id, of: tenant)
            } catch {
                logger.warning("a batch stands still", metadata: ["batch": "\(id)", "error": "\(error)"])
            }
        }
    }

    private func work(on id: BatchID, of tenant: TenantID) async throws {
        let stamp = Stamp(now: time.now(), author: .system("batches"))
        let step = try await database.transaction(as: .tenant(tenant)) { transaction in
            try await BatchOperations.step(id, of: tenant, by: stamp, in: transaction)
        }
        guard let step else { return }
        guard step.isStopped else {
            return try await feed(step.batch, room: Self.batchWidth - step.open.count)
        }
        for job in step.open { _ = try await cancel(job, by: caller(of: step.batch)) }
    }

    /// Has as many requests of a batch begin as there is room for.
    private func feed(_ batch: Batch, room: Int) async throws {
        guard room > 0 else { return }
        let rows = try await database.transaction(as: .tenant(batch.tenant)) { transaction in
            try await transaction.query(BatchQueries.pending(batch, limit: room), BatchQueries.row)
        }
        for row in rows {
            do {
                let submission = try batch.endpoint.submission(row.body)
                let prepared = try await prepare(submission, by: caller(of: batch), isHalved: true)
                let stamp = Stamp(now: time.now(), author: .key(batch.key))
                try await database.transaction(as: .tenant(batch.tenant)) { transaction in
                    // Whoever is first with a line has it.
                    guard try await BatchOperations.hold(batch.id, of: batch.tenant, in: transaction) != nil else {
                        throw BatchInterruption()
                    }
                    let job = try await InferenceOperations.submit(prepared, by: stamp, in: transaction).job
                    let written = try await transaction.execute(
                        BatchQueries.assign(job.id, to: row.line, of: batch)
                    )
                    guard written == 1 else { throw BatchInterruption() }
                }
            } catch is BatchInterruption {
                return
            } catch {
                let problem = Problem.of(error)
                if Self.isPassing(problem) { return }
                try await refuse(row, of: batch, problem)
            }
        }
        wake()
    }

    /// Whether a refusal may be over in a moment: then the request waits on.
    private static func isPassing(_ problem: Problem) -> Bool {
        switch problem.kind {
        case .limited: problem.code == "rate_limit_exceeded"
        case .unavailable, .timeout, .internal, .conflict: true
        default: false
        }
    }

    private func refuse(_ row: BatchQueries.Row, of batch: Batch, _ problem: Problem) async throws {
        let (status, body) = Batch.refusal(problem)
        let key = "\(batch.id.text.dropFirst(6))_\(row.line)"
        let answer = Batch.answer(row.customID, key, status: status, body: body)
        _ = try await database.transaction(as: .tenant(batch.tenant)) { transaction in
            try await transaction.execute(BatchQueries.answer(row.line, of: batch, answer, isFailed: true))
        }
    }

    private func caller(of batch: Batch) -> InferenceCaller {
        InferenceCaller(tenant: batch.tenant, key: batch.key)
    }
}

/// Somebody else is faster.
private struct BatchInterruption: Error {}
