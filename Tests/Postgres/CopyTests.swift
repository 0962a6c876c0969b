import Postgres
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct CopyTests {
    private static func makeTable(_ database: Database) async throws {
        try await Administration.run(
            "CREATE TABLE app.copied (a int NOT NULL, b text); GRANT ALL ON app.copied TO abono_system",
            url: database.url.replacing("abono_app", with: "postgres")
        )
    }

    @Test(arguments: 1...3)
    func `any texts round-trip through COPY`(seed: UInt64) async throws {
        try await withDatabase { database in
            try await Self.makeTable(database)
            var sampler = Sampler(seed: seed)
            let alphabet: [Character] = [
                "a", "\t", "\n", "\r", "\\", "N", ".", "\"", ",", "ü", "🦆", "\u{8}", " ", "\u{1}",
            ]
            var texts: [String?] = [nil, "", "\\N", "\\.", "\\", "\t", "\r\n"]
            for _ in 0..<500 {
                let count = Int.random(in: 0...12, using: &sampler)
                texts.append(String((0..<count).map { _ in alphabet.randomElement(using: &sampler) ?? "a" }))
            }
            let rows = texts.enumerated().map { number, text in [number, text] as [(any SQLEncodable)?] }
            let out = Collected()
            let back: [String?] = try await database.transaction(as: .system) { transaction in
                let stored = try await transaction.copyIn("COPY app.copied (a, b) FROM STDIN", rows: rows)
                #expect(stored == texts.count)
                try await transaction.copyOut(
                    "COPY (SELECT encode(convert_to(b, 'UTF8'), 'hex') FROM app.copied ORDER BY a) TO STDOUT"
                ) { out.add($0) }
                return try await transaction.query("SELECT b FROM app.copied ORDER BY a") { try $0.next() }
            }
            #expect(back == texts)
            let lines = out.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
            #expect(lines == texts.map { $0.map { String(SQLBytes.text(Array($0.utf8)).dropFirst(2)) } ?? "\\N" })
        }
    }

    @Test func `a COPY that is refused says why, and the connection can be used again`() async throws {
        try await withDatabase(connections: 1) { database in
            try await Self.makeTable(database)
            let refused: [([(any SQLEncodable)?], String, Problem.Kind)] = [
                ([nil, "x"], "23502", .internal), (["one", "x"], "22P02", .internal),
                ([1, "a\u{0}b"], "22021", .invalid),
            ]
            for (row, state, kind) in refused {
                let error = await #expect(throws: PostgresError.self) {
                    try await database.transaction(as: .system) { transaction in
                        _ = try await transaction.copyIn(
                            "COPY app.copied (a, b) FROM STDIN",
                            rows: [[1, "fine"], row]
                        )
                    }
                }
                #expect(error?.sqlState == state)
                #expect(error?.problem.kind == kind)
            }
            let count: Int? = try await database.transaction(as: .system) { transaction in
                try await transaction.first("SELECT count(*) FROM app.copied") { try $0.next() }
            }
            #expect(count == 0)
        }
    }

    @Test(.timeLimit(.minutes(20)))
    func `a cancelled task stops a COPY in the middle`() async throws {
        try await withDatabase(connections: 1) { database in
            let rows = Mutex(0)
            let copying = Task {
                try await database.transaction(as: .system) { transaction in
                    try await transaction.copyOut("COPY (SELECT generate_series(1, 2000000000)) TO STDOUT") { _ in
                        rows.withLock { $0 += 1 }
                    }
                }
            }
            while rows.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(10)) }
            copying.cancel()
            let error = await #expect(throws: PostgresError.self) { try await copying.value }
            #expect(error?.kind == .cancelled)
            try await database.transaction(as: .system) { try await TransactionTests.insert("next", $0) }
            #expect(try await TransactionTests.names(database) == ["next"])
        }
    }

    @Test func `a reader that throws ends a COPY with its own error`() async throws {
        struct Full: Error {}
        try await withDatabase(connections: 1) { database in
            await #expect(throws: Full.self) {
                try await database.transaction(as: .system) { transaction in
                    try await TransactionTests.insert("undone", transaction)
                    try await transaction.copyOut("COPY (SELECT generate_series(1, 2000000000)) TO STDOUT") { _ in
                        throw Full()
                    }
                }
            }
            let names = try await TransactionTests.names(database)
            #expect(names == [])
        }
    }

    @Test func `a COPY past the transaction's deadline is ended`() async throws {
        try await withDatabase { original in
            let database = Database(url: original.url, connections: 1, deadline: .milliseconds(300))
            defer { database.close() }
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await transaction.copyOut("COPY (SELECT pg_sleep(20)) TO STDOUT") { _ in }
                }
            }
            #expect(error?.kind == .timeout)
        }
    }

    @Test func `a COPY that finds its connection gone runs again on another`() async throws {
        try await withDatabase(connections: 2) { database in
            let superuser = database.url.replacing("abono_app", with: "postgres")
            try await Self.makeTable(database)
            try await database.transaction(as: .system) { try await TransactionTests.insert("warm", $0) }
            try await Administration.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """,
                url: superuser
            )
            let stored: Int = try await database.transaction(as: .system) { transaction in
                try await transaction.copyIn("COPY app.copied (a, b) FROM STDIN", rows: [[1, "x"]])
            }
            #expect(stored == 1)
        }
    }
}
