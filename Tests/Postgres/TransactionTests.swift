import Postgres
import TestSupport
import Testing
import Values

@Suite struct TransactionTests {
    @Test func `values come back as they were bound`() async throws {
        try await withDatabase { database in
            let instant = try #require(Instant("2026-02-03T04:05:06.789012Z"))
            let date = try #require(CalendarDate("2024-02-29"))
            let amount = try #require(Decimal12("-12345.000000000001"))
            let texts = ["plain", "a \"quote\", a \\ and {braces}", "", "NULL", "ünïcödé 🦆"]
            let json: JSONValue = ["a": [1, true, .null, "x\ny"]]
            let bytes: [UInt8] = [0, 1, 254, 255]
            let values: JSONValue? = try await database.transaction(as: .system) { transaction in
                try await transaction.first(
                    """
                    SELECT \(instant)::timestamptz, \(date)::date, \(amount)::numeric(38,12), \(texts)::text[],
                           \(json)::jsonb, \(bytes)::bytea, \(Int64.min)::bigint, \(nil as String?)::text, \(true)::boolean
                    """
                ) { row in
                    let (at, day, number) = (
                        try row.next() as Instant, try row.next() as CalendarDate, try row.next() as Decimal12
                    )
                    let (list, object, octets) = (
                        try row.next() as [String], try row.next() as JSONValue, try row.bytes()
                    )
                    let (least, none, yes) = (
                        try row.next() as Int64, try row.next() as String?, try row.next() as Bool
                    )
                    return [
                        .string(at.text), .string(day.text), .string(number.text), .array(list.map { .string($0) }),
                        object, .array(octets.map { .int($0) }), .int(least), .optional(none), .bool(yes),
                    ]
                }
            }
            let expected: JSONValue = [
                .string(instant.text), .string(date.text), .string(amount.text), .array(texts.map { .string($0) }),
                json, .array(bytes.map { .int($0) }), .int(Int64.min), .null, true,
            ]
            #expect(values == expected)
        }
    }

    @Test func `a text with a NUL character is refused, not cut`() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await transaction.execute("SELECT \("a\u{0}b")::text")
                }
            }
            #expect(error?.problem.kind == .invalid)
        }
    }

    @Test func `what a closure wrote is gone when it throws`() async throws {
        try await withDatabase { database in
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await database.transaction(as: .system) { transaction in
                    try await Self.insert("kept-not", transaction)
                    throw Stop()
                }
            }
            try await database.transaction(as: .system) { try await Self.insert("kept", $0) }
            #expect(try await Self.names(database) == ["kept"])
        }
    }

    @Test func `a savepoint undoes its part only`() async throws {
        try await withDatabase { database in
            try await database.transaction(as: .system) { transaction in
                try await Self.insert("one", transaction)
                await #expect(throws: PostgresError.self) {
                    try await transaction.savepoint { try await Self.insert("one", transaction) }
                }
                try await Self.insert("two", transaction)
            }
            #expect(try await Self.names(database) == ["one", "two"])
        }
    }

    @Test func `a swallowed error does not count as a commit`() async throws {
        try await withDatabase { database in
            await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await Self.insert("one", transaction)
                    try? await Self.insert("one", transaction)
                }
            }
            let names = try await Self.names(database)
            #expect(names.isEmpty)
        }
    }

    @Test func `forgetting the scope is refused`() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.request { transaction in
                    try await transaction.execute("SELECT count(*) FROM app.activity")
                }
            }
            #expect(error?.isTenantMissing == true)
            let denied = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .finance) { transaction in
                    try await Self.insert("x", transaction)
                }
            }
            #expect(denied?.isPermissionDenied == true)
        }
    }

    @Test func `a failing first statement can be followed by another user of the connection`() async throws {
        try await withDatabase(connections: 1) { database in
            await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { try await $0.execute("SELECT nonsense") }
            }
            try await database.transaction(as: .system) { try await Self.insert("fine", $0) }
            #expect(try await Self.names(database) == ["fine"])
        }
    }

    @Test func `counters raised at once under serializable isolation lose nothing`() async throws {
        try await withDatabase { database in
            try await database.transaction(as: .system) { try await Self.insert("counter", $0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<5 {
                            try await database.transaction(as: .system, isolation: .serializable) { transaction in
                                let at: Instant? = try await transaction.first(
                                    "SELECT fired_slot FROM app.schedules WHERE name = 'counter'"
                                ) { try $0.next() }
                                let next = (at ?? testNow).adding(microseconds: 1_000_000)
                                try await transaction.execute(
                                    "UPDATE app.schedules SET fired_slot = \(next) WHERE name = 'counter'"
                                )
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let at: Instant? = try await database.transaction(as: .system) { transaction in
                try await transaction.first("SELECT fired_slot FROM app.schedules") { try $0.next() }
            }
            #expect(at == testNow.adding(microseconds: 20_000_000))
        }
    }

    @Test func `rows go in and out by COPY`() async throws {
        try await withDatabase { database in
            let url = database.url.replacing("abono_app", with: "postgres")
            try await Administration.run(
                "CREATE TABLE app.copied (a int, b text); GRANT ALL ON app.copied TO abono_system",
                url: url
            )
            let rows: [[(any SQLEncodable)?]] = [[1, "tab\there"], [2, nil], [3, "back\\slash\nline"]]
            let out = Collected()
            try await database.transaction(as: .system) { transaction in
                #expect(try await transaction.copyIn("COPY app.copied (a, b) FROM STDIN", rows: rows) == 3)
                let texts: [String?] = try await transaction.query("SELECT b FROM app.copied ORDER BY a") {
                    try $0.next()
                }
                #expect(texts == ["tab\there", nil, "back\\slash\nline"])
                try await transaction.copyOut("COPY (SELECT a FROM app.copied ORDER BY a) TO STDOUT") { out.add($0) }
            }
            #expect(out.text == "1\n2\n3\n")
        }
    }

    static func insert(_ name: String, _ transaction: borrowing Transaction) async throws {
        try await transaction.execute(
            "INSERT INTO app.schedules (name, expression, fired_slot) VALUES (\(name), '* * * * *', \(testNow))"
        )
    }

    static func names(_ database: Database) async throws -> [String] {
        try await database.transaction(as: .system) { transaction in
            try await transaction.query("SELECT name FROM app.schedules ORDER BY name") { try $0.next() }
        }
    }
}
