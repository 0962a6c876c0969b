package import Postgres
package import Values

/// Reading the catalogue of plans.
package enum PlanQueries {
    /// The newest version of a plan, also of an archived one; nil if no plan has the code.
    package static func latest(_ code: String, in transaction: borrowing Transaction) async throws -> PlanVersion? {
        try await transaction.first(
            "\(fragment: select) WHERE p.code = \(code) ORDER BY v.version DESC LIMIT 1",
            version
        )
    }

    /// A version by its id; nil if there is none.
    package static func version(
        _ id: PlanVersionID,
        in transaction: borrowing Transaction
    ) async throws -> PlanVersion? {
        try await transaction.first("\(fragment: select) WHERE v.id = \(id)", version)
    }

    /// Versions by their ids, in the order of the ids; those that are not there are left out.
    package static func versions(
        _ ids: [PlanVersionID],
        in transaction: borrowing Transaction
    ) async throws -> [PlanVersion] {
        guard !ids.isEmpty else { return [] }
        return try await transaction.query(
            "\(fragment: select) WHERE v.id = ANY (\(ids)::uuid[]) ORDER BY v.id",
            version
        )
    }

    /// The newest version of each plan, in the order in which plans were made.
    ///
    /// `onlyVisible`: leaves out what customers do not see.
    ///
    /// `includingArchived`: whether plans that nobody can subscribe to any more are listed, too.
    ///
    /// `after`: the last plan of the page before.
    package static func list(
        onlyVisible: Bool,
        includingArchived: Bool = false,
        limit: Int,
        after: PlanID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PlanVersion] {
        try await transaction.query(
            """
            \(fragment: select)
            WHERE v.version = (SELECT max(n.version) FROM app.plan_versions n WHERE n.plan_id = p.id)
              AND (\(after)::uuid IS NULL OR p.id > \(after)) AND (\(includingArchived) OR p.archived_at IS NULL)
              AND (v.visible OR NOT \(onlyVisible))
            ORDER BY p.id LIMIT \(limit)
            """,
            version
        )
    }

    /// All versions of a plan, the newest first; nothing if no plan has the code.
    package static func history(_ code: String, in transaction: borrowing Transaction) async throws -> [PlanVersion] {
        try await transaction.query(
            "\(fragment: select) WHERE p.code = \(code) ORDER BY v.version DESC LIMIT \(historyLimit)",
            version
        )
    }

    /// So many of a plan's versions are shown.
    private static let historyLimit = 1_000

    /// The plan's row, held until the transaction ends: who publishes or archives waits for it.
    static func lock(
        _ code: String,
        in transaction: borrowing Transaction
    ) async throws -> (id: PlanID, archivedAt: Instant?)? {
        try await transaction.first("SELECT id, archived_at FROM app.plans WHERE code = \(code) FOR UPDATE") { row in
            (id: try row.next(), archivedAt: try row.next())
        }
    }

    /// Which of some meters there are.
    static func knownMeters(_ codes: [String], in transaction: borrowing Transaction) async throws -> Set<String> {
        guard !codes.isEmpty else { return [] }
        let known: [String] = try await transaction.query(
            "SELECT code FROM app.meters WHERE code = ANY (\(codes)::text[])"
        ) { row in try row.next() }
        return Set(known)
    }

    static func insert(_ version: PlanVersion, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.plan_versions (id, plan_id, version, code, name, currency, document, features, visible,
                                       published_at, recorded_at, author)
        VALUES (\(version.id), \(version.planID), \(version.version), \(version.code), \(version.name),
                \(version.plan.currency), \(version.document), \(version.features.json), \(version.isVisible),
                \(version.publishedAt), \(stamp.recordedAt), \(stamp.author))
        """
    }

    private static let select: SQL =
        """
        SELECT v.id, v.plan_id, v.code, v.version, v.name, v.document, v.features, v.visible, v.published_at,
               p.archived_at
        FROM app.plan_versions v JOIN app.plans p ON p.id = v.plan_id
        """

    private static func version(_ row: inout RowReader) throws -> PlanVersion {
        let id: PlanVersionID = try row.next()
        let planID: PlanID = try row.next()
        let code: String = try row.next()
        let version: Int = try row.next()
        let name: String = try row.next()
        let document: JSONValue = try row.next()
        let features: JSONValue = try row.next()
        let isVisible: Bool = try row.next()
        let publishedAt: Instant = try row.next()
        let archivedAt: Instant? = try row.next()
        do throws(Problem) {
            let plan = try Plan(json: document)
            let entitlements = try PlanFeatures(json: features)
            return PlanVersion(
                id: id,
                planID: planID,
                code: code,
                version: version,
                name: name,
                plan: plan,
                features: entitlements,
                document: document,
                isVisible: isVisible,
                publishedAt: publishedAt,
                archivedAt: archivedAt
            )
        } catch {
            throw PlanError.unreadable(id.text)
        }
    }
}
