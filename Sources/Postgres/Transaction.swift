/// A transaction, lent to a closure by `Database.transaction`; keeping it is a compile error.
package struct Transaction: ~Copyable {
    let connection: Connection

    /// As whom it runs.
    package let scope: Scope

    /// Runs a statement and decodes its rows.
    package func query<Value>(_ sql: SQL, _ decode: (inout RowReader) throws -> Value) async throws -> [Value] {
        try Self.decode(try await result(of: sql), decode)
    }

    /// Runs a statement and decodes its first row; nil if there is none.
    package func first<Value>(_ sql: SQL, _ decode: (inout RowReader) throws -> Value) async throws -> Value? {
        let set = try await result(of: sql)
        guard set.count > 0 else { return nil }
        var reader = RowReader(set, row: 0)
        return try decode(&reader)
    }

    /// Runs a statement and returns how many rows it wrote.
    @discardableResult
    package func execute(_ sql: SQL) async throws -> Int {
        try await result(of: sql).affected
    }

    /// Runs statements in one round trip and returns how many rows each wrote; all or none take effect.
    @discardableResult
    package func batch(_ statements: [SQL]) async throws -> [Int] {
        guard !statements.isEmpty else { return [] }
        return try await connection.run(statements).map(\.affected)
    }

    /// Runs statements in one round trip and returns their rows, to be read with `rows(_:_:)`.
    package func results(_ statements: [SQL]) async throws -> [ResultSet] {
        guard !statements.isEmpty else { return [] }
        return try await connection.run(statements)
    }

    /// Decodes the rows of a result of `results(_:)`.
    package static func decode<Value>(
        _ set: ResultSet,
        _ decode: (inout RowReader) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(set.count)
        for row in 0..<set.count {
            var reader = RowReader(set, row: row)
            values.append(try decode(&reader))
        }
        return values
    }

    /// Has the channel's listeners notified once this transaction has committed; many signals become one.
    package func signal(_ channel: String) async {
        await connection.signal(channel)
    }

    /// Runs a part that may fail by itself: its writes are undone, the transaction goes on.
    package func savepoint<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await execute("SAVEPOINT part")
        do {
            let value = try await body()
            try await execute("RELEASE SAVEPOINT part")
            return value
        } catch {
            _ = try await connection.runShielded("ROLLBACK TO SAVEPOINT part")
            _ = try await connection.runShielded("RELEASE SAVEPOINT part")
            await connection.forgiveFailure()
            throw error
        }
    }

    /// Stores rows by COPY; each row is its columns' values in the order `sql` names them.
    ///
    /// `sql`: `COPY app.x (a, b) FROM STDIN`.
    ///
    /// Returns how many rows were stored.
    package func copyIn(_ sql: String, rows: some Sequence<[(any SQLEncodable)?]>) async throws -> Int {
        var chunks: [[UInt8]] = []
        var chunk: [UInt8] = []
        for row in rows {
            CopyText.append(row, to: &chunk)
            if chunk.count > 1 << 16 {
                chunks.append(chunk)
                chunk = []
            }
        }
        if !chunk.isEmpty { chunks.append(chunk) }
        return try await connection.copyIn(sql, chunks: chunks)
    }

    /// Stores rows by COPY that are in its text form already, such as `copyOut` hands over.
    ///
    /// Returns how many rows were stored.
    package func copyIn(_ sql: String, text: [UInt8]) async throws -> Int {
        try await connection.copyIn(sql, chunks: [text])
    }

    /// Reads all of `COPY … TO STDOUT`, a row's bytes at a time.
    package func copyOut(_ sql: String, _ row: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        try await connection.copyOut(sql, row)
    }

    private func result(of sql: SQL) async throws -> ResultSet {
        guard let set = try await connection.run([sql]).first else {
            throw PostgresError(.usage, "the statement returned nothing")
        }
        return set
    }
}

/// The text form of COPY.
enum CopyText {
    static func append(_ row: [(any SQLEncodable)?], to bytes: inout [UInt8]) {
        for (index, value) in row.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "\t")) }
            guard let text = value?.sqlText else {
                bytes.append(contentsOf: "\\N".utf8)
                continue
            }
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
                case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
                case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
                case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
                default: bytes.append(byte)
                }
            }
        }
        bytes.append(UInt8(ascii: "\n"))
    }
}
