package import Postgres
import Values

/// Reading the catalogue of meters.
package enum MeterQueries {
    /// Beyond as many codes the search for the nearest stops.
    private static let codeLimit = 1_000

    /// The meter with a code.
    package static func find(_ code: String, in transaction: borrowing Transaction) async throws -> Meter? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.meters WHERE code = \(code)", meter)
    }

    /// The meter with a code, which must be there.
    package static func require(_ code: String, in transaction: borrowing Transaction) async throws -> Meter {
        guard let meter = try await find(code, in: transaction) else { throw MeteringError.meterNotFound(code) }
        return meter
    }

    /// The meters with some codes, by code; all of them must be there.
    package static func require(
        _ codes: Set<String>,
        in transaction: borrowing Transaction
    ) async throws -> [String: Meter] {
        guard !codes.isEmpty else { return [:] }
        let found = try await transaction.query(
            "SELECT \(fragment: columns) FROM app.meters WHERE code = ANY (\(codes.sorted())::text[])",
            meter
        )
        let meters = Dictionary(found.map { ($0.code, $0) }) { first, _ in first }
        if let missing = codes.subtracting(meters.keys).min() { throw MeteringError.meterNotFound(missing) }
        return meters
    }

    /// The meters in the order of their codes.
    ///
    /// `after`: the last code of the page before.
    package static func list(
        limit: Int,
        after: String? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Meter] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.meters
            WHERE (\(after)::text IS NULL OR code > \(after)) ORDER BY code LIMIT \(limit)
            """,
            meter
        )
    }

    /// All codes.
    static func codes(in transaction: borrowing Transaction) async throws -> [String] {
        try await transaction.query("SELECT code FROM app.meters ORDER BY code LIMIT \(codeLimit)") { row in
            try row.next()
        }
    }

    /// Which of some codes are meters, and whose events each counts.
    static func sources(of codes: [String], in transaction: borrowing Transaction) async throws -> [String: String] {
        let rows: [(String, String)] = try await transaction.query(
            "SELECT code, source FROM app.meters WHERE code = ANY (\(codes)::text[])"
        ) { row in (try row.next(), try row.next()) }
        return Dictionary(rows) { first, _ in first }
    }

    /// Meters, to be joined.
    ///
    /// `source`: the meter whose events it counts; `filter`: which of them; `is_computed`: whether its rollups say so.
    package static let counted: SQL =
        "(SELECT code, source, filter, \(fragment: isComputed) AS is_computed FROM app.meters)"

    private static let columns: SQL = "code, definition, \(fragment: isComputed)"

    private static let isComputed: SQL =
        "CASE WHEN source <> code THEN computed = generation ELSE filter IS NULL END"

    private static func meter(_ row: inout RowReader) throws -> Meter {
        let code: String = try row.next()
        let definition: JSONValue = try row.next()
        let isComputed: Bool = try row.next()
        do throws(Problem) {
            return try Meter(definition: definition).computed(isComputed)
        } catch {
            throw MeteringError.unreadableMeter(code)
        }
    }
}
