import Postgres
import TestSupport
import Testing
import Values

@Suite struct SQLTests {
    @Test func `every value is a bind, never text`() {
        let name = "'; DROP TABLE app.jobs; --"
        let sql: SQL = "SELECT \(name)::text, \(7)::int, \(nil as String?)::text, \(unescaped: "now")"
        #expect(sql.text == "SELECT $1::text, $2::int, $3::text, now")
        #expect(sql.binds == [name, "7", nil])
    }

    @Test func `a statement spliced into another is numbered anew, also beyond nine binds`() {
        let joined = SQL(joining: (1...11).map { number in "\(number)" }, separator: ", ")
        let numbers: SQL = "(\(fragment: joined))"
        #expect(numbers.text == "(" + (1...11).map { "$\($0)" }.joined(separator: ", ") + ")")
        let whole: SQL = "SELECT \("first") WHERE x IN \(fragment: numbers) AND y = \("last")"
        let shifted = (2...12).map { "$\($0)" }.joined(separator: ", ")
        #expect(whole.text == "SELECT $1 WHERE x IN (\(shifted)) AND y = $13")
        #expect(whole.binds == ["first"] + (1...11).map { "\($0)" } + ["last"])
    }

    @Test func `what would break out of a text stays in it`() async throws {
        try await withDatabase { database in
            for text in ["'; DROP TABLE app.jobs; --", #"\'"#, "$1", "{\"a\"}", "\u{1}\u{7f}", "ﷺ🏳️‍🌈", ""] {
                let back: [String]? = try await database.transaction(as: .system) { transaction in
                    try await transaction.first("SELECT ARRAY[\(text)::text] || \([text, text])::text[]") { row in
                        try row.next()
                    }
                }
                #expect(back == [text, text, text])
            }
        }
    }

    @Test func `reading a wrong type, a NULL or one column too many is an error, not a value`() async throws {
        try await withDatabase { database in
            try await database.transaction(as: .system) { transaction in
                let wrong = await #expect(throws: PostgresError.self) {
                    _ = try await transaction.first("SELECT 'x'") { row in try row.next() as Int }
                }
                #expect(wrong?.kind == .decoding)
                let null = await #expect(throws: PostgresError.self) {
                    _ = try await transaction.first("SELECT NULL::int") { row in try row.next() as Int }
                }
                #expect(null?.kind == .decoding)
                let beyond = await #expect(throws: PostgresError.self) {
                    _ = try await transaction.first("SELECT 1") { row in (try row.next() as Int, try row.next() as Int)
                    }
                }
                #expect(beyond?.kind == .usage)
                #expect(beyond?.problem.kind == .internal)
            }
        }
    }
}
