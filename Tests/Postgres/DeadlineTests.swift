import Postgres
import TestSupport
import Testing
import Values

/// What ends a statement, a transaction or a wait that takes too long.
@Suite struct DeadlineTests {
    @Test func `the server ends a statement that runs too long, and a savepoint survives it`() async throws {
        try await withDatabase { original in
            let database = Database(url: original.url, connections: 1, statementTimeout: .milliseconds(200))
            defer { database.close() }
            try await database.transaction(as: .system) { transaction in
                let error = await #expect(throws: PostgresError.self) {
                    try await transaction.savepoint { try await transaction.execute("SELECT pg_sleep(20)") }
                }
                #expect(error?.kind == .timeout)
                #expect(error?.problem.kind == .timeout)
                try await TransactionTests.insert("after", transaction)
            }
            #expect(try await TransactionTests.names(database) == ["after"])
        }
    }

    @Test func `the server ends a transaction whose process stands still`() async throws {
        try await withDatabase { original in
            let database = Database(url: original.url, connections: 1, deadline: .milliseconds(300))
            defer { database.close() }
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await TransactionTests.insert("too late", transaction)
                    // Longer than the second that the server waits beyond the deadline; then COMMIT.
                    try await Task.sleep(for: .seconds(2))
                }
            }
            #expect(error?.kind == .timeout)
            let names = try await TransactionTests.names(original)
            #expect(names == [])
        }
    }

    @Test func `what follows a passed deadline is refused, not begun`() async throws {
        try await withDatabase { original in
            let database = Database(url: original.url, connections: 1, deadline: .milliseconds(200))
            defer { database.close() }
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    try await TransactionTests.insert("one", transaction)
                    try await Task.sleep(for: .milliseconds(500))
                    try await TransactionTests.insert("two", transaction)
                }
            }
            #expect(error?.kind == .timeout)
            let names = try await TransactionTests.names(original)
            #expect(names == [])
        }
    }

    @Test func `who is cancelled while waiting for a connection leaves the line`() async throws {
        try await withDatabase(connections: 1) { database in
            let holder = Task {
                try await database.transaction(as: .system) { try await $0.execute("SELECT pg_sleep(2)") }
            }
            while database.usage.open == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let waiter = Task {
                try await database.transaction(as: .system) { try await $0.execute("SELECT 1") }
            }
            while database.usage.waiting == 0 { try await Task.sleep(for: .milliseconds(5)) }
            waiter.cancel()
            let error = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(error?.kind == .cancelled)
            #expect(database.usage.waiting == 0)
            _ = try await holder.value
        }
    }

    @Test func `there are never more connections than allowed, and all who wait in time are served`() async throws {
        try await withDatabase(connections: 3) { database in
            let most = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await database.transaction(as: .system) { transaction in
                            try await transaction.first(
                                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            ) { row in try row.next() as Int } ?? 0
                        }
                    }
                }
                return try await group.reduce(0) { max($0, $1) }
            }
            #expect((1...3).contains(most))
            #expect(database.usage.open <= 3 && database.usage.waiting == 0)
            #expect(database.usage.open == database.usage.idle)
        }
    }
}
