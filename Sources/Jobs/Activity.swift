package import Postgres
package import Values

/// Who did what to which object: the audit trail, an object's timeline and the outbox in one.
package enum Activity {
    /// Stands for the tenant of what concerns no tenant.
    package static let installation = "00000000-0000-0000-0000-000000000000"

    /// Records one act in the transaction that does it.
    ///
    /// `verb`: noun and past participle, `subscription.created`.
    ///
    /// `object`: the wire id of what was acted on.
    ///
    /// `details`: ids and values worth reading later; no secrets, no prompts.
    package static func record(
        _ verb: String,
        object: String,
        tenant: TenantID?,
        details: JSONValue,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO app.activity (tenant_id, id, at, recorded_at, author, verb, object, details, request_id)
            VALUES (\(tenant?.uuidText ?? installation), \(ActivityID.make(at: stamp.recordedAt)), \(stamp.at),
                    \(stamp.recordedAt), \(stamp.author), \(verb), \(object), \(details), \(stamp.requestID))
            """
        )
    }

    /// One line of the trail.
    package struct Entry: Sendable {
        package let id: ActivityID
        package let tenant: String
        package let at: Instant
        package let recordedAt: Instant
        package let author: String
        package let verb: String
        package let object: String
        package let details: JSONValue
        package let requestID: String?

        /// As it leaves over HTTP.
        package var json: JSONValue {
            [
                "id": .string(id.text), "at": .string(at.text), "recorded_at": .string(recordedAt.text),
                "author": .string(author), "verb": .string(verb), "object": .string(object), "details": details,
                "request_id": .optional(requestID),
            ]
        }
    }

    /// The newest lines first, of one tenant or of all, of one object or of all.
    package static func list(
        tenant: TenantID?,
        object: String? = nil,
        limit: Int,
        before: ActivityID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Entry] {
        try await transaction.query(
            """
            SELECT id, tenant_id, at, recorded_at, author, verb, object, details, request_id FROM app.activity
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) AND (\(object)::text IS NULL OR object = \(object))
              AND (\(before)::uuid IS NULL OR id < \(before))
            ORDER BY id DESC LIMIT \(limit)
            """
        ) { row in
            Entry(
                id: try row.next(),
                tenant: try row.next(),
                at: try row.next(),
                recordedAt: try row.next(),
                author: try row.next(),
                verb: try row.next(),
                object: try row.next(),
                details: try row.next(),
                requestID: try row.next()
            )
        }
    }
}
