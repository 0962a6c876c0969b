import Jobs
package import Postgres
package import Values

/// Reading batches, and the statements that write them.
package enum BatchQueries {
    /// One batch of a tenant.
    package static func find(
        _ id: BatchID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Batch? {
        try await transaction.first("\(fragment: select) WHERE b.tenant_id = \(tenant) AND b.id = \(id)", batch)
    }

    /// A tenant's batches, the newest first.
    ///
    /// `before`: the last id of the page before.
    package static func list(
        of tenant: TenantID,
        limit: Int,
        before: BatchID?,
        in transaction: borrowing Transaction
    ) async throws -> [Batch] {
        try await transaction.query(
            """
            \(fragment: select) WHERE b.tenant_id = \(tenant) AND (\(before)::uuid IS NULL OR b.id < \(before))
            ORDER BY b.id DESC LIMIT \(limit)
            """,
            batch
        )
    }

    /// Batches that have not ended, the oldest first.
    static func open(limit: Int) -> SQL {
        "SELECT tenant_id, id FROM app.batches WHERE finished_at IS NULL ORDER BY created_at, id LIMIT \(limit)"
    }

    /// Holds a batch until the transaction ends; no row if somebody else does.
    static func lock(_ id: BatchID, of tenant: TenantID) -> SQL {
        """
        SELECT status FROM app.batches WHERE tenant_id = \(tenant) AND id = \(id) AND finished_at IS NULL
        FOR UPDATE SKIP LOCKED
        """
    }

    static func insert(_ batch: Batch, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.batches (tenant_id, id, endpoint, input_file_id, key_id, status, metadata, created_at,
                                 expires_at, recorded_at, author)
        VALUES (\(batch.tenant), \(batch.id), \(batch.endpoint.rawValue), \(batch.inputFile), \(batch.key),
                \(batch.status.rawValue), \(batch.metadata), \(batch.createdAt), \(batch.expiresAt),
                \(stamp.recordedAt), \(stamp.author))
        """
    }

    static func insert(_ lines: ArraySlice<BatchLine>, of batch: Batch) -> SQL {
        """
        INSERT INTO app.batch_lines (tenant_id, batch_id, line, custom_id, body)
        SELECT \(batch.tenant)::uuid, \(batch.id)::uuid, line, custom_id, body
        FROM unnest(\(lines.map(\.line))::int[], \(lines.map(\.customID))::text[], \(lines.map(\.body))::jsonb[])
            AS l (line, custom_id, body)
        ON CONFLICT DO NOTHING
        """
    }

    static func begin(_ batch: Batch, at now: Instant) -> SQL {
        """
        UPDATE app.batches SET status = 'in_progress', in_progress_at = \(now)
        WHERE tenant_id = \(batch.tenant) AND id = \(batch.id) AND status = 'validating'
        """
    }

    /// Says that what runs of a batch is to be stopped.
    static func stop(_ id: BatchID, of tenant: TenantID, _ status: Batch.Status, at now: Instant) -> SQL {
        """
        UPDATE app.batches
        SET status = \(status.rawValue),
            cancelling_at = CASE WHEN \(status == .cancelling) THEN \(now)::timestamptz ELSE cancelling_at END
        WHERE tenant_id = \(tenant) AND id = \(id) AND status IN ('validating', 'in_progress')
        """
    }

    static func finish(
        _ batch: Batch,
        _ status: Batch.Status,
        output: FileID?,
        errors: FileID?,
        faults: JSONValue?,
        at now: Instant
    ) -> SQL {
        """
        UPDATE app.batches
        SET status = \(status.rawValue), output_file_id = \(output), error_file_id = \(errors), errors = \(faults),
            finished_at = \(now)
        WHERE tenant_id = \(batch.tenant) AND id = \(batch.id) AND finished_at IS NULL
        """
    }

    // MARK: - Lines

    /// A line under way or to come.
    struct Row: Sendable {
        let line: Int
        let customID: String
        let body: JSONValue
        let job: JobID?
    }

    /// The next lines that no job answers yet.
    static func pending(_ batch: Batch, limit: Int) -> SQL {
        """
        SELECT line, custom_id, body, job_id FROM app.batch_lines
        WHERE tenant_id = \(batch.tenant) AND batch_id = \(batch.id) AND answer IS NULL AND job_id IS NULL
        ORDER BY line LIMIT \(limit)
        """
    }

    /// Lines whose jobs are under way, or have ended and are not written down yet.
    static func begun(_ batch: Batch, limit: Int) -> SQL {
        """
        SELECT line, custom_id, body, job_id FROM app.batch_lines
        WHERE tenant_id = \(batch.tenant) AND batch_id = \(batch.id) AND answer IS NULL AND job_id IS NOT NULL
        ORDER BY line LIMIT \(limit)
        """
    }

    static func row(_ row: inout RowReader) throws -> Row {
        Row(line: try row.next(), customID: try row.next(), body: try row.next(), job: try row.next())
    }

    static func assign(_ job: JobID, to line: Int, of batch: Batch) -> SQL {
        """
        UPDATE app.batch_lines SET job_id = \(job)
        WHERE tenant_id = \(batch.tenant) AND batch_id = \(batch.id) AND line = \(line) AND job_id IS NULL
          AND answer IS NULL
        """
    }

    static func answer(_ line: Int, of batch: Batch, _ answer: JSONValue, isFailed: Bool) -> SQL {
        """
        UPDATE app.batch_lines SET answer = \(answer), is_failed = \(isFailed), body = NULL
        WHERE tenant_id = \(batch.tenant) AND batch_id = \(batch.id) AND line = \(line) AND answer IS NULL
        """
    }

    /// The answers of one of the two files, in the order of the lines.
    static func answers(_ batch: Batch, areFailed: Bool) -> SQL {
        """
        SELECT answer FROM app.batch_lines
        WHERE tenant_id = \(batch.tenant) AND batch_id = \(batch.id) AND is_failed = \(areFailed) ORDER BY line
        """
    }

    /// Takes the answers out of the lines.
    static func empty(_ batch: Batch) -> SQL {
        "UPDATE app.batch_lines SET answer = 'null' WHERE tenant_id = \(batch.tenant) AND batch_id = \(batch.id)"
    }

    // MARK: - Rows

    private static let select: SQL =
        """
        SELECT b.id, b.tenant_id, b.endpoint, b.input_file_id, b.key_id, b.status, b.metadata, b.errors,
               b.output_file_id, b.error_file_id, b.created_at, b.in_progress_at, b.expires_at, b.cancelling_at,
               b.finished_at, c.total, c.completed, c.failed
        FROM app.batches b CROSS JOIN LATERAL (
            SELECT count(*) AS total, count(*) FILTER (WHERE NOT l.is_failed) AS completed,
                   count(*) FILTER (WHERE l.is_failed) AS failed
            FROM app.batch_lines l WHERE l.tenant_id = b.tenant_id AND l.batch_id = b.id) c
        """

    private static func batch(_ row: inout RowReader) throws -> Batch {
        Batch(
            id: try row.next(),
            tenant: try row.next(),
            // The table's CHECKs have no other words.
            endpoint: Batch.Endpoint(rawValue: try row.next()) ?? .chat,
            inputFile: try row.next(),
            key: try row.next(),
            status: Batch.Status(rawValue: try row.next()) ?? .failed,
            metadata: try row.next(),
            errors: try row.next(),
            outputFile: try row.next(),
            errorFile: try row.next(),
            createdAt: try row.next(),
            inProgressAt: try row.next(),
            expiresAt: try row.next(),
            cancellingAt: try row.next(),
            finishedAt: try row.next(),
            counts: Batch.Counts(total: try row.next(), completed: try row.next(), failed: try row.next())
        )
    }
}
