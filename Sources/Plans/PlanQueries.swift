package import Postgres
package import Values

/// Reading the catalogue of plans.
package enum PlanQueries {
    /// The newest version of a plan, also of an archived one; nil if no plan has the code.
    ///
    /// `currency`: of the versions in this one; nil is the newest in any.
    package static func latest(
        _ code: String,
        currency: Currency? = nil,
        in transaction: borrowing Transaction
    ) async throws -> PlanVersion? {
        try await transaction.first(
            """
            \(fragment: select) WHERE p.code = \(code) AND (\(currency)::text IS NULL OR v.currency = \(currency))
            ORDER BY v.version DESC LIMIT 1
            """,
            version
        )
    }

    /// A version by its number; nil if the plan has none with it, or no plan has the code.
    package static func version(
        _ number: Int,
        of code: String,
        in transaction: borrowing Transaction
    ) async throws -> PlanVersion? {
        try await transaction.first(
            "\(fragment: select) WHERE p.code = \(code) AND v.version = \(number)",
            version
        )
    }

    /// What is current of a plan in each of its currencies, also of an archived one; nil if no plan has the code.
    package static func offer(_ code: String, in transaction: borrowing Transaction) async throws -> PlanOffer? {
        PlanOffer(
            try await transaction.query("\(fragment: current) AND p.code = \(code) \(fragment: ordered)", version)
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

    /// What is current of each plan, in the order in which plans were made.
    ///
    /// `currency`: only plans that have a version in it, and only that; nil is all.
    ///
    /// `onlyVisible`: leaves out what customers do not see.
    ///
    /// `includingArchived`: whether plans that nobody can subscribe to any more are listed, too.
    ///
    /// `after`: the last plan of the page before.
    package static func list(
        currency: Currency? = nil,
        onlyVisible: Bool,
        includingArchived: Bool = false,
        limit: Int,
        after: PlanID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PlanOffer] {
        let listed: SQL = """
            \(fragment: current) AND (\(currency)::text IS NULL OR v.currency = \(currency))
              AND (\(includingArchived) OR p.archived_at IS NULL) AND (v.visible OR NOT \(onlyVisible))
            """
        let versions = try await transaction.query(
            """
            \(fragment: listed) AND p.id IN (
                SELECT DISTINCT plan_id FROM (\(fragment: listed)) AS shown
                WHERE \(after)::uuid IS NULL OR plan_id > \(after) ORDER BY plan_id LIMIT \(limit))
            \(fragment: ordered)
            """,
            version
        )
        let byPlan = Dictionary(grouping: versions, by: \.planID)
        return byPlan.keys.sorted().compactMap { byPlan[$0].flatMap { PlanOffer($0) } }
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

    /// Which of some meters have quantities that add up: those of a stretch are its parts' together.
    static func metersThatAddUp(_ codes: [String], in transaction: borrowing Transaction) async throws -> Set<String> {
        let found: [String] = try await transaction.query(
            """
            SELECT code FROM app.meters
            WHERE code = ANY (\(codes)::text[]) AND definition ->> 'aggregation' IN ('count', 'sum')
            """
        ) { row in try row.next() }
        return Set(found)
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

    private static let current: SQL =
        """
        \(fragment: select) WHERE v.version = (
            SELECT max(n.version) FROM app.plan_versions n WHERE n.plan_id = p.id AND n.currency = v.currency)
        """

    /// Plans in the order in which they were made, of each the currency that came first first.
    private static let ordered: SQL =
        """
        ORDER BY p.id, (
            SELECT min(n.version) FROM app.plan_versions n WHERE n.plan_id = p.id AND n.currency = v.currency)
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
