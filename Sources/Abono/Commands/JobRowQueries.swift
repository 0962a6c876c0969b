import Jobs
import Postgres
import Values

/// What is listed of a job of either kind.
struct JobRow: Sendable {
    let id: String
    let kind: String
    let state: String
    let tenant: TenantID?
    let attempts: Int
    let createdAt: Instant
    let finishedAt: Instant?
    let error: String?
    /// What only one of the two kinds has.
    let details: JSONValue

    var json: JSONValue {
        [
            "id": .string(id), "kind": .string(kind), "state": .string(state), "tenant": .optional(tenant?.text),
            "attempts": .int(attempts), "created_at": .string(createdAt.text),
            "finished_at": .optional(finishedAt?.text), "error": .optional(error), "details": details,
        ]
    }
}

/// Reading jobs of both kinds as staff does.
enum JobRowQueries {
    /// Background jobs, newest first.
    static func background(
        state: String?,
        tenant: TenantID?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [JobRow] {
        try await transaction.query(
            """
            SELECT \(fragment: backgroundColumns) FROM app.jobs
            WHERE (\(state)::text IS NULL OR state = \(state)) AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
            ORDER BY job_id DESC LIMIT \(limit)
            """,
            background
        )
    }

    /// Inference jobs, newest first.
    static func inference(
        state: String?,
        tenant: TenantID?,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [JobRow] {
        try await transaction.query(
            """
            SELECT \(fragment: inferenceColumns) FROM app.inference_jobs
            WHERE (\(state)::text IS NULL OR status = \(state)) AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
            ORDER BY id DESC LIMIT \(limit)
            """,
            inference
        )
    }

    /// The job with an id.
    ///
    /// - Throws: `JobError.notFound`.
    static func find(_ id: AnyJobID, in transaction: borrowing Transaction) async throws -> JobRow {
        let found: JobRow?
        switch id {
        case .background(let id):
            found = try await transaction.first(
                "SELECT \(fragment: backgroundColumns) FROM app.jobs WHERE job_id = \(id)",
                background
            )
        case .inference(let id):
            found = try await transaction.first(
                "SELECT \(fragment: inferenceColumns) FROM app.inference_jobs WHERE id = \(id)",
                inference
            )
        }
        guard let found else { throw JobError.notFound(id.text) }
        return found
    }

    private static let backgroundColumns: SQL =
        """
        job_id, kind, state, tenant_id, attempt, recorded_at, finished_at, error,
        jsonb_build_object('payload', payload, 'run_at', run_at, 'due_at', due_at, 'max_attempts', max_attempts,
                           'priority', priority, 'unique_key', unique_key)
        """

    private static let inferenceColumns: SQL =
        """
        id, task, status, tenant_id, attempts, created_at, finished_at, error,
        jsonb_build_object('model', model, 'version', version, 'route', route, 'stream', is_stream,
                           'async', is_async, 'priority', priority, 'max_attempts', max_attempts, 'run_at', run_at,
                           'deadline_at', deadline_at,
                           'prompt_tokens', prompt_tokens, 'cached_tokens', cached_tokens,
                           'completion_tokens', completion_tokens, 'max_tokens', max_tokens,
                           'delivered_tokens', delivered_tokens, 'cpu_milliseconds', cpu_milliseconds,
                           'subject', subject, 'metadata', metadata)
        """

    private static func background(_ row: inout RowReader) throws -> JobRow {
        let id: BackgroundJobID = try row.next()
        return try job(id.text, &row)
    }

    private static func inference(_ row: inout RowReader) throws -> JobRow {
        let id: JobID = try row.next()
        return try job(id.text, &row)
    }

    private static func job(_ id: String, _ row: inout RowReader) throws -> JobRow {
        JobRow(
            id: id,
            kind: try row.next(),
            state: try row.next(),
            tenant: try row.next(),
            attempts: try row.next(),
            createdAt: try row.next(),
            finishedAt: try row.next(),
            error: try row.next(),
            details: try row.next()
        )
    }
}
