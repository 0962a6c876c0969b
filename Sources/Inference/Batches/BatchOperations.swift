import Jobs
package import Postgres
package import Values

/// The life of batches.
package enum BatchOperations {
    private static let openLimit = 50

    /// Takes a batch in; its file is read soon.
    ///
    /// - Throws: there is no such file; as many batches are open as may.
    package static func create(
        _ draft: BatchDraft,
        of tenant: TenantID,
        key: KeyID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Batch {
        let file = try await FileQueries.find(draft.inputFile, of: tenant, at: stamp.recordedAt, in: transaction)
        guard let file, file.purpose == .batch else {
            throw Problem.invalid("input_file_id", "is \(draft.inputFile); there is no such file for batches")
        }
        let open = try await BatchQueries.list(of: tenant, limit: openLimit + 1, before: nil, in: transaction)
            .filter { $0.finishedAt == nil }
        guard open.count < openLimit else {
            throw Problem(
                .limited,
                code: "rate_limit_exceeded",
                "\(openLimit) batches are open, which is as many as may be",
                retryAfterSeconds: 60
            )
        }
        let batch = Batch(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            endpoint: draft.endpoint,
            inputFile: draft.inputFile,
            key: key,
            status: .validating,
            metadata: draft.metadata,
            errors: nil,
            outputFile: nil,
            errorFile: nil,
            createdAt: stamp.recordedAt,
            inProgressAt: nil,
            expiresAt: stamp.recordedAt.adding(seconds: Batch.windowSeconds),
            cancellingAt: nil,
            finishedAt: nil,
            counts: Batch.Counts(total: 0, completed: 0, failed: 0)
        )
        try await transaction.execute(BatchQueries.insert(batch, by: stamp))
        try await record("batch.created", batch, by: stamp, in: transaction)
        return batch
    }

    /// Has a batch stopped; what has been answered is kept.
    ///
    /// - Returns: the batch as it stands; one that has ended stays as it is.
    /// - Throws: the tenant has no such batch.
    package static func cancel(
        _ id: BatchID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Batch {
        let written = try await transaction.execute(
            BatchQueries.stop(id, of: tenant, .cancelling, at: stamp.recordedAt)
        )
        guard let batch = try await BatchQueries.find(id, of: tenant, in: transaction) else {
            throw Problem.notFound("batch", id.text)
        }
        if written == 1 { try await record("batch.cancel_requested", batch, by: stamp, in: transaction) }
        return batch
    }

    // MARK: - Working

    /// Holds a batch, and reads it; nil if somebody else holds it or it has ended.
    static func hold(
        _ id: BatchID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Batch? {
        let isHeld: String? = try await transaction.first(BatchQueries.lock(id, of: tenant)) { row in try row.next() }
        guard isHeld != nil else { return nil }
        return try await BatchQueries.find(id, of: tenant, in: transaction)
    }

    /// What is left to do with a batch outside of the transaction.
    struct Step: Sendable {
        let batch: Batch
        /// Jobs of it that have not ended.
        let open: [JobID]
        /// Whether nothing of it begins any more.
        let isStopped: Bool
    }

    /// So many lines are written down or dropped in one transaction.
    private static let width = 500

    /// Goes a step with a batch: reads its file, writes down what has ended, and ends it once all has.
    ///
    /// - Returns: nil if there is nothing more to do with it now.
    static func step(
        _ id: BatchID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Step? {
        guard let batch = try await hold(id, of: tenant, in: transaction) else { return nil }
        if batch.status == .validating {
            try await validate(batch, by: stamp, in: transaction)
            return nil
        }
        if batch.status == .inProgress, batch.expiresAt <= stamp.recordedAt {
            try await transaction.execute(BatchQueries.stop(id, of: tenant, .expiring, at: stamp.recordedAt))
            return nil
        }
        let open = try await collect(batch, limit: width, in: transaction)
        let isStopped = batch.status != .inProgress
        let rest =
            isStopped
            ? try await drop(batch, limit: width, in: transaction)
            : try await transaction.query(BatchQueries.pending(batch, limit: 1), BatchQueries.row).count
        guard open.isEmpty, rest == 0 else { return Step(batch: batch, open: open, isStopped: isStopped) }
        let end: Batch.Status =
            switch batch.status {
            case .cancelling: .cancelled
            case .expiring: .expired
            default: .completed
            }
        try await finish(batch, end, by: stamp, in: transaction)
        return nil
    }

    /// Reads a batch's file: then it is in progress, or has failed.
    static func validate(_ batch: Batch, by stamp: Stamp, in transaction: borrowing Transaction) async throws {
        let content = try await FileQueries.content(batch.inputFile, of: batch.tenant, in: transaction)
        let (lines, faults) = BatchLine.read(content, for: batch.endpoint)
        guard faults.isEmpty else {
            let list: JSONValue = ["object": "list", "data": .array(faults.map(\.json))]
            try await finish(batch, .failed, faults: list, by: stamp, in: transaction)
            return
        }
        for start in stride(from: 0, to: lines.count, by: 1_000) {
            let part = lines[start..<min(start + 1_000, lines.count)]
            try await transaction.execute(BatchQueries.insert(part, of: batch))
        }
        try await transaction.execute(BatchQueries.begin(batch, at: stamp.recordedAt))
    }

    /// Writes down what has come of requests whose jobs have ended.
    ///
    /// - Returns: the jobs that have not ended.
    static func collect(_ batch: Batch, limit: Int, in transaction: borrowing Transaction) async throws -> [JobID] {
        var open: [JobID] = []
        for row in try await transaction.query(BatchQueries.begun(batch, limit: limit), BatchQueries.row) {
            guard let id = row.job else { continue }
            let job = try await InferenceJobQueries.find(id, of: batch.tenant, in: transaction)
            guard let job, job.status.isFinal else {
                open.append(id)
                continue
            }
            let (answer, isFailed) = outcome(of: job, for: row, in: batch)
            try await transaction.execute(BatchQueries.answer(row.line, of: batch, answer, isFailed: isFailed))
        }
        return open
    }

    private static func outcome(
        of job: InferenceJob,
        for row: BatchQueries.Row,
        in batch: Batch
    ) -> (answer: JSONValue, isFailed: Bool) {
        let key = String(job.id.text.dropFirst(4))
        switch job.status {
        case .succeeded:
            do throws(Problem) {
                let body = try batch.endpoint.answer(job, to: row.body)
                return (Batch.answer(row.customID, key, status: 200, body: body), false)
            } catch {
                let (status, body) = Batch.refusal(error)
                return (Batch.answer(row.customID, key, status: status, body: body), true)
            }
        case .cancelled, .queued, .running:
            let isLate = batch.status == .expiring
            let code = isLate ? "batch_expired" : "batch_cancelled"
            let message = isLate ? "the batch's time has passed" : "the batch was cancelled"
            return (Batch.missing(row.customID, key, code: code, message: message), true)
        case .failed, .expired:
            let code = job.error?["code"]?.string ?? "failed"
            let message = job.error?["message"]?.string ?? "the request failed"
            let (status, body) = Batch.refusal(Problem(.unavailable, code: code, message))
            return (Batch.answer(row.customID, key, status: status, body: body), true)
        }
    }

    /// Says that requests are not answered any more that have not begun.
    static func drop(_ batch: Batch, limit: Int, in transaction: borrowing Transaction) async throws -> Int {
        let isLate = batch.status == .expiring
        let rows = try await transaction.query(BatchQueries.pending(batch, limit: limit), BatchQueries.row)
        let statements = rows.map { row in
            let answer = Batch.missing(
                row.customID,
                "\(batch.id.text.dropFirst(6))_\(row.line)",
                code: isLate ? "batch_expired" : "batch_cancelled",
                message: isLate ? "the batch's time has passed" : "the batch was cancelled"
            )
            return BatchQueries.answer(row.line, of: batch, answer, isFailed: true)
        }
        if !statements.isEmpty { _ = try await transaction.batch(statements) }
        return rows.count
    }

    /// Ends a batch, with its files.
    static func finish(
        _ batch: Batch,
        _ status: Batch.Status,
        faults: JSONValue? = nil,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        var files: [FileID?] = []
        for areFailed in [false, true] {
            let answers = try await transaction.query(BatchQueries.answers(batch, areFailed: areFailed)) { row in
                try row.next() as JSONValue
            }
            guard !answers.isEmpty else {
                files.append(nil)
                continue
            }
            let content = answers.reduce(into: [UInt8]()) { bytes, answer in
                bytes.append(contentsOf: answer.text.utf8)
                bytes.append(UInt8(ascii: "\n"))
            }
            let name = "\(batch.id)_\(areFailed ? "errors" : "output").jsonl"
            let draft = FileDraft(output: content, name: name)
            files.append(try await FileOperations.create(draft, of: batch.tenant, by: stamp, in: transaction).id)
        }
        // The answers are in the files now, which have a retention.
        try await transaction.execute(BatchQueries.empty(batch))
        try await transaction.execute(
            BatchQueries.finish(
                batch,
                status,
                output: files[0],
                errors: files[1],
                faults: faults,
                at: stamp.recordedAt
            )
        )
        let ended = try await BatchQueries.find(batch.id, of: batch.tenant, in: transaction) ?? batch
        try await record("batch.\(status.rawValue)", ended, by: stamp, in: transaction)
    }

    private static func record(
        _ verb: String,
        _ batch: Batch,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: batch.id.text,
            tenant: batch.tenant,
            details: batch.json,
            by: stamp,
            in: transaction
        )
    }
}
