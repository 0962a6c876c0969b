/// The rows one statement returned, in text form.
package struct ResultSet: Sendable {
    /// How many columns a row has.
    package let columns: Int

    /// All cells, row after row; nil is NULL.
    let cells: [String?]

    /// How many rows a writing statement touched.
    package let affected: Int

    /// The server's command tag, such as `COMMIT`.
    let tag: String

    /// How many rows there are.
    package var count: Int { columns == 0 ? 0 : cells.count / columns }
}

/// Reads one row's columns from left to right; the type asked for decides how.
package struct RowReader {
    private let set: ResultSet
    private let row: Int
    private var column = 0

    init(_ set: ResultSet, row: Int) {
        self.set = set
        self.row = row
    }

    /// The next column, which must not be NULL.
    package mutating func next<Value: SQLDecodable>() throws(PostgresError) -> Value {
        guard let text = try cell() else { throw .decoding("NULL", as: "\(Value.self)") }
        return try Value(sqlText: text)
    }

    /// The next column; NULL is nil.
    package mutating func next<Value: SQLDecodable>() throws(PostgresError) -> Value? {
        guard let text = try cell() else { return nil }
        return try Value(sqlText: text)
    }

    /// The next column, which is bytea and not NULL.
    package mutating func bytes() throws(PostgresError) -> [UInt8] {
        guard let text = try cell() else { throw .decoding("NULL", as: "bytea") }
        return try SQLBytes.bytes(text)
    }

    /// The next column, which is bytea; NULL is nil.
    package mutating func optionalBytes() throws(PostgresError) -> [UInt8]? {
        guard let text = try cell() else { return nil }
        return try SQLBytes.bytes(text)
    }

    private mutating func cell() throws(PostgresError) -> String? {
        guard column < set.columns else {
            throw PostgresError(.usage, "the row has \(set.columns) columns; one more was read")
        }
        defer { column += 1 }
        return set.cells[row * set.columns + column]
    }
}
