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
        let act = Act(verb, object: object, tenant: tenant, at: stamp.at, details: details)
        try await record([act], by: stamp, in: transaction)
    }

    /// One act of many.
    package struct Act: Sendable {
        let verb: String
        let object: String
        let tenant: TenantID?
        let at: Instant
        let details: JSONValue

        /// Takes what `record` takes.
        ///
        /// `at`: when it happened, in business time.
        package init(_ verb: String, object: String, tenant: TenantID?, at: Instant, details: JSONValue) {
            self.verb = verb
            self.object = object
            self.tenant = tenant
            self.at = at
            self.details = details
        }
    }

    /// Records acts in the transaction that does them, in one statement; their order is kept.
    ///
    /// `stamp`: when they are written and by whom; each act has its own business time.
    package static func record(_ acts: [Act], by stamp: Stamp, in transaction: borrowing Transaction) async throws {
        guard !acts.isEmpty else { return }
        // Made at one instant ids have no order, and readers go by them: each is a microsecond after the one before.
        let ids = acts.indices.map { ActivityID.make(at: stamp.recordedAt.adding(microseconds: Int64($0))) }
        try await transaction.execute(
            """
            INSERT INTO app.activity (tenant_id, id, at, recorded_at, author, verb, object, details, request_id)
            SELECT tenant_id, id, at, \(stamp.recordedAt)::timestamptz, \(stamp.author)::text, verb, object, details,
                   \(stamp.requestID)::text
            FROM unnest(\(acts.map { $0.tenant?.uuidText ?? installation })::uuid[], \(ids)::uuid[],
                        \(acts.map(\.at))::timestamptz[], \(acts.map(\.verb))::text[],
                        \(acts.map(\.object))::text[], \(acts.map(\.details))::jsonb[])
                AS act (tenant_id, id, at, verb, object, details)
            RETURNING 1
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
