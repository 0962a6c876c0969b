package import Postgres
import Values

/// Reading the drafts of plans.
package enum PlanDraftQueries {
    /// The draft of a code; nil if there is none.
    package static func find(_ code: String, in transaction: borrowing Transaction) async throws -> StoredPlanDraft? {
        try await transaction.first("\(fragment: select) AND code = \(code)", draft)
    }

    /// Drafts in the order of their codes.
    ///
    /// `after`: the last code of the page before.
    package static func list(
        limit: Int,
        after: String? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [StoredPlanDraft] {
        try await transaction.query(
            """
            \(fragment: select) AND (\(after)::text IS NULL OR code > \(after)) ORDER BY code LIMIT \(limit)
            """,
            draft
        )
    }

    static func save(_ code: String, _ document: JSONValue, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.plan_drafts (code, document, saved_at, dropped_at, recorded_at, author)
        VALUES (\(code), \(document), \(stamp.at), NULL, \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT (code) DO UPDATE SET
            document = excluded.document, saved_at = excluded.saved_at, dropped_at = NULL,
            recorded_at = excluded.recorded_at, author = excluded.author
        """
    }

    /// Held, so that what is published is what was read.
    static func lock(_ code: String, in transaction: borrowing Transaction) async throws -> StoredPlanDraft? {
        try await transaction.first("\(fragment: select) AND code = \(code) FOR UPDATE", draft)
    }

    static func drop(_ code: String, by stamp: Stamp) -> SQL {
        """
        UPDATE app.plan_drafts SET dropped_at = \(stamp.at), recorded_at = \(stamp.recordedAt), author = \(stamp.author)
        WHERE code = \(code) AND dropped_at IS NULL
        """
    }

    private static let select: SQL = "SELECT code, document, saved_at FROM app.plan_drafts WHERE dropped_at IS NULL"

    private static func draft(_ row: inout RowReader) throws -> StoredPlanDraft {
        let code: String = try row.next()
        let document: JSONValue = try row.next()
        return StoredPlanDraft(
            code: code,
            document: document,
            savedAt: try row.next(),
            errors: PlanDraft.errors(in: document)
        )
    }
}
