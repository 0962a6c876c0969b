import Dispatch
import Synchronization

/// A bounded set of connections; who finds none free waits in line, up to a deadline.
final class Pool: Sendable {
    private let url: String
    private let limit: Int
    private let wait: Duration
    private let limits: ServerLimits
    private let state = Mutex(State())

    private struct State {
        var idle: [Connection] = []
        var open = 0
        var waiters: [(id: UInt64, continuation: CheckedContinuation<Grant, Never>)] = []
        var nextID: UInt64 = 0
        var isClosed = false
    }

    /// What a waiter gets.
    private enum Grant: Sendable {
        case connection(Connection)
        /// The right to open one more.
        case place
        case refused(PostgresError)
    }

    init(url: String, limit: Int, wait: Duration, limits: ServerLimits) {
        self.url = url
        self.limit = limit
        self.wait = wait
        self.limits = limits
    }

    /// How many connections are open, and how many of them are free.
    var usage: (open: Int, idle: Int, waiting: Int) {
        state.withLock { ($0.open, $0.idle.count, $0.waiters.count) }
    }

    func acquire() async throws(PostgresError) -> Connection {
        let deadline = ContinuousClock.now + wait
        var pause = Duration.milliseconds(20)
        while true {
            switch await grant() {
            case .connection(let connection): return connection
            case .refused(let error): throw error
            case .place: break
            }
            do {
                return try await Connection.open(url: url, name: "postgres", limits: limits)
            } catch {
                returnPlace()
                // The server may be restarting: try again until the deadline.
                guard ContinuousClock.now + pause < deadline, !Task.isCancelled else { throw error }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(500))
            }
        }
    }

    /// Gives a connection back: one that is not idle is closed, never pooled.
    func release(_ connection: Connection, isHealthy: Bool) {
        let next = state.withLock { state -> (CheckedContinuation<Grant, Never>, Grant)? in
            guard isHealthy, !state.isClosed else {
                if !state.waiters.isEmpty, !state.isClosed { return (state.waiters.removeFirst().continuation, .place) }
                state.open -= 1
                return nil
            }
            if !state.waiters.isEmpty { return (state.waiters.removeFirst().continuation, .connection(connection)) }
            state.idle.append(connection)
            return nil
        }
        next?.0.resume(returning: next?.1 ?? .place)
    }

    /// Closes idle connections and refuses new ones; those in use are closed as they come back.
    func close() {
        let (waiters, idle) = state.withLock { state in
            state.isClosed = true
            let result = (state.waiters, state.idle)
            state.waiters = []
            state.open -= state.idle.count
            state.idle = []
            return result
        }
        let error = PostgresError(.connection, "the database was closed")
        for waiter in waiters { waiter.continuation.resume(returning: .refused(error)) }
        withExtendedLifetime(idle) {}
    }

    /// Closes what is idle, for example before the server restarts or when all of it went stale.
    func dropIdle() {
        let idle = state.withLock { state in
            let idle = state.idle
            state.open -= idle.count
            state.idle = []
            return idle
        }
        withExtendedLifetime(idle) {}
    }

    private func returnPlace() {
        let next = state.withLock { state -> CheckedContinuation<Grant, Never>? in
            if !state.waiters.isEmpty { return state.waiters.removeFirst().continuation }
            state.open -= 1
            return nil
        }
        next?.resume(returning: .place)
    }

    private func grant() async -> Grant {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let grant = state.withLock { state -> Grant? in
                    if state.isClosed { return .refused(PostgresError(.connection, "the database was closed")) }
                    if let connection = state.idle.popLast() { return .connection(connection) }
                    if state.open < limit {
                        state.open += 1
                        return .place
                    }
                    if Task.isCancelled { return .refused(PostgresError(.cancelled, "the task was cancelled")) }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let grant { return continuation.resume(returning: grant) }
                expire(id)
            }
        } onCancel: {
            refuse(id, PostgresError(.cancelled, "the task was cancelled"))
        }
    }

    private func expire(_ id: UInt64) {
        let seconds = Double(wait.components.seconds) + Double(wait.components.attoseconds) * 1e-18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [weak self] in
            self?.refuse(id, PostgresError(.poolExhausted, "no connection became free in \(seconds) s"))
        }
    }

    private func refuse(_ id: UInt64, _ error: PostgresError) {
        let continuation = state.withLock { state -> CheckedContinuation<Grant, Never>? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index).continuation
        }
        continuation?.resume(returning: .refused(error))
    }
}
