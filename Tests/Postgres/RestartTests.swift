import Foundation
import Postgres
import TestSupport
import Testing
import Values

/// What happens to work when the server goes away: with a real server that is really restarted.
@Suite(.serialized) struct RestartTests {
    /// What became of each transaction, as its caller was told.
    private struct Told {
        var committed: Set<Int> = []
        var unknown: Set<Int> = []
        var failed: Set<Int> = []
        /// Successes of each writer since the last restart.
        var since: [Int: Int] = [:]
        var mustStop = false
    }

    private static let writers = 6

    @Test(.timeLimit(.minutes(20)))
    func `PostgreSQL restarted under load loses nothing, repeats nothing, and work goes on`() async throws {
        try await OwnCluster.run { cluster in
            // No key: what were written twice would be there twice.
            try await Administration.run(
                """
                CREATE TABLE app.written (number int NOT NULL, half int NOT NULL);
                GRANT SELECT, INSERT ON app.written TO abono_system
                """,
                url: cluster.url(user: "postgres")
            )
            let database = Database(url: cluster.url(user: "abono_app"), connections: 4, wait: .seconds(30))
            defer { database.close() }
            let told = Shared(Told())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<Self.writers {
                    group.addTask { try await Self.write(as: writer, to: database, told) }
                }
                group.addTask {
                    defer { told.withLock { $0.mustStop = true } }
                    for mode in [OwnCluster.Mode.fast, .immediate, .fast, .immediate] {
                        try await Self.untilAllWrote(20, told)
                        try await cluster.restart(mode)
                        told.withLock { $0.since = [:] }
                    }
                    try await Self.untilAllWrote(20, told)
                }
                try await group.waitForAll()
            }
            try await Self.check(told.withLock { $0 }, database)
        }
    }

    private static func write(as writer: Int, to database: Database, _ told: Shared<Told>) async throws {
        var number = writer * 1_000_000
        while !told.withLock({ $0.mustStop }) {
            number += 1
            let current = number
            do {
                try await database.transaction(as: .system) { transaction in
                    try await transaction.execute("INSERT INTO app.written VALUES (\(current), 1)")
                    try await transaction.execute("INSERT INTO app.written VALUES (\(current), 2)")
                }
                told.withLock { told in
                    told.committed.insert(current)
                    told.since[writer, default: 0] += 1
                }
            } catch let error as PostgresError where error.kind == .commitUnknown {
                _ = told.withLock { $0.unknown.insert(current) }
            } catch {
                _ = told.withLock { $0.failed.insert(current) }
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private static func untilAllWrote(_ count: Int, _ told: Shared<Told>) async throws {
        let limit = ContinuousClock.now + .seconds(60)
        while told.withLock({ told in (0..<writers).contains { told.since[$0] ?? 0 < count } }) {
            guard ContinuousClock.now < limit else {
                throw Problem(.timeout, "work did not go on: \(told.withLock { $0.since })")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func check(_ told: Told, _ database: Database) async throws {
        let rows: [(number: Int, halves: [Int])] = try await database.transaction(as: .system) { transaction in
            try await transaction.query(
                "SELECT number, array_agg(half ORDER BY half) FROM app.written GROUP BY number"
            ) { row in (number: try row.next(), halves: try row.next()) }
        }
        let present = Set(rows.map(\.number))
        #expect(rows.allSatisfy { $0.halves == [1, 2] }, "a transaction is there in part, or twice")
        #expect(told.committed.subtracting(present) == [], "reported as done and not there")
        #expect(told.failed.intersection(present) == [], "reported as failed and there")
        #expect(present.subtracting(told.committed).subtracting(told.unknown) == [], "there and never reported")
        // Only a connection that died in COMMIT may leave a doubt: at most each once a restart.
        #expect(told.unknown.count <= 4 * 4)
        #expect(told.committed.count >= 5 * 20 * writers)
    }

    @Test(.timeLimit(.minutes(20)))
    func `a connection lost in COMMIT is reported as that; one lost before is tried again`() async throws {
        try await OwnCluster.run { cluster in
            try await Self.makeKillers(cluster)
            let database = Database(url: cluster.url(user: "abono_app"), connections: 2, wait: .seconds(30))
            defer { database.close() }
            let listener = Listener(url: cluster.url(user: "abono_app"), channel: "abono_test")
            defer { listener.stop() }
            var payloads = listener.payloads.makeAsyncIterator()
            #expect(await payloads.next() == "")

            let attempts = Shared(0)
            let error = await #expect(throws: PostgresError.self) {
                try await database.transaction(as: .system) { transaction in
                    attempts.withLock { $0 += 1 }
                    try await transaction.execute("INSERT INTO app.doomed VALUES (1)")
                }
            }
            #expect(error?.kind == .commitUnknown)
            #expect(error?.problem.code == "outcome_unknown")
            #expect(attempts.withLock { $0 } == 1)
            // A killed process restarts the whole server; the listener comes back and says that it may have missed one.
            #expect(await payloads.next() == "")

            try await database.transaction(as: .system) { transaction in
                let attempt = attempts.withLock { count in
                    count += 1
                    return count
                }
                try await TransactionTests.insert("once", transaction)
                if attempt == 2 { try await transaction.execute("SELECT app.kill_this_process()") }
            }
            #expect(attempts.withLock { $0 } == 3)
            #expect(try await TransactionTests.names(database) == ["once"])
            #expect(await payloads.next() == "")

            // The connection that sends signals died, too.
            try await database.transaction(as: .system) { transaction in
                try await transaction.execute("SELECT 1")
                await transaction.signal("abono_test")
            }
            #expect(await payloads.next() == "")
        }
    }

    /// Functions that kill the very process of the server that runs them.
    private static func makeKillers(_ cluster: OwnCluster) async throws {
        try await Administration.run(
            """
            CREATE FUNCTION app.kill_this_process() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $function$
            BEGIN
                COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID';
            END $function$;
            CREATE FUNCTION app.kill_in_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $function$
            BEGIN
                PERFORM app.kill_this_process();
                RETURN NULL;
            END $function$;
            CREATE TABLE app.doomed (a int);
            CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON app.doomed DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION app.kill_in_commit();
            GRANT SELECT, INSERT ON app.doomed TO abono_system
            """,
            url: cluster.url(user: "postgres")
        )
    }
}
