import CPostgres
import Foundation
import Synchronization

/// One libpq connection on a thread of its own.
///
/// Statements are prepared once and kept by their text; several are sent in one pipeline. Values travel as text.
@safe actor Connection {
    nonisolated let canceller: Canceller
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    let pointer: OpaquePointer?
    /// Statement text → its name on this connection.
    private var prepared: [String: String] = [:]
    private var preparedCount = 0
    /// What opens the transaction; sent with its first statement, in the same round trip.
    private(set) var head: [SQL] = []
    /// The last failure in this transaction, whatever the closure made of it.
    private(set) var failure: PostgresError?

    /// Channels to notify once the transaction has committed.
    private(set) var signals: Set<String> = []

    /// Bounds a connection's prepared statements; beyond it they are forgotten together.
    private static let preparedLimit = 500

    /// Connects; blocks a thread of its own, not the caller's.
    ///
    /// `limits`: what the server itself holds the connection to, also if this process stands still.
    static func open(
        url: String,
        name: String,
        limits: ServerLimits? = nil
    ) async throws(PostgresError) -> Connection {
        let executor = ThreadExecutor(name: name)
        let opener = Opener(executor: executor)
        do {
            let pointer = try await opener.connect(url, limits)
            return Connection(executor: executor, handle: pointer)
        } catch {
            executor.stop()
            throw error
        }
    }

    private init(executor: ThreadExecutor, handle: Opener.Handle) {
        self.executor = executor
        unsafe pointer = handle.pointer
        canceller = unsafe Canceller(connection: handle.pointer)
    }

    isolated deinit {
        unsafe PQfinish(pointer)
        executor.stop()
    }

    /// Whether the connection is up and outside a transaction, so that the next user can have it.
    var isReusable: Bool {
        unsafe PQstatus(pointer) == CONNECTION_OK && PQtransactionStatus(pointer) == PQTRANS_IDLE
            && failure?.isStalePlan != true
    }

    /// Begins a transaction: the statements are sent with the first one of its body.
    func begin(_ head: [SQL]) {
        self.head = head
        failure = nil
        signals = []
    }

    /// Has a channel notified once the transaction has committed.
    func signal(_ channel: String) { signals.insert(channel) }

    /// Whether nothing was sent since `begin`.
    var hasPendingHead: Bool { !head.isEmpty }

    /// Drops a head that was never sent.
    func abandonHead() { head = [] }

    /// Forgets the failure of a part that was rolled back to its savepoint, unless the whole must run again.
    func forgiveFailure() {
        if failure?.isRetryable != true { failure = nil }
    }

    /// Runs statements in one pipeline and returns a result for each; stops at the task's cancellation.
    func run(_ statements: [SQL]) async throws(PostgresError) -> [ResultSet] {
        try await interruptible { () throws(PostgresError) in try execute(statements) }
    }

    /// Runs work at the server that the task's cancellation and the transaction's deadline interrupt.
    func interruptible<Value: Sendable>(
        _ work: () throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        guard !Task.isCancelled else { throw fail(PostgresError(.cancelled, "the task was cancelled")) }
        guard !canceller.isExpired else { throw fail(PostgresError(.timeout, "the transaction's time is over")) }
        do {
            return try await withTaskCancellationHandler {
                try perform(work)
            } onCancel: {
                canceller.cancelRunning()
            }
        } catch let error as PostgresError {
            throw fail(error)
        } catch {
            throw fail(PostgresError(.usage, "\(type(of: error))"))
        }
    }

    /// Does the work on this connection's thread: a closure that did not name the actor would run on another.
    private func perform<Value>(_ work: () throws(PostgresError) -> Value) throws(PostgresError) -> Value {
        try work()
    }

    /// Runs one statement whatever the task's state: COMMIT and ROLLBACK must reach the server.
    func runShielded(_ statement: SQL) throws(PostgresError) -> ResultSet {
        let results = try execute([statement])
        guard let result = results.first else { throw PostgresError(.usage, "no result") }
        return result
    }

    /// Runs a script of several statements by the simple protocol; for migrations.
    func script(_ text: String) throws(PostgresError) {
        let result = unsafe PQexec(pointer, text)
        defer { unsafe PQclear(result) }
        let status = unsafe PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw unsafe error(of: result) }
    }

    private func fail(_ error: PostgresError) -> PostgresError {
        var error = error
        if error.sqlState == "57014" {
            error =
                canceller.isExpired
                ? PostgresError(.timeout, "the transaction's time is over")
                : Task.isCancelled
                    ? PostgresError(.cancelled, "the task was cancelled") : PostgresError(.timeout, error.message)
        } else if error.sqlState == "25P03" {
            error = PostgresError(.timeout, error.message)
        }
        if failure == nil { failure = error }
        return error
    }

    // MARK: - Pipeline

    func execute(_ statements: [SQL]) throws(PostgresError) -> [ResultSet] {
        let batch = head + statements
        // Before anything is sent: a value that is refused halfway would leave results behind that nobody reads.
        let binds = try batch.map { statement throws(PostgresError) in try BindBuffer(statement.values) }
        let skipped = head.count
        head = []
        canceller.begin()
        defer { canceller.end() }
        // Not after an error, where the server takes nothing but the end of the transaction or of a savepoint.
        if prepared.count + batch.count > Self.preparedLimit, unsafe PQtransactionStatus(pointer) != PQTRANS_INERROR {
            try forgetPrepared()
        }
        guard unsafe PQenterPipelineMode(pointer) == 1 else { throw broken() }
        var preparing: [String] = []
        do throws(PostgresError) {
            for (statement, binds) in zip(batch, binds) { try send(statement, binds, preparing: &preparing) }
            guard unsafe PQpipelineSync(pointer) == 1 else { throw broken() }
            try flush()
        } catch {
            _ = unsafe PQexitPipelineMode(pointer)
            throw error
        }
        let results = try receive(batch, preparing: preparing)
        return Array(results.dropFirst(skipped))
    }

    private func send(
        _ statement: SQL,
        _ binds: BindBuffer,
        preparing: inout [String]
    ) throws(PostgresError) {
        let name: String
        if let known = prepared[statement.text] {
            name = known
        } else {
            preparedCount += 1
            name = "s\(preparedCount)"
            guard unsafe PQsendPrepare(pointer, name, statement.text, 0, nil) == 1 else { throw broken() }
            // Known from here on, so that the same text later in the batch reuses it; withdrawn if it fails.
            prepared[statement.text] = name
            preparing.append(statement.text)
        }
        let sent = unsafe binds.withPointers { count, values, lengths, formats in
            unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 0)
        }
        guard sent == 1 else { throw broken() }
    }

    /// Reads the results in the order sent.
    ///
    /// After an error the server skips the rest up to the sync.
    private func receive(_ batch: [SQL], preparing: [String]) throws(PostgresError) -> [ResultSet] {
        var results: [ResultSet] = []
        var failed: PostgresError?
        var awaited = preparing[...]
        for statement in batch {
            if awaited.first == statement.text {
                awaited.removeFirst()
                if case .failure(let error) = try next() {
                    failed = failed ?? error
                    prepared[statement.text] = nil
                }
            }
            switch try next() {
            case .success(let result): results.append(result)
            case .failure(let error): failed = failed ?? error
            }
        }
        unsafe PQclear(PQgetResult(pointer))
        _ = unsafe PQexitPipelineMode(pointer)
        if let failed { throw failed }
        return results
    }

    private func next() throws(PostgresError) -> Result<ResultSet, PostgresError> {
        let raw = unsafe PQgetResult(pointer)
        guard unsafe raw != nil else { throw broken() }
        defer {
            unsafe PQclear(raw)
            // Every command's results end with a null.
            unsafe PQclear(PQgetResult(pointer))
        }
        switch unsafe PQresultStatus(raw) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            return .success(unsafe read(raw))
        case PGRES_PIPELINE_ABORTED:
            return .failure(PostgresError(.server, sqlState: "25P02", "skipped after an error"))
        default:
            return .failure(unsafe error(of: raw))
        }
    }

    /// Sends all that is buffered, reading meanwhile, so that neither side waits for the other for ever.
    func flush() throws(PostgresError) {
        while true {
            switch unsafe PQflush(pointer) {
            case 0: return
            case 1:
                var descriptor = pollfd(
                    fd: unsafe PQsocket(pointer),
                    events: Int16(POLLIN | POLLOUT),
                    revents: 0
                )
                _ = unsafe poll(&descriptor, 1, 1000)
                if descriptor.revents & Int16(POLLIN) != 0, unsafe PQconsumeInput(pointer) == 0 { throw broken() }
            default: throw broken()
            }
        }
    }

    private func forgetPrepared() throws(PostgresError) {
        prepared = [:]
        try script("DEALLOCATE ALL")
    }

    // MARK: - Results

    func read(_ raw: OpaquePointer?) -> ResultSet {
        let columns = Int(unsafe PQnfields(raw))
        let rows = Int(unsafe PQntuples(raw))
        var cells: [String?] = []
        cells.reserveCapacity(rows * columns)
        for row in 0..<Int32(rows) {
            for column in 0..<Int32(columns) {
                if unsafe PQgetisnull(raw, row, column) == 1 {
                    cells.append(nil)
                } else if let value = unsafe PQgetvalue(raw, row, column) {
                    cells.append(unsafe String(cString: value))
                }
            }
        }
        let affected = unsafe PQcmdTuples(raw).flatMap { unsafe Int(String(cString: $0)) } ?? 0
        let tag = unsafe PQcmdStatus(raw).map { unsafe String(cString: $0) } ?? ""
        return ResultSet(columns: columns, cells: cells, affected: affected, tag: tag)
    }

    func error(of raw: OpaquePointer?) -> PostgresError {
        guard let state = unsafe PQresultErrorField(raw, Int32(UInt8(ascii: "C"))) else { return broken() }
        let message = unsafe PQresultErrorField(raw, Int32(UInt8(ascii: "M"))).map { unsafe String(cString: $0) } ?? ""
        return unsafe PostgresError(.server, sqlState: String(cString: state), message)
    }

    func broken() -> PostgresError {
        let text = unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? "no connection"
        return PostgresError(.connection, text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
