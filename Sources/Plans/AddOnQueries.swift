package import Postgres
package import Values

/// Reading the add-ons of the catalogue.
package enum AddOnQueries {
    /// The newest version of an add-on in each currency and interval, also of an archived one; empty if there is none.
    package static func current(
        _ code: String,
        in transaction: borrowing Transaction
    ) async throws -> [AddOnVersion] {
        try await transaction.query("\(fragment: current) AND a.code = \(code) ORDER BY v.version", version)
    }

    /// All versions of an add-on, the newest first; nothing if none has the code.
    package static func history(
        _ code: String,
        in transaction: borrowing Transaction
    ) async throws -> [AddOnVersion] {
        try await transaction.query(
            "\(fragment: select) WHERE a.code = \(code) ORDER BY v.version DESC LIMIT \(historyLimit)",
            version
        )
    }

    /// What is current, in the order of the versions' ids.
    ///
    /// `currency`, `interval`: only what is sold in it, or by it.
    ///
    /// `onlyVisible`: leaves out what customers do not see.
    ///
    /// `includingArchived`: whether those that nobody can add any more are listed, too.
    ///
    /// `after`: the last version of the page before.
    package static func list(
        currency: Currency? = nil,
        onlyVisible: Bool,
        includingArchived: Bool = false,
        limit: Int,
        after: AddOnVersionID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [AddOnVersion] {
        try await transaction.query(
            """
            \(fragment: current) AND (\(currency)::text IS NULL OR v.currency = \(currency))
              AND (\(includingArchived) OR a.archived_at IS NULL) AND (v.visible OR NOT \(onlyVisible))
              AND (\(after)::uuid IS NULL OR v.id > \(after))
            ORDER BY v.id LIMIT \(limit)
            """,
            version
        )
    }

    /// The add-on's row, held until the transaction ends: who publishes or archives waits for it.
    static func lock(
        _ code: String,
        in transaction: borrowing Transaction
    ) async throws -> (id: AddOnID, archivedAt: Instant?)? {
        try await transaction.first(
            "SELECT id, archived_at FROM app.add_ons WHERE code = \(code) FOR UPDATE"
        ) { row in (id: try row.next(), archivedAt: try row.next()) }
    }

    static func insert(_ version: AddOnVersion, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.add_on_versions (id, add_on_id, version, name, currency, interval_unit, interval_count, prices,
                                         visible, published_at, recorded_at, author)
        VALUES (\(version.id), \(version.addOnID), \(version.version), \(version.draft.name),
                \(version.draft.currency), \(version.draft.interval.unit.rawValue), \(version.draft.interval.count),
                \(version.draft.terms.json), \(version.draft.isVisible), \(version.publishedAt), \(stamp.recordedAt),
                \(stamp.author))
        """
    }

    /// So many versions are shown.
    private static let historyLimit = 1_000

    private static let select: SQL =
        """
        SELECT v.id, v.add_on_id, v.version, a.code, v.name, v.currency, v.interval_unit, v.interval_count, v.prices,
               v.visible, v.published_at, a.archived_at
        FROM app.add_on_versions v JOIN app.add_ons a ON a.id = v.add_on_id
        """

    private static let current: SQL =
        """
        \(fragment: select) WHERE v.version = (
            SELECT max(n.version) FROM app.add_on_versions n
            WHERE n.add_on_id = v.add_on_id AND n.currency = v.currency AND n.interval_unit = v.interval_unit
              AND n.interval_count = v.interval_count)
        """

    private static func version(_ row: inout RowReader) throws -> AddOnVersion {
        let id: AddOnVersionID = try row.next()
        let addOnID: AddOnID = try row.next()
        let version: Int = try row.next()
        let code: String = try row.next()
        let name: String = try row.next()
        let currency: Currency = try row.next()
        let unitName: String = try row.next()
        let count: Int = try row.next()
        guard let unit = Interval.Unit(rawValue: unitName), count >= 1,
            let terms = try? AddOnTerms(json: try row.next(), of: code)
        else { throw AddOnError.unreadable(id.text) }
        let isVisible: Bool = try row.next()
        let draft = AddOnDraft(
            code: code,
            name: name,
            currency: currency,
            interval: Interval(unit, count: count),
            terms: terms,
            isVisible: isVisible
        )
        return AddOnVersion(
            id: id,
            addOnID: addOnID,
            version: version,
            draft: draft,
            publishedAt: try row.next(),
            archivedAt: try row.next()
        )
    }
}
