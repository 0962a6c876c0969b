package import Postgres
package import Values

/// Reading cost entries and the rules by which they are shared out.
package enum CostQueries {
    /// The newest entries first.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        category: CostCategory? = nil,
        limit: Int,
        after: CostID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [CostEntry] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.cost_entries
            WHERE (\(after)::uuid IS NULL OR id < \(after))
              AND (\(category?.rawValue)::text IS NULL OR category = \(category?.rawValue))
            ORDER BY id DESC LIMIT \(limit)
            """,
            entry
        )
    }

    /// One entry.
    package static func find(_ id: CostID, in transaction: borrowing Transaction) async throws -> CostEntry? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.cost_entries WHERE id = \(id)", entry)
    }

    /// The entry that takes another back.
    package static func reversal(of id: CostID, in transaction: borrowing Transaction) async throws -> CostEntry? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.cost_entries WHERE reverses = \(id)", entry)
    }

    /// The entries with a day in some months that were known at an instant.
    static func entries(_ months: ReportMonths, in transaction: borrowing Transaction) async throws -> [CostEntry] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.cost_entries
            WHERE last_day >= \(months.from.firstDay) AND first_day < \(months.to.adding(1).firstDay)
              AND recorded_at <= \(months.asOf) AND at <= \(months.asOf)
            ORDER BY first_day, id
            """,
            entry
        )
    }

    /// All rules that were known at an instant, in the order in which they were written.
    package static func rules(asOf: Instant?, in transaction: borrowing Transaction) async throws -> [CostRule] {
        try await transaction.query(
            """
            SELECT category, basis, first_day, recorded_at FROM app.cost_rules
            WHERE (\(asOf)::timestamptz IS NULL OR recorded_at <= \(asOf)) ORDER BY recorded_at, id
            """
        ) { row in
            let category: String = try row.next()
            let basis: String = try row.next()
            let first: CalendarDate = try row.next()
            return CostRule(
                category: try word(category),
                basis: try word(basis),
                from: Month(of: first),
                recordedAt: try row.next()
            )
        }
    }

    static func insert(_ entry: CostEntry, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.cost_entries (id, category, currency, amount_minor, first_day, last_day, memo, for_tenant, plan,
                                      model, reverses, at, recorded_at, author)
        VALUES (\(entry.id), \(entry.category.rawValue), \(entry.amount.currency), \(entry.amount.minor),
                \(entry.first), \(entry.last), \(entry.memo), \(entry.target.tenant), \(entry.target.plan), \(entry.target.model),
                \(entry.reverses), \(entry.at), \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT DO NOTHING
        """
    }

    static func insert(_ rule: CostRule, from month: Month, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.cost_rules (id, category, basis, first_day, recorded_at, author)
        VALUES (\(CostRuleID.make(at: stamp.recordedAt)), \(rule.category.rawValue), \(rule.basis.rawValue),
                \(month.firstDay), \(stamp.recordedAt), \(stamp.author))
        """
    }

    /// A word of a closed set that a row has.
    static func word<Word: RawRepresentable>(_ text: String) throws(Problem) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else { throw Problem(.internal, "a row has the unknown word \(text)") }
        return word
    }

    private static let columns: SQL = """
        id, category, currency, amount_minor, first_day, last_day, memo, for_tenant, plan, model, reverses, at,
        recorded_at
        """

    private static func entry(_ row: inout RowReader) throws -> CostEntry {
        let id: CostID = try row.next()
        let category: String = try row.next()
        let currency: Currency = try row.next()
        let minor: Int64 = try row.next()
        return CostEntry(
            id: id,
            category: try word(category),
            amount: Money(minor: minor, currency: currency),
            first: try row.next(),
            last: try row.next(),
            memo: try row.next(),
            target: CostTarget(tenant: try row.next(), plan: try row.next(), model: try row.next()),
            reverses: try row.next(),
            at: try row.next(),
            recordedAt: try row.next()
        )
    }
}
