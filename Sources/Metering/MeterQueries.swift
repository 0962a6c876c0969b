package import Postgres
import Values

/// Reading the catalogue of meters.
package enum MeterQueries {
    /// Beyond as many codes the search for the nearest stops.
    private static let codeLimit = 1_000

    /// The meter with a code.
    package static func find(_ code: String, in transaction: borrowing Transaction) async throws -> Meter? {
        try await transaction.first("SELECT code, definition FROM app.meters WHERE code = \(code)", meter)
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
            "SELECT code, definition FROM app.meters WHERE code = ANY (\(codes.sorted())::text[])",
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
            SELECT code, definition FROM app.meters
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

    private static func meter(_ row: inout RowReader) throws -> Meter {
        let code: String = try row.next()
        let definition: JSONValue = try row.next()
        do throws(Problem) {
            return try Meter(json: definition)
        } catch {
            throw MeteringError.unreadableMeter(code)
        }
    }
}
