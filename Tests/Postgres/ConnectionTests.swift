import Postgres
import Synchronization
import TestSupport
import Testing
import Values

@Suite struct ConnectionTests {
    @Test func `a cancelled task stops its statement and not the next user's`() async throws {
        try await withDatabase(connections: 1) { database in
            let sleeper = Task {
                try await database.transaction(as: .system) { try await $0.execute("SELECT pg_sleep(20)") }
            }
            try await Task.sleep(for: .milliseconds(200))
            sleeper.cancel()
            await #expect(throws: PostgresError.self) { try await sleeper.value }
            for _ in 0..<20 {
                let one: Int? = try await database.transaction(as: .system) { transaction in
                    try await transaction.first("SELECT 1") { try $0.next() }
                }
                #expect(one == 1)
            }
        }
    }

    @Test func `a transaction past its deadline is ended and says so`() async throws {
        try await withDatabase { original in
            let database = Database(url: original.url, connections: 1, deadline: .milliseconds(300))
            defer { database.close() }
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { try await $0.execute("SELECT pg_sleep(20)") }
            }
            #expect(error?.kind == .timeout)
            let one: Int? = try await database.transaction(as: .system) { transaction in
                try await transaction.first("SELECT 1") { try $0.next() }
            }
            #expect(one == 1)
        }
    }

    @Test func `who waits too long for a connection is told so`() async throws {
        try await withDatabase { original in
            let database = Database(url: original.url, connections: 1, wait: .milliseconds(200))
            defer { database.close() }
            let holder = Task {
                try await database.transaction(as: .system) { try await $0.execute("SELECT pg_sleep(3)") }
            }
            try await Task.sleep(for: .milliseconds(100))
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { try await $0.execute("SELECT 1") }
            }
            #expect(error?.kind == .poolExhausted)
            #expect(error?.problem.kind == .unavailable)
            holder.cancel()
            _ = try? await holder.value
        }
    }

    @Test func `connections the server ended are replaced without the caller noticing`() async throws {
        try await withDatabase(connections: 3) { database in
            for round in 0..<3 {
                try await Administration.run(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """,
                    url: database.url.replacing("abono_app", with: "postgres")
                )
                try await database.transaction(as: .system) { transaction in
                    try await TransactionTests.insert("round\(round)", transaction)
                }
            }
            #expect(try await TransactionTests.names(database) == ["round0", "round1", "round2"])
        }
    }

    @Test func `a committed signal reaches listeners and a rolled back one does not`() async throws {
        struct Stop: Error {}
        try await withDatabase { database in
            let listener = Listener(url: database.url, channel: "abono_test")
            defer { listener.stop() }
            var payloads = listener.payloads.makeAsyncIterator()
            #expect(await payloads.next() == "")
            _ = try? await database.transaction(as: .system) { transaction in
                await transaction.signal("abono_other")
                try await transaction.execute("SELECT 1")
                throw Stop()
            }
            try await database.transaction(as: .system) { transaction in
                try await transaction.execute("SELECT 1")
                await transaction.signal("abono_test")
                await transaction.signal("abono_test")
            }
            #expect(await payloads.next() == "")
        }
    }

    @Test func `a transaction whose connection the server ends runs again, and is there once`() async throws {
        try await withDatabase { database in
            let superuser = database.url.replacing("abono_app", with: "postgres")
            let attempts = Mutex(0)
            try await database.transaction(as: .system) { transaction in
                let attempt = attempts.withLock { count in
                    count += 1
                    return count
                }
                try await TransactionTests.insert("before", transaction)
                if attempt == 1 {
                    let own: Int? = try await transaction.first("SELECT pg_backend_pid()") { try $0.next() }
                    let process = try #require(own)
                    try await Administration.run("SELECT pg_terminate_backend(\(process))", url: superuser)
                }
                try await TransactionTests.insert("after", transaction)
            }
            #expect(attempts.withLock { $0 } == 2)
            #expect(try await TransactionTests.names(database) == ["after", "before"])
        }
    }
}
