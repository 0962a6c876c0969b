import Dispatch

/// The database: lends transactions, each with a scope.
package final class Database: Sendable {
    /// The connection string; libpq's own form or a URL.
    package let url: String

    private let pool: Pool
    private let deadline: Duration
    private let notifier: Notifier

    /// Opens nothing yet: connections are made as they are needed.
    ///
    /// `connections`: the most that are open at once.
    ///
    /// `wait`: how long a caller waits for a free one, or for a server that is restarting.
    ///
    /// `deadline`: the longest a transaction lives.
    ///
    /// `statementTimeout`: the longest one statement runs, held by the server; the deadline, unless it is given.
    package init(
        url: String,
        connections: Int = 8,
        wait: Duration = .seconds(5),
        deadline: Duration = .seconds(30),
        statementTimeout: Duration? = nil
    ) {
        self.url = url
        self.deadline = deadline
        notifier = Notifier(url: url)
        // A second more than our own timer, which says better what happened.
        let limits = ServerLimits(
            statement: statementTimeout ?? (deadline + .seconds(1)),
            idleInTransaction: deadline + .seconds(1)
        )
        pool = Pool(url: url, limit: connections, wait: wait, limits: limits)
    }

    /// Closes the connections; what is under way ends first.
    package func close() {
        notifier.stop()
        pool.close()
    }

    /// How many connections are open and idle, and how many callers wait.
    package var usage: (open: Int, idle: Int, waiting: Int) { pool.usage }

    /// Runs a closure in a transaction: commits if it returns, rolls back if it throws.
    ///
    /// Serialization failures, deadlocks and connections lost before COMMIT run the closure again, so it must have
    /// no effects outside the database. A commit whose outcome is unknown is thrown as that.
    @discardableResult
    package func transaction<Value>(
        as scope: Scope,
        isolation: Isolation = .readCommitted,
        _ body: (borrowing Transaction) async throws -> Value
    ) async throws -> Value {
        var attempt = 1
        while true {
            let outcome: Outcome<Value> = try await attemptOnce(as: scope, isolation: isolation, body)
            switch outcome {
            case .value(let value): return value
            case .failed(let error, let canRetry):
                guard canRetry, attempt < 8, !Task.isCancelled else { throw error }
                // Jitter comes from the attempt's own timing: two that collided have different waits.
                try? await Task.sleep(for: .milliseconds(Int.random(in: 1...(5 << attempt))))
                attempt += 1
            }
        }
    }

    /// Runs a closure in a transaction whose tenant is found by the closure's first statement.
    ///
    /// The role is `abono_tenant`, no tenant is set: until `app.begin_request` or `app.begin_tenant` has run,
    /// every tenant table refuses. This is how a request authenticates in the round trip of its first statement.
    package func request<Value>(
        isolation: Isolation = .readCommitted,
        _ body: (borrowing Transaction) async throws -> Value
    ) async throws -> Value {
        try await transaction(as: .unauthenticated, isolation: isolation, body)
    }

    private enum Outcome<Value> {
        case value(Value)
        case failed(any Error, canRetry: Bool)
    }

    private func attemptOnce<Value>(
        as scope: Scope,
        isolation: Isolation,
        _ body: (borrowing Transaction) async throws -> Value
    ) async throws -> Outcome<Value> {
        let connection = try await pool.acquire()
        let number = connection.canceller.beginTransaction()
        let timer = expiry(of: number, on: connection)
        await connection.begin(Self.head(scope, isolation))
        let outcome: Outcome<Value>
        do {
            let value = try await body(Transaction(connection: connection, scope: scope))
            outcome = try await finish(connection, value)
        } catch {
            let failure = await connection.failure
            if await connection.hasPendingHead {
                await connection.abandonHead()
            } else {
                _ = try? await connection.runShielded("ROLLBACK")
            }
            let cause = (error as? PostgresError) ?? failure
            outcome = .failed(error, canRetry: failure?.isRetryable ?? false)
            if cause?.isStalePlan == true || cause?.isServerGone == true || cause?.kind == .connection {
                // The others are likely in the same state.
                pool.dropIdle()
            }
        }
        timer.cancel()
        connection.canceller.endTransaction()
        pool.release(connection, isHealthy: await connection.isReusable)
        return outcome
    }

    private func finish<Value>(_ connection: Connection, _ value: Value) async throws -> Outcome<Value> {
        if await connection.hasPendingHead {
            await connection.abandonHead()
            return .value(value)
        }
        do {
            let result = try await connection.runShielded("COMMIT")
            guard result.tag == "COMMIT" else {
                // The closure swallowed an error; the server rolled back.
                let failure = await connection.failure ?? PostgresError(.usage, "the transaction was rolled back")
                return .failed(failure, canRetry: failure.isRetryable)
            }
            let signals = await connection.signals
            if !signals.isEmpty { notifier.raise(signals) }
            return .value(value)
        } catch {
            if error.kind == .connection {
                return .failed(PostgresError(.commitUnknown, error.message), canRetry: false)
            }
            // A COMMIT that came too late, or was cancelled while deferred constraints were checked, has rolled back.
            let isLate = ["57014", "25P03"].contains(error.sqlState)
            return .failed(isLate ? PostgresError(.timeout, error.message) : error, canRetry: error.isRetryable)
        }
    }

    private func expiry(of number: UInt64, on connection: Connection) -> DispatchWorkItem {
        let item = DispatchWorkItem { [weak connection] in connection?.canceller.expire(number) }
        let seconds = Double(deadline.components.seconds) + Double(deadline.components.attoseconds) * 1e-18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: item)
        return item
    }

    private static func head(_ scope: Scope, _ isolation: Isolation) -> [SQL] {
        var head = [isolation.begin, "SELECT set_config('role', \(scope.role), true)"]
        if case .tenant(let tenant) = scope { head.append("SELECT app.begin_tenant(\(tenant))") }
        return head
    }
}
