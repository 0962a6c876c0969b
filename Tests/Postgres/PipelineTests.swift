import Postgres
import TestSupport
import Testing
import Values

/// Several statements in one round trip.
@Suite struct PipelineTests {
    @Test func `a batch says how many rows each statement wrote, in order`() async throws {
        try await withDatabase { database in
            let counts: [Int] = try await database.transaction(as: .system) { transaction in
                try await transaction.batch([
                    Self.insert("one"), Self.insert("two"), "UPDATE app.schedules SET expression = '0 * * * *'",
                    "UPDATE app.schedules SET expression = '1 * * * *' WHERE name = 'none'",
                ])
            }
            #expect(counts == [1, 1, 2, 0])
            let read: [Int] = try await database.transaction(as: .system) { transaction in
                try await transaction.results(["SELECT 1", "SELECT 2 UNION ALL SELECT 3 ORDER BY 1"]).flatMap { set in
                    try Transaction.decode(set) { row in try row.next() as Int }
                }
            }
            #expect(read == [1, 2, 3])
        }
    }

    @Test func `of a batch that fails nothing stays, and the error is the first one's`() async throws {
        try await withDatabase { database in
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await transaction.batch([Self.insert("one"), Self.insert("one"), Self.insert("two")])
                }
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.problem.kind == .conflict)
            let names = try await TransactionTests.names(database)
            #expect(names == [])
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `large statements and large answers at once do not wait for each other`() async throws {
        try await withDatabase(connections: 1) { database in
            let text = String(repeating: "0123456789", count: 10_000)
            let lengths: [Int] = try await database.transaction(as: .system) { transaction in
                let statements = [SQL](repeating: "SELECT \(text)::text", count: 150)
                return try await transaction.results(statements).flatMap { set in
                    try Transaction.decode(set) { row in (try row.next() as String).utf8.count }
                }
            }
            #expect(lengths == Array(repeating: 100_000, count: 150))
        }
    }

    @Test func `more different statements than a connection keeps go on, also where they fail`() async throws {
        try await withDatabase(connections: 1) { database in
            try await database.transaction(as: .system) { transaction in
                for number in 0..<520 {
                    let one: Int? = try await transaction.first("SELECT \(unescaped: "\(number)")") { try $0.next() }
                    #expect(one == number)
                }
                for number in 0..<520 {
                    let error = await #expect(throws: PostgresError.self) {
                        try await transaction.savepoint {
                            try await transaction.execute("SELECT 1 / 0, \(unescaped: "\(number)")")
                        }
                    }
                    #expect(error?.sqlState == "22012")
                }
                try await TransactionTests.insert("after", transaction)
            }
            #expect(try await TransactionTests.names(database) == ["after"])
        }
    }

    @Test func `after a refused text the answers still belong to their statements`() async throws {
        try await withDatabase(connections: 1) { database in
            try await database.transaction(as: .system) { transaction in
                let error = await #expect(throws: PostgresError.self) {
                    try await transaction.savepoint {
                        try await transaction.batch([Self.insert("undone"), "SELECT \("a\u{0}b")::text, 'other'"])
                    }
                }
                #expect(error?.kind == .unstorable)
                let answers: [Int?] = [
                    try await transaction.first("SELECT 42") { try $0.next() },
                    try await transaction.first("SELECT 43") { try $0.next() },
                ]
                #expect(answers == [42, 43])
                try await TransactionTests.insert("after", transaction)
            }
            #expect(try await TransactionTests.names(database) == ["after"])
        }
    }

    @Test func `two transactions that lock each other out both get their turn`() async throws {
        try await withDatabase { database in
            try await database.transaction(as: .system) { transaction in
                try await transaction.batch([Self.insert("a"), Self.insert("b")])
            }
            let attempts = Shared(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in [["a", "b"], ["b", "a"]] {
                    group.addTask {
                        try await database.transaction(as: .system) { transaction in
                            attempts.withLock { $0 += 1 }
                            for name in order {
                                try await transaction.execute(
                                    """
                                    UPDATE app.schedules SET fired_slot = fired_slot + interval '1 s'
                                    WHERE name = \(name)
                                    """
                                )
                                try await Task.sleep(for: .milliseconds(300))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(attempts.withLock { $0 } > 2)
            let slots: [Instant] = try await database.transaction(as: .system) { transaction in
                try await transaction.query("SELECT fired_slot FROM app.schedules") { try $0.next() }
            }
            #expect(slots == Array(repeating: testNow.adding(seconds: 2), count: 2))
        }
    }

    private static func insert(_ name: String) -> SQL {
        "INSERT INTO app.schedules (name, expression, fired_slot) VALUES (\(name), '* * * * *', \(testNow))"
    }
}
